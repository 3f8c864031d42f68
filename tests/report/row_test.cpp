#include "report/row.hpp"

#include <doctest/doctest.h>

#include <optional>
#include <string>
#include <vector>

#include "tests/report/rows.hpp"

namespace {

using namespace tokensweep;
using namespace tokensweep::testing;
using std::chrono::days;

TEST_CASE("the columns are the contract's, in its order") {
  const std::vector<std::string_view> contract = {
      "id",         "class",    "confidence",   "reason",    "rule",       "kind",      "source",
      "store",      "locator",  "registry",     "token",     "preview",    "checksum",  "created_at",
      "updated_at", "age_days", "age_days_max", "age_basis", "first_seen", "last_seen", "gone_at",
      "state",      "scope",    "expires_at",   "rotate_by", "overdue"};
  REQUIRE(columns().size() == contract.size());
  for (std::size_t i = 0; i < contract.size(); ++i) CHECK(columns()[i].name == contract[i]);
}

TEST_CASE("the age is the one that is certain") {
  struct Case {
    const char* what;
    std::optional<Time> created, updated;
    AgeBasis basis;
    std::optional<Time> token_seen;
    std::optional<std::int64_t> age, age_max;
    AgeBasis told;
  };
  const Time seen = kNow - days{5};  // when this inventory first saw the hit
  const std::optional<Time> none;
  const Case cases[] = {
      {"a file's time", none, kNow - days{40}, AgeBasis::file_mtime, none, 40, 40, AgeBasis::file_mtime},
      {"a file touched after we saw the token in it", none, kNow - days{2}, AgeBasis::file_mtime, none, 5, 5,
       AgeBasis::first_seen},
      {"a copy of a token that we saw elsewhere before", none, kNow - days{2}, AgeBasis::file_mtime, kNow - days{90},
       90, 90, AgeBasis::first_seen},
      {"a file older than our first sight of its token", none, kNow - days{200}, AgeBasis::file_mtime, kNow - days{90},
       200, 200, AgeBasis::file_mtime},
      {"a file of tomorrow: we saw it 5 days ago", none, kNow + days{1}, AgeBasis::file_mtime, none, 5, 5,
       AgeBasis::first_seen},
      {"a file time from before npm: an archive's constant", none, Date{1985y / 10 / 26}, AgeBasis::file_mtime, none, 5,
       5, AgeBasis::first_seen},
      {"the epoch", none, Time{}, AgeBasis::file_mtime, none, 5, 5, AgeBasis::first_seen},
      {"a store's update time", kNow - days{300}, kNow - days{30}, AgeBasis::updated_at, none, 30, 30,
       AgeBasis::updated_at},
      {"a store's creation time", kNow - days{300}, none, AgeBasis::created_at, none, 300, 300, AgeBasis::created_at},
      {"an update time that is missing", kNow - days{300}, none, AgeBasis::updated_at, none, 300, 300,
       AgeBasis::created_at},
      {"bounds", kNow - days{300}, kNow - days{30}, AgeBasis::bounds, none, 30, 300, AgeBasis::bounds},
      {"bounds, and the token was seen before", kNow - days{300}, kNow - days{30}, AgeBasis::bounds, kNow - days{60},
       60, 300, AgeBasis::first_seen},
      {"the registry's list", kNow - days{100}, none, AgeBasis::registry, none, 100, 100, AgeBasis::registry},
      {"no time at all", none, none, AgeBasis::first_seen, none, 5, 5, AgeBasis::first_seen},
      {"a basis without its time", none, none, AgeBasis::updated_at, none, 5, 5, AgeBasis::first_seen},
  };
  for (const Case& c : cases) {
    CAPTURE(c.what);
    HitRow row = file_row("t0123456789abcdef", "a:1");
    row.hit.created_at = c.created;
    row.hit.updated_at = c.updated;
    row.hit.age_basis = c.basis;
    row.first_seen = seen;
    row.token_first_seen = c.token_seen.value_or(seen);
    const ExportRow out = computed(row);
    CHECK((out.age_days == c.age));
    CHECK((out.age_days_max == c.age_max));
    CHECK(to_string(out.age_basis) == to_string(c.told));
  }
}

TEST_CASE("a name without a value ages by its store alone: our own sight of the name proves nothing") {
  HitRow row = file_row("", "NPM_TOKEN", days{2});
  row.hit.kind = "named-secret";
  row.hit.age_basis = AgeBasis::updated_at;
  row.first_seen = kNow - days{400};
  row.token_first_seen.reset();
  CHECK(computed(row).age_days.value() == 2);
}

TEST_CASE("a clock that went back gives no negative age and no date in the far future") {
  HitRow row = file_row("t0123456789abcdef", "a:1", days{-30});
  row.first_seen = kNow + days{20};
  row.token_first_seen = row.first_seen;
  const ExportRow out = computed(row);
  CHECK(out.age_days.value() == 0);
  CHECK(out.age_days_max.value() == 0);
  CHECK((out.rotate_by == Date{2027y / 11 / 22}));
}

TEST_CASE("the class decides when a token has to be rotated") {
  const struct {
    Class klass;
    int age_days;
    Date rotate_by;
    bool overdue;
  } cases[] = {{Class::A, 30, Date{2026y / 11 / 22}, false},  {Class::A, 31, Date{2026y / 11 / 21}, true},
               {Class::B, 91, Date{2026y / 11 / 21}, true},   {Class::C, 0, Date{2027y / 2 / 20}, false},
               {Class::D, 365, Date{2026y / 11 / 22}, false}, {Class::D, 366, Date{2026y / 11 / 21}, true}};
  for (const auto& c : cases) {
    CAPTURE(c.age_days);
    HitRow row = file_row("t0123456789abcdef", "a:1", days{c.age_days});
    row.hit.klass = c.klass;
    CHECK((computed(row).rotate_by == c.rotate_by));
    CHECK(computed(row).overdue == c.overdue);
    row.state = State::gone;
    CHECK(!computed(row).overdue);
  }
}

TEST_CASE("a reference has no value, so no age and no date") {
  const HitRow row = reference_row("a:1");
  const ExportRow out = computed(row);
  CHECK(!out.age_days);
  CHECK(!out.age_days_max);
  CHECK(!out.rotate_by);
  CHECK(!out.overdue);
}

TEST_CASE("a token that is known to be dead has its date like any other") {
  HitRow row = file_row("t0123456789abcdef", "a:1", days{400});
  row.hit.kind = "npm-legacy-token";
  row.hit.scope.add(ScopeFlag::classic);
  CHECK(computed(row).overdue);
}

}  // namespace
