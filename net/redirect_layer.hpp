#pragma once

#include "net/exchange.hpp"
#include "net/origin_policy.hpp"

namespace tokensweep {

/// Follows a redirect (301, 302, 307, 308) of a GET, once, and only within the origin: a repository that was renamed.
/// One that leads away or on and on is an error, and nothing is sent.
class RedirectLayer final : public Exchange {
 public:
  RedirectLayer(Exchange& next, const OriginPolicy& policy) : next_(next), policy_(policy) {}
  Task<Result<HttpResponse>> send(const HttpRequest& request, std::span<const SecretHeader> credential) override;

 private:
  Exchange& next_;
  const OriginPolicy& policy_;
};

}  // namespace tokensweep
