#pragma once

#include "net/client.hpp"
#include "net/clock.hpp"
#include "net/exchange.hpp"
#include "net/pace.hpp"
#include "net/wait_line.hpp"

namespace tokensweep {

/// Keeps to a service's limits: requests leave one after the other as Pace says, in the order in which they came, and a
/// pause is one for all of them. What was refused for a limit's sake is asked for again. A pause that is too long, and
/// refusals without end, are `throttled`.
class LimitLayer final : public Exchange {
 public:
  LimitLayer(Exchange& next, const Limits& limits, Clock& clock, ClientCounters& counters);
  Task<Result<HttpResponse>> send(const HttpRequest& request, std::span<const SecretHeader> credential) override;

 private:
  Task<Result<Semaphore::Permit>> admit(const Origin& origin);
  /// What an answer says, and its consequences for all. `round` is the one in which its request left.
  LimitSign observe(const HttpResponse& response, std::uint64_t round);

  Exchange& next_;
  const Limits& limits_;
  Clock& clock_;
  ClientCounters& counters_;
  Pace pace_;
  Semaphore turn_{1};
  Semaphore room_;
  // A round lasts from one refusal to the next. All that were under way are refused together, and that is one refusal:
  // else ten requests at once would look like ten in a row.
  std::uint64_t round_ = 0;
  unsigned refused_in_a_row_ = 0;
};

}  // namespace tokensweep
