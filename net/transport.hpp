#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/environment.hpp"
#include "net/clock.hpp"
#include "net/deadlines.hpp"
#include "net/exchange.hpp"
#include "net/tls_options.hpp"

namespace tokensweep {

struct TransportOptions {
  TlsOptions tls;
  std::optional<std::string> proxy;               ///< as ProxyRules::read takes it
  Environment environment = process_environment;  ///< HTTPS_PROXY, NO_PROXY
  Deadlines deadlines;
};

/// For tests, and to see whether connections are kept.
struct TransportCounters {
  std::uint64_t opened = 0;  ///< connections, handshake included
  std::uint64_t reused = 0;  ///< requests on a connection that had carried one before
};

/// HTTP/1.1 over sockets. Connections are kept and used again, the last one first. TLS is 1.2 or newer and always
/// verified; without it only this machine is asked, and where it has its metadata from (`misconfigured`). A request
/// that dies on a kept connection before any byte of its answer goes over a fresh one, once: whatever tokensweep sends
/// may be sent twice.
///
/// It has to outlive its requests, and to die before what runs the network thread.
class Transport : public Exchange {
 public:
  /// `misconfigured` where a certificate, a key or a proxy's address cannot be used. `clock` has to outlive it.
  static Result<std::unique_ptr<Transport>> make(const TransportOptions& options, Clock& clock);

  [[nodiscard]] virtual TransportCounters counters() const = 0;
};

}  // namespace tokensweep
