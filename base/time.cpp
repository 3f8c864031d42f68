#include "base/time.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace tokensweep {
namespace {

using std::chrono::days;
using std::chrono::hh_mm_ss;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using std::chrono::sys_days;
using std::chrono::sys_seconds;
using std::chrono::year_month_day;

constexpr sys_days kFirstDate{std::chrono::year{0} / 1 / 1};
constexpr sys_days kLastDate{std::chrono::year{9999} / 12 / 31};
constexpr sys_seconds kFirstTime{kFirstDate};
constexpr sys_seconds kLastTime = sys_seconds{kLastDate + days{1}} - seconds{1};

/// Writes `value` with leading zeros at `to` and returns the end.
char* put(char* to, unsigned value, int digits) {
  for (int i = digits; i-- > 0; value /= 10) to[i] = static_cast<char>('0' + value % 10);
  return to + digits;
}

char* put_date(char* to, sys_days date) {
  const year_month_day day{date};
  to = put(to, static_cast<unsigned>(static_cast<int>(day.year())), 4);
  *to++ = '-';
  to = put(to, static_cast<unsigned>(day.month()), 2);
  *to++ = '-';
  return put(to, static_cast<unsigned>(day.day()), 2);
}

/// Takes exactly `digits` digits from the front of `text`.
std::optional<int> take_number(std::string_view& text, std::size_t digits) {
  if (text.size() < digits) return std::nullopt;
  int value = 0;
  for (const char c : text.substr(0, digits)) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  text.remove_prefix(digits);
  return value;
}

bool take(std::string_view& text, std::string_view any_of) {
  if (text.empty() || any_of.find(text.front()) == std::string_view::npos) return false;
  text.remove_prefix(1);
  return true;
}

std::optional<sys_days> take_date(std::string_view& text) {
  const auto year = take_number(text, 4);
  if (!year || !take(text, "-")) return std::nullopt;
  const auto month = take_number(text, 2);
  if (!month || !take(text, "-")) return std::nullopt;
  const auto day = take_number(text, 2);
  if (!day) return std::nullopt;
  const year_month_day date{std::chrono::year{*year}, std::chrono::month{static_cast<unsigned>(*month)},
                            std::chrono::day{static_cast<unsigned>(*day)}};
  if (!date.ok()) return std::nullopt;
  return sys_days{date};
}

/// `05:40:38`, `05:40:38.123`; a leap second counts as the first second of the next minute.
std::optional<seconds> take_clock(std::string_view& text) {
  const auto hour = take_number(text, 2);
  if (!hour || *hour > 23 || !take(text, ":")) return std::nullopt;
  const auto minute = take_number(text, 2);
  if (!minute || *minute > 59 || !take(text, ":")) return std::nullopt;
  const auto second = take_number(text, 2);
  if (!second || *second > 60) return std::nullopt;
  if (take(text, ".")) {
    const std::size_t fraction = std::min(text.find_first_not_of("0123456789"), text.size());
    if (fraction == 0) return std::nullopt;
    text.remove_prefix(fraction);
  }
  return hours{*hour} + minutes{*minute} + seconds{*second};
}

/// `Z` or `+01:00`; what has to be taken off to get to UTC.
std::optional<seconds> take_offset(std::string_view& text) {
  if (take(text, "Zz")) return seconds{0};
  const bool negative = text.substr(0, 1) == "-";
  if (!take(text, "+-")) return std::nullopt;
  const auto hour = take_number(text, 2);
  if (!hour || *hour > 23 || !take(text, ":")) return std::nullopt;
  const auto minute = take_number(text, 2);
  if (!minute || *minute > 59) return std::nullopt;
  const seconds offset = hours{*hour} + minutes{*minute};
  return negative ? -offset : offset;
}

}  // namespace

void append_time(std::string& out, sys_seconds time) {
  time = std::clamp(time, kFirstTime, kLastTime);
  const sys_days date = std::chrono::floor<days>(time);
  const hh_mm_ss clock{time - sys_seconds{date}};
  std::array<char, 20> text{};
  char* to = put_date(text.data(), date);
  *to++ = 'T';
  to = put(to, static_cast<unsigned>(clock.hours().count()), 2);
  *to++ = ':';
  to = put(to, static_cast<unsigned>(clock.minutes().count()), 2);
  *to++ = ':';
  to = put(to, static_cast<unsigned>(clock.seconds().count()), 2);
  *to = 'Z';
  out.append(text.data(), text.size());
}

std::string format_time(sys_seconds time) {
  std::string out;
  append_time(out, time);
  return out;
}

void append_date(std::string& out, sys_days date) {
  std::array<char, 10> text{};
  put_date(text.data(), std::clamp(date, kFirstDate, kLastDate));
  out.append(text.data(), text.size());
}

std::string format_date(sys_days date) {
  std::string out;
  append_date(out, date);
  return out;
}

std::optional<sys_seconds> parse_time(std::string_view text) {
  const auto date = take_date(text);
  if (!date || !take(text, "Tt ")) return std::nullopt;
  const auto clock = take_clock(text);
  if (!clock) return std::nullopt;
  const auto offset = take_offset(text);
  if (!offset || !text.empty()) return std::nullopt;
  return sys_seconds{*date} + *clock - *offset;
}

std::optional<sys_days> parse_date(std::string_view text) {
  const auto date = take_date(text);
  if (!text.empty()) return std::nullopt;
  return date;
}

std::optional<hours> parse_age(std::string_view text) {
  int number = 0;
  const char* end = text.data() + text.size();
  const auto [unit, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc{} || number < 0 || end - unit != 1) return std::nullopt;
  const int hours_each = *unit == 'h' ? 1 : *unit == 'd' ? 24 : *unit == 'w' ? 24 * 7 : 0;
  constexpr hours kLongest = days{365'250};
  if (hours_each == 0 || number > kLongest.count() / hours_each) return std::nullopt;
  return hours{number * hours_each};
}

}  // namespace tokensweep
