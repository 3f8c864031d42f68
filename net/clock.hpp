#pragma once

#include <chrono>
#include <functional>

#include "net/task.hpp"

namespace tokensweep {

/// Time as the network side sees it. Handed in, so that a test can let years of waiting pass in a second.
class Clock {
 public:
  using Instant = std::chrono::steady_clock::time_point;

  virtual ~Clock() = default;
  /// For everything that waits or measures: it never goes back.
  [[nodiscard]] virtual Instant now() const = 0;
  /// For what is compared with times that others say, or kept. It may jump.
  [[nodiscard]] virtual std::chrono::system_clock::time_point wall() const = 0;
  /// Suspends until `now()` is `when` or later. A task that is cancelled is woken at once and, unlike elsewhere,
  /// without an exception, since deadlines end so with every request: its next co_await throws.
  virtual Task<> sleep_until(Instant when) = 0;
};

/// The machine's.
class SystemClock final : public Clock {
 public:
  [[nodiscard]] Instant now() const override;
  [[nodiscard]] std::chrono::system_clock::time_point wall() const override;
  Task<> sleep_until(Instant when) override;
};

/// A number that is at least 0 and below 1, each time another: for jitter.
using Random = std::function<double()>;

}  // namespace tokensweep
