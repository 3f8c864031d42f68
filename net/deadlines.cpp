#include "net/deadlines.hpp"

#include <algorithm>

namespace tokensweep {
namespace {

std::string_view words(Phase phase) {
  switch (phase) {
    case Phase::connecting:
      return "cannot be reached in time";
    case Phase::asking_proxy:
      return "the proxy does not answer";
    case Phase::handshake:
      return "does not finish the TLS handshake";
    case Phase::sending:
      return "does not take the request";
    case Phase::waiting:
      return "does not begin to answer";
    case Phase::receiving:
      break;
  }
  return "stopped in the middle of its answer";
}

}  // namespace

Deadlines deadlines_for(std::chrono::seconds silence) {
  const std::chrono::milliseconds limit = silence;
  Deadlines deadlines;
  deadlines.connect = std::min(deadlines.connect, limit);
  deadlines.proxy = std::min(deadlines.proxy, limit);
  deadlines.handshake = std::min(deadlines.handshake, limit);
  deadlines.idle = limit;
  deadlines.window = limit;
  deadlines.window_bytes = static_cast<std::size_t>(silence.count()) << 10U;
  deadlines.whole = std::max(deadlines.whole, limit);
  deadlines.first_byte = limit;
  return deadlines;
}

Watch::Watch(const Deadlines& deadlines, std::chrono::milliseconds first_byte, Instant start)
    : deadlines_(deadlines),
      first_byte_(deadlines.first_byte.value_or(first_byte)),
      // A limit of zero is overdue at once, but must not keep anybody awake before its phase comes.
      shortest_(
          std::max(std::chrono::milliseconds(1), std::min({deadlines.connect, deadlines.proxy, deadlines.handshake,
                                                           deadlines.idle, deadlines.window, first_byte_}))),
      phase_end_(start + deadlines.connect),
      whole_end_(start + deadlines.whole) {}

std::chrono::milliseconds Watch::limit(Phase phase) const {
  switch (phase) {
    case Phase::connecting:
      return deadlines_.connect;
    case Phase::asking_proxy:
      return deadlines_.proxy;
    case Phase::handshake:
      return deadlines_.handshake;
    case Phase::waiting:
      return first_byte_;
    case Phase::sending:
    case Phase::receiving:
      break;
  }
  return deadlines_.idle;
}

void Watch::enter(Phase phase, Instant now) {
  phase_ = phase;
  phase_end_ = now + limit(phase);
  window_end_ = phase == Phase::receiving ? now + deadlines_.window : Instant::max();
  window_bytes_ = 0;
}

void Watch::received(std::size_t bytes, Instant now) {
  if (phase_ != Phase::receiving) enter(Phase::receiving, now);
  phase_end_ = now + deadlines_.idle;
  window_bytes_ += bytes;
}

std::optional<std::string_view> Watch::overdue(Instant now) {
  if (now >= whole_end_) return "takes too long as a whole";
  if (now >= phase_end_) return words(phase_);
  if (now < window_end_) return std::nullopt;
  if (window_bytes_ < deadlines_.window_bytes) return "sends its answer too slowly";
  window_bytes_ = 0;
  window_end_ = now + deadlines_.window;
  return std::nullopt;
}

Watch::Instant Watch::ask_again(Instant now) const {
  return std::min({phase_end_, whole_end_, window_end_, now + shortest_});
}

}  // namespace tokensweep
