#include "net/limit_layer.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "net/limit_signs.hpp"

namespace tokensweep {
namespace {

using std::chrono::milliseconds;

// Of one request, and in a row of whichever: as the Go client of Kubernetes has it.
constexpr unsigned kMostRefusals = 10;
// What a service says is added to times, which must not overflow.
constexpr milliseconds kLongestPause = std::chrono::hours(24 * 365);

Error throttled(const Origin& origin, milliseconds pause) {
  return {ErrorKind::throttled, fmt::format("{} wants no more requests for {} s", to_string(origin),
                                            std::chrono::ceil<std::chrono::seconds>(pause).count())};
}

}  // namespace

LimitLayer::LimitLayer(Exchange& next, const Limits& limits, Clock& clock, ClientCounters& counters)
    : next_(next), limits_(limits), clock_(clock), counters_(counters), pace_(limits), room_(pace_.in_flight()) {}

Task<Result<HttpResponse>> LimitLayer::send(const HttpRequest& request, std::span<const SecretHeader> credential) {
  for (unsigned refusals = 1;; ++refusals) {
    CO_TRY(auto inside, co_await admit(request.url.origin));
    const auto left = clock_.now();
    const std::uint64_t round = round_;
    auto answer = co_await next_.send(request, credential);
    const auto now = clock_.now();
    pace_.ended(now, answer ? answer->took : std::chrono::ceil<milliseconds>(now - left));
    if (!answer) co_return answer;

    const LimitSign sign = observe(*answer, round);
    if (!sign.refused) co_return answer;
    ++counters_.refused;
    if (std::max(refusals, refused_in_a_row_) >= kMostRefusals) {
      co_return Error{ErrorKind::throttled, to_string(request.url.origin) + " refuses again and again, for its limits"};
    }
  }
}

Task<Result<Semaphore::Permit>> LimitLayer::admit(const Origin& origin) {
  const auto turn = co_await turn_.enter();
  while (true) {
    const auto now = clock_.now();
    const auto pause = std::chrono::ceil<milliseconds>(pace_.paused_until() - now);
    if (pause > limits_.longest_pause) co_return throttled(origin, pause);
    const auto ready = pace_.ready_at();
    if (ready > now) {
      co_await clock_.sleep_until(ready);
      continue;
    }
    auto inside = co_await room_.enter();
    // While it waited for room, another answer may have asked for a pause.
    if (pace_.ready_at() > clock_.now()) continue;
    pace_.left(clock_.now());
    co_return inside;
  }
}

LimitSign LimitLayer::observe(const HttpResponse& response, std::uint64_t round) {
  const bool news = round == round_;
  const unsigned times = news || refused_in_a_row_ == 0 ? refused_in_a_row_ : refused_in_a_row_ - 1;
  LimitSign sign =
      limits_.read ? limits_.read(response, clock_.wall(), times) : common_limit_sign(response, clock_.wall(), times);
  if (sign.refused && news) {
    ++round_;
    ++refused_in_a_row_;
    pace_.refused();
  } else if (news) {
    refused_in_a_row_ = 0;
    pace_.taken();
  }
  sign.pause = std::clamp(sign.pause, milliseconds(0), kLongestPause);
  if (sign.pause > milliseconds(0)) pace_.pause(clock_.now() + sign.pause);
  room_.resize(pace_.in_flight());
  return sign;
}

}  // namespace tokensweep
