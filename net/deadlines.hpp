#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "net/clock.hpp"

namespace tokensweep {

/// How long each part of a request may take. How long the far side may think is the request's own: HttpRequest.
struct Deadlines {
  std::chrono::milliseconds connect{10'000};  ///< looking the name up and connecting, all addresses together
  std::chrono::milliseconds proxy{10'000};    ///< until a proxy has answered CONNECT
  std::chrono::milliseconds handshake{10'000};
  std::chrono::milliseconds idle{30'000};  ///< between two pieces of an answer; sending a request
  /// In each such window of an answer at least `window_bytes` have to come: 1 KiB a second.
  std::chrono::milliseconds window{30'000};
  std::size_t window_bytes = std::size_t{30} << 10U;
  std::chrono::milliseconds whole{300'000};
  std::chrono::milliseconds kept{60'000};  ///< how long a connection waits for its next request
  /// How long the far side may think, in place of the request's own; empty: as the request says.
  std::optional<std::chrono::milliseconds> first_byte;
};

/// The same, where the far side may be silent for `silence` and no longer, in whatever phase: connecting takes no
/// longer than usual, and so many KiB as `silence` has seconds have to come within it.
Deadlines deadlines_for(std::chrono::seconds silence);

/// What a request is at, and so what it hangs in.
enum class Phase : std::uint8_t { connecting, asking_proxy, handshake, sending, waiting, receiving };

/// Watches over one request from phase to phase. Pure: it is told the time.
class Watch {
 public:
  using Instant = Clock::Instant;

  Watch(const Deadlines& deadlines, std::chrono::milliseconds first_byte, Instant start);

  void enter(Phase phase, Instant now);
  /// So many bytes of the answer came.
  void received(std::size_t bytes, Instant now);

  /// What took too long, in words that follow a host's name; nothing while there is time.
  [[nodiscard]] std::optional<std::string_view> overdue(Instant now);
  /// When to ask `overdue` again. Whatever is entered or received until then, nothing is overdue earlier: who sleeps
  /// until then need not be woken.
  [[nodiscard]] Instant ask_again(Instant now) const;

 private:
  [[nodiscard]] std::chrono::milliseconds limit(Phase phase) const;

  Deadlines deadlines_;
  std::chrono::milliseconds first_byte_;
  std::chrono::milliseconds shortest_;
  Phase phase_ = Phase::connecting;
  Instant phase_end_;
  Instant whole_end_;
  Instant window_end_ = Instant::max();
  std::size_t window_bytes_ = 0;
};

}  // namespace tokensweep
