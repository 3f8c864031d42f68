#include "connectors/github/limits.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>

#include "connectors/github/parse.hpp"
#include "net/limit_signs.hpp"

namespace tokensweep::github {
namespace {

using std::chrono::seconds;
using std::chrono::system_clock;

constexpr unsigned kInFlight = 10;
// 15 a second are allowed. What is left between is for clocks that differ and for what else the user's token does.
constexpr double kRate = 14.6;
constexpr std::chrono::milliseconds kBusyPerMinute = seconds(80);
// The primary limit's window is an hour; a pause until its end has to fit in.
constexpr seconds kLongestPause = seconds(3600 + 300);
constexpr seconds kSecondaryPause = seconds(60);
constexpr unsigned kMostSecondary = 5;

std::optional<std::int64_t> number_of(const HttpResponse& response, std::string_view name) {
  const std::string_view text = response.header(name);
  std::uint64_t number = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  // A count of seconds that no clock reaches is as good as none.
  if (failure != std::errc() || end != text.data() + text.size() || number > 100'000'000'000) return std::nullopt;
  return static_cast<std::int64_t>(number);
}

/// Until the window that is used up is over, and a second for the clocks' sake. At least that second where our clock is
/// ahead, and at most the window where it is behind.
seconds until_reset(const HttpResponse& response, system_clock::time_point now) {
  constexpr seconds kWindow{3600};
  const auto reset = number_of(response, "x-ratelimit-reset");
  if (!reset) return kSecondaryPause;
  const seconds left = seconds(*reset) - their_time(response, now).time_since_epoch();
  return std::clamp(left, seconds(0), kWindow) + seconds(1);
}

}  // namespace

Limits limits_of(const Site& site, const Settings& settings) {
  Limits limits{.in_flight = kInFlight, .read = read_limits, .longest_pause = kLongestPause};
  if (site.product != Product::server) {
    limits.rate = kRate;
    limits.busy_per_minute = kBusyPerMinute;
  }
  limits.in_flight = static_cast<unsigned>(settings.count("concurrency", limits.in_flight));
  if (const auto rate = settings.rate("rate")) limits.rate = rate;
  return limits;
}

LimitSign read_limits(const HttpResponse& response, system_clock::time_point now, unsigned times) {
  if (response.header("x-ratelimit-resource") == "audit_log") return {};
  const bool nothing_remains = number_of(response, "x-ratelimit-remaining") == 0;
  if (response.status != 403 && response.status != 429) {
    return {.pause = nothing_remains ? until_reset(response, now) : seconds(0)};
  }
  if (const auto told = number_of(response, "retry-after")) return {.pause = seconds(*told), .refused = true};
  if (nothing_remains) return {.pause = until_reset(response, now), .refused = true};
  if (response.status == 403 && phrase_of(response.body.view()) != Phrase::secondary_limit) return {};
  // Asking on can get the credential banned: a pause beyond the longest ends it.
  if (times >= kMostSecondary) return {.pause = kLongestPause + seconds(1), .refused = true};
  return {.pause = kSecondaryPause * (1U << times), .refused = true};
}

}  // namespace tokensweep::github
