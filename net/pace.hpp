#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <optional>

#include "net/client.hpp"
#include "net/clock.hpp"

namespace tokensweep {

/// When the next request may leave, by a service's limits and by what it said of them. Only arithmetic: it neither
/// waits nor sends.
class Pace {
 public:
  using Instant = Clock::Instant;

  explicit Pace(const Limits& limits) : limits_(limits), share_(limits.first_share) {}

  /// The moment from which one more request is within all limits, as far as is known; it may have passed.
  [[nodiscard]] Instant ready_at() const;
  /// How many may be under way. Only one after a refusal, until the service takes one again; fewer than are allowed for
  /// a while after that.
  [[nodiscard]] std::size_t in_flight() const;
  [[nodiscard]] Instant paused_until() const { return paused_until_; }

  void left(Instant now);
  /// A request ended, which had taken the service so long.
  void ended(Instant now, std::chrono::milliseconds took);
  /// A pause never shortens another.
  void pause(Instant until);
  void refused();
  void taken();

 private:
  struct Busy {
    Instant ended;
    std::chrono::milliseconds took;
  };
  [[nodiscard]] Instant rate_ready() const;
  [[nodiscard]] Instant next_group() const;
  [[nodiscard]] Instant busy_ready() const;

  const Limits& limits_;
  Instant paused_until_{};
  std::optional<Instant> group_began_;  // the requests that may leave together: when the first one did
  std::size_t group_left_ = 0;          // and how many have
  std::deque<Busy> busy_;               // of the last minute
  std::chrono::milliseconds busy_sum_{0};
  std::chrono::milliseconds usual_{0};  // what a request takes, to account for those under way
  std::size_t under_way_ = 0;
  // The part of what is allowed that is used: halved by a refusal, as TCP does, because what the service really allows
  // is less than was thought, or is shared with others.
  double share_;
  bool probing_ = false;
};

}  // namespace tokensweep
