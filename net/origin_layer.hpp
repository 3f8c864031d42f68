#pragma once

#include "net/client.hpp"
#include "net/exchange.hpp"
#include "net/origin_policy.hpp"

namespace tokensweep {

/// The last layer before the transport: lets nothing out that is not for the origin, and counts what leaves.
class OriginLayer final : public Exchange {
 public:
  OriginLayer(Exchange& next, const OriginPolicy& policy, ClientCounters& counters)
      : next_(next), policy_(policy), counters_(counters) {}
  Task<Result<HttpResponse>> send(const HttpRequest& request, std::span<const SecretHeader> credential) override;

 private:
  Exchange& next_;
  const OriginPolicy& policy_;
  ClientCounters& counters_;
};

}  // namespace tokensweep
