#pragma once

#include <span>

#include "net/http.hpp"
#include "net/task.hpp"

namespace tokensweep {

/// One request and its answer, once: no retry, no redirect, no judgement of the status. The layers of `net/` stand one
/// above the other through this interface, the transport is the last of them, and tests put theirs in its place.
class Exchange {
 public:
  virtual ~Exchange() = default;
  /// `request` and `credential` have to outlive the task. An error is what kept an answer from coming: `transient`
  /// (connecting, TLS reset, a deadline, a cut body), `malformed` (what came is no HTTP, or more than it may be),
  /// `misconfigured` (a certificate that is not trusted, a proxy that refuses). It names the host, and quotes nothing
  /// that came.
  virtual Task<Result<HttpResponse>> send(const HttpRequest& request, std::span<const SecretHeader> credential) = 0;
};

}  // namespace tokensweep
