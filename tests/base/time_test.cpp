#include "base/time.hpp"

#include <doctest/doctest.h>

#include <string_view>

namespace {

using namespace std::chrono_literals;
using std::chrono::hours;
using std::chrono::seconds;
using std::chrono::sys_days;
using std::chrono::sys_seconds;
using tokensweep::format_date;
using tokensweep::format_time;
using tokensweep::parse_age;
using tokensweep::parse_date;
using tokensweep::parse_time;

constexpr sys_seconds kMoment = sys_days{2026y / 11 / 22} + 5h + 40min + 38s;

TEST_CASE("times and dates are spelled in UTC") {
  CHECK(format_time(kMoment) == "2026-11-22T05:40:38Z");
  CHECK(format_time(sys_seconds{}) == "1970-01-01T00:00:00Z");
  CHECK(format_time(sys_seconds{-1s}) == "1969-12-31T23:59:59Z");
  CHECK(format_date(sys_days{2024y / 2 / 29}) == "2024-02-29");
}

TEST_CASE("times without a spelling show as the nearest that has one") {
  CHECK(format_time(sys_seconds::max()) == "9999-12-31T23:59:59Z");
  CHECK(format_time(sys_seconds::min()) == "0000-01-01T00:00:00Z");
  CHECK(format_date(sys_days::max()) == "9999-12-31");
  CHECK(format_date(sys_days::min()) == "0000-01-01");
}

TEST_CASE("parse_time takes RFC 3339 and nothing else") {
  const struct {
    const char* what;
    std::string_view text;
    std::optional<sys_seconds> time;
  } cases[] = {
      {"UTC", "2026-11-22T05:40:38Z", kMoment},
      {"lower case", "2026-11-22t05:40:38z", kMoment},
      {"a space", "2026-11-22 05:40:38Z", kMoment},
      {"a fraction", "2026-11-22T05:40:38.999999999Z", kMoment},
      {"east of Greenwich", "2026-11-22T07:10:38+01:30", kMoment},
      {"west, across midnight", "2026-11-21T21:40:38-08:00", kMoment},
      {"a leap second", "2026-11-22T05:40:60Z", kMoment + 22s},
      {"no offset", "2026-11-22T05:40:38", std::nullopt},
      {"no such day", "2026-02-29T05:40:38Z", std::nullopt},
      {"no such hour", "2026-11-22T24:00:00Z", std::nullopt},
      {"an empty fraction", "2026-11-22T05:40:38.Z", std::nullopt},
      {"something behind it", "2026-11-22T05:40:38Zz", std::nullopt},
      {"a sign in a number", "2026-11-22T+5:40:38Z", std::nullopt},
      {"a date alone", "2026-11-22", std::nullopt},
      {"nothing", "", std::nullopt},
  };
  for (const auto& c : cases) {
    CAPTURE(c.what);
    CHECK((parse_time(c.text) == c.time));
  }
}

TEST_CASE("every day of 400 years survives a round trip") {
  for (sys_days day = 1800y / 1 / 1; day < sys_days{2200y / 1 / 1}; day += std::chrono::days{1}) {
    REQUIRE((parse_date(format_date(day)) == day));
  }
  CHECK(!parse_date("2026-11-31"));
  CHECK(!parse_date("2026-11-2"));
  CHECK(!parse_date("2026-11-22Z"));
}

TEST_CASE("parse_age takes a number and a unit") {
  const struct {
    std::string_view text;
    std::optional<hours> age;
  } cases[] = {{"12h", hours{12}},         {"90d", hours{90 * 24}},
               {"3w", hours{21 * 24}},     {"0d", hours{0}},
               {"", std::nullopt},         {"d", std::nullopt},
               {"90", std::nullopt},       {"-1d", std::nullopt},
               {"1.5d", std::nullopt},     {"90 d", std::nullopt},
               {"90days", std::nullopt},   {"90m", std::nullopt},
               {"9999999d", std::nullopt}, {"99999999999999d", std::nullopt}};
  for (const auto& c : cases) {
    CAPTURE(c.text);
    CHECK((parse_age(c.text) == c.age));
  }
}

}  // namespace
