#pragma once

#include "net/client.hpp"
#include "net/clock.hpp"
#include "net/exchange.hpp"

namespace tokensweep {

/// How often requests may be sent again, all in all: a server that fails each of them is not hit four times as hard.
/// Begins with some, and each request adds a tenth.
class RetryBudget {
 public:
  static constexpr double kMost = 50;
  static constexpr double kEarned = 0.1;

  void asked();
  /// False where nothing is left.
  [[nodiscard]] bool spend();

 private:
  double left_ = kMost;
};

/// Sends again what failed: by the network, or with 500, 502, 503, 504, up to four times in all; what could not be
/// read, twice. Waits in between at random, twice as long each time at the most. The last failure is the error, a
/// status too. What a BodyReader refuses is not sent again.
class RetryLayer final : public Exchange {
 public:
  RetryLayer(Exchange& next, Clock& clock, Random& random, ClientCounters& counters)
      : next_(next), clock_(clock), random_(random), counters_(counters) {}
  Task<Result<HttpResponse>> send(const HttpRequest& request, std::span<const SecretHeader> credential) override;

 private:
  Task<> wait(unsigned tries);

  Exchange& next_;
  Clock& clock_;
  Random& random_;
  ClientCounters& counters_;
  RetryBudget budget_;
};

}  // namespace tokensweep
