#include "net/pace.hpp"

#include <algorithm>

namespace tokensweep {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

constexpr auto kWindow = 60s;
constexpr double kLongestInterval = 3600;  // seconds; whatever rate is asked for, times do not overflow
constexpr double kLeastShare = 0.1;
constexpr double kRecovery = 0.01;  // of the whole, for each request that is taken

}  // namespace

Pace::Instant Pace::ready_at() const { return std::max({paused_until_, rate_ready(), busy_ready()}); }

std::size_t Pace::in_flight() const {
  const auto allowed = static_cast<std::size_t>(limits_.in_flight * share_);
  return probing_ ? 1 : std::max<std::size_t>(allowed, 1);
}

Pace::Instant Pace::rate_ready() const { return group_left_ < limits_.together ? Instant{} : next_group(); }

Pace::Instant Pace::next_group() const {
  if (!limits_.rate || !group_began_) return {};
  const double size = static_cast<double>(limits_.together);
  const std::chrono::duration<double> interval(std::min(size / (*limits_.rate * share_), kLongestInterval));
  return *group_began_ + std::chrono::ceil<Instant::duration>(interval);
}

Pace::Instant Pace::busy_ready() const {
  if (limits_.busy_per_minute == 0ms) return {};
  const auto allowed = limits_.busy_per_minute * share_;
  milliseconds sum = busy_sum_ + usual_ * under_way_;
  Instant ready{};
  // What ended earliest leaves the window first; that of some it has left already does no harm.
  for (auto one = busy_.begin(); one != busy_.end() && sum >= allowed; ++one) {
    sum -= one->took;
    ready = one->ended + kWindow;
  }
  return ready;
}

void Pace::left(Instant now) {
  if (now >= next_group()) {
    group_began_ = now;
    group_left_ = 0;
  }
  ++group_left_;
  ++under_way_;
}

void Pace::ended(Instant now, milliseconds took) {
  --under_way_;
  if (limits_.busy_per_minute == 0ms) return;
  usual_ = usual_ == 0ms ? took : (usual_ * 7 + took) / 8;
  busy_.push_back({now, took});
  busy_sum_ += took;
  while (busy_.front().ended + kWindow <= now) {
    busy_sum_ -= busy_.front().took;
    busy_.pop_front();
  }
}

void Pace::pause(Instant until) { paused_until_ = std::max(paused_until_, until); }

void Pace::refused() {
  share_ = std::max(share_ / 2, kLeastShare);
  group_left_ = limits_.together;  // the rest of them waits
  probing_ = true;
}

void Pace::taken() {
  share_ = std::min(share_ + kRecovery, 1.0);
  probing_ = false;
}

}  // namespace tokensweep
