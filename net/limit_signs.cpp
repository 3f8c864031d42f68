#include "net/limit_signs.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "base/time.hpp"

namespace tokensweep {
namespace {

using namespace std::chrono_literals;
using std::chrono::seconds;

constexpr seconds kLongest = std::chrono::hours(24 * 365);
constexpr seconds kLongestGuess = 60s;
constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

std::optional<std::chrono::sys_seconds> parse_http_date(std::string_view text) {
  if (text.size() != 29 || !text.ends_with(" GMT") || text.substr(3, 2) != ", ") return std::nullopt;
  const auto month = std::find(kMonths.begin(), kMonths.end(), text.substr(8, 3));
  if (month == kMonths.end() || text[7] != ' ' || text[11] != ' ' || text[16] != ' ') return std::nullopt;
  return parse_time(fmt::format("{}-{:02}-{}T{}Z", text.substr(12, 4), month - kMonths.begin() + 1, text.substr(5, 2),
                                text.substr(17, 8)));
}

std::chrono::sys_seconds their_time(const HttpResponse& response, std::chrono::system_clock::time_point now) {
  return parse_http_date(response.header("Date")).value_or(std::chrono::ceil<seconds>(now));
}

std::optional<seconds> retry_after(const HttpResponse& response, std::chrono::system_clock::time_point now) {
  const std::string_view value = response.header("Retry-After");
  if (value.empty()) return std::nullopt;
  if (std::all_of(value.begin(), value.end(), is_digit)) {
    std::int64_t count = 0;
    const auto [end, failed] = std::from_chars(value.data(), value.data() + value.size(), count);
    return failed == std::errc() ? std::min(seconds(count), kLongest) : kLongest;
  }
  const auto until = parse_http_date(value);
  if (!until) return std::nullopt;
  return std::clamp(*until - their_time(response, now), 0s, kLongest);
}

LimitSign common_limit_sign(const HttpResponse& response, std::chrono::system_clock::time_point now, unsigned times) {
  if (response.status != 429 && response.status != 503) return {};
  if (const auto pause = retry_after(response, now)) return {.pause = *pause, .refused = true};
  if (response.status == 503) return {};
  return {.pause = std::min(seconds(1U << std::min(times, 6U)), kLongestGuess), .refused = true};
}

}  // namespace tokensweep
