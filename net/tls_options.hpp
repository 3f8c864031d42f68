#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "base/secret.hpp"

namespace tokensweep {

/// Proves who asks by a certificate.
struct ClientCertificate {
  Secret certificates;  ///< PEM: ours, then those that lead to an authority
  Secret key;           ///< PEM, not encrypted
};

struct TlsOptions {
  /// PEM: the only authorities that are trusted. Without either of them, the system's.
  std::optional<std::filesystem::path> ca_file;
  std::string ca_pem;
  std::optional<ClientCertificate> client;
  std::string server_name;  ///< what the certificate has to be for, where that is not the host that is connected to
};

}  // namespace tokensweep
