#include "connectors/circleci/limits.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "net/limit_signs.hpp"

namespace tokensweep::circleci {
namespace {

using std::chrono::seconds;

std::optional<std::uint32_t> number_of(const HttpResponse& response, const std::string& header) {
  const std::string_view text = response.header(header);
  std::uint32_t number = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failure != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

struct Window {
  std::string_view prefix;
  std::string_view suffix;
};
constexpr std::array<Window, 6> kWindows = {
    {{"", ""}, {"X-", ""}, {"X-", "-Second"}, {"X-", "-Minute"}, {"X-", "-Hour"}, {"X-", "-Day"}}};

/// How long until something may be sent again, by the windows in which nothing remains; zero where there is none. A
/// refusal need not say what remains.
seconds longest_reset(const HttpResponse& response, bool refused) {
  seconds longest{0};
  for (const auto& [prefix, suffix] : kWindows) {
    const std::string name = std::string(prefix) + "RateLimit-";
    const auto remaining = number_of(response, name + "Remaining" + std::string(suffix));
    if (remaining.value_or(refused ? 0 : 1) != 0) continue;
    auto reset = number_of(response, name + "Reset" + std::string(suffix));
    // Kong, which stands in front of CircleCI, spells one reset for all windows.
    if (!reset) reset = number_of(response, "RateLimit-Reset");
    if (reset) longest = std::max(longest, seconds(*reset));
  }
  return longest;
}

}  // namespace

LimitSign read_limits(const HttpResponse& response, std::chrono::system_clock::time_point now, unsigned times) {
  LimitSign sign = common_limit_sign(response, now, times);
  if (!sign.refused || !retry_after(response, now)) {
    if (const seconds reset = longest_reset(response, sign.refused); reset > seconds(0)) sign.pause = reset;
  }
  return sign;
}

}  // namespace tokensweep::circleci
