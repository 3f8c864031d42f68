#pragma once

#include <atomic>
#include <chrono>

#include "base/environment.hpp"
#include "base/result.hpp"
#include "base/secret.hpp"
#include "connectors/credential_ref.hpp"

/// Where a credential for a store is, as the configuration says it: never the credential itself.
namespace tokensweep {

/// What bounds the wait for a command.
struct CredentialOptions {
  std::chrono::milliseconds deadline{30'000};  ///< after which it is killed, with what it started
  const std::atomic<bool>* stop = nullptr;     ///< Ctrl-C: not waited for any longer, where it is given
};

/// Reads the credential. It has to be one line of printable ASCII, so that it can stand in a request's header; line
/// breaks at its end are taken off. The bytes pass through memory that is wiped. A command runs without a shell, with
/// nothing to read, and what it writes to its standard error goes nowhere; it must end with 0.
///
/// An error (`misconfigured`) names the key (`token_file: …`), and nothing that stands behind it or in the file: a
/// token that was pasted in the wrong place would be on the screen. Whoever calls this puts the source's name in front.
Result<Secret> read_credential(const CredentialRef& reference, const Environment& environment,
                               const CredentialOptions& options = {});

}  // namespace tokensweep
