#include "report/figures.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "tests/report/rows.hpp"

namespace {

using namespace tokensweep;
using namespace tokensweep::testing;
using std::chrono::days;

HitRow token(std::string_view id, Class klass, days age, ScopeFlags flags = {}) {
  HitRow row = file_row(id, fmt::format("{}-{}/.npmrc:1", id, age.count()), age);
  row.hit.klass = klass;
  row.hit.scope = flags;
  return row;
}

HitRow named_secret(std::string_view name) {
  HitRow row = file_row("", name);
  row.hit.kind = "named-secret";
  row.hit.preview.reset();
  return row;
}

HitRow listed(HitRow row, Listing listing = {}) {
  row.listing = listing;
  return row;
}

HitRow of_kind(HitRow row, std::string_view kind) {
  row.hit.kind = kind;
  return row;
}

HitRow in_state(HitRow row, State state) {
  row.state = state;
  return row;
}

HitRow held_in(HitRow row, std::int64_t places) {
  row.places = places;
  return row;
}

Figures figures_of(const std::vector<HitRow>& rows) {
  FigureCounter counter;
  for (const HitRow& row : rows) counter.add(computed(row));
  return counter.finish(kNow);
}

constexpr ScopeFlags flag(ScopeFlag value) { return ScopeFlags().add(value); }

TEST_CASE("each figure counts what it says") {
  struct Expected {
    std::string_view figure;
    std::int64_t value;
  };
  const struct {
    const char* what;
    std::vector<HitRow> rows;
    std::vector<Expected> expected;
  } cases[] = {
      {"nothing", {}, {{"tokens", 0}, {"places", 0}, {"without_package_scope", 0}}},
      {"one token in two places is one, of the stricter class, as old as the older",
       {token("t1", Class::D, days{10}), token("t1", Class::B, days{400})},
       {{"tokens", 1}, {"places", 2}, {"tokens_b", 1}, {"tokens_d", 0}, {"median_age_days", 400}, {"overdue_b", 1}}},
      {"the same in the other order",
       {token("t1", Class::B, days{400}), token("t1", Class::D, days{10})},
       {{"tokens", 1}, {"places", 2}, {"tokens_b", 1}, {"tokens_d", 0}, {"median_age_days", 400}, {"overdue_b", 1}}},
      {"overdue in one place only, which is not the strictest",
       {token("t1", Class::A, days{1}), token("t1", Class::D, days{400})},
       {{"overdue_a", 1}, {"overdue_d", 0}}},
      {"names without a value are tokens of their own",
       {named_secret("NPM_TOKEN"), named_secret("NODE_AUTH_TOKEN")},
       {{"tokens", 2}, {"places", 2}, {"without_package_scope", 2}}},
      {"a reference is no token", {reference_row("a:1")}, {{"tokens", 0}, {"places", 0}, {"references", 1}}},
      {"what is gone does not count",
       {in_state(token("t1", Class::A, days{1}), State::gone), in_state(reference_row("a:1"), State::gone)},
       {{"tokens", 0}, {"places", 0}, {"references", 0}}},
      {"what was not reached counts", {in_state(token("t1", Class::A, days{1}), State::unknown)}, {{"tokens_a", 1}}},
      {"alive and stored nowhere counts as that alone",
       {token("", Class::A, days{400}, flag(ScopeFlag::unfound).add(ScopeFlag::all_packages))},
       {{"unfound", 1}, {"tokens", 0}, {"places", 0}, {"overdue_a", 0}, {"all_packages", 0}}},
      {"a flag of any place is the token's",
       {token("t1", Class::B, days{1}), token("t1", Class::B, days{2}, flag(ScopeFlag::bypass_2fa)),
        token("t1", Class::B, days{3}, flag(ScopeFlag::no_ip_limit))},
       {{"bypass_2fa", 1}, {"no_ip_limit", 1}, {"classic", 0}}},
      {"classic is dead", {token("t1", Class::B, days{1}, flag(ScopeFlag::classic))}, {{"classic", 1}, {"dead", 1}}},
      {"revoked is dead", {listed(token("t1", Class::B, days{1}), {.dead = true})}, {{"classic", 0}, {"dead", 1}}},
      {"expired is dead", {listed(token("t1", Class::B, days{1}), {.expires_at = kNow - 1h})}, {{"dead", 1}}},
      {"held in many places", {held_in(token("t1", Class::B, days{1}), 3)}, {{"repeated", 1}}},
      {"not used", {listed(token("t1", Class::B, days{1}), {.accessed_at = kNow - days{91}})}, {{"unused", 1}}},
      {"expires with another",
       {listed(token("t1", Class::B, days{1}), {.shared_expiry = true})},
       {{"shared_expiry", 1}}},
      {"under an exception", {token("t1", Class::B, days{400}, flag(ScopeFlag::exempt))}, {{"exempt", 1}}},
  };
  for (const auto& c : cases) {
    CAPTURE(c.what);
    const Figures figures = figures_of(c.rows);
    for (const Expected& expected : c.expected) {
      CAPTURE(expected.figure);
      const FigureColumn* column = figure_column(expected.figure);
      REQUIRE(column != nullptr);
      CHECK(column->get(figures) == expected.value);
    }
  }
}

TEST_CASE("without a package scope is what may write every package, or what nobody can tell of") {
  const HitRow plain = token("t1", Class::B, days{1});
  const HitRow other_place = token("t1", Class::B, days{2});
  const struct {
    const char* what;
    std::vector<HitRow> rows;
    std::int64_t expected;
  } cases[] = {
      {"no list says anything", {plain}, 1},
      {"the list says that it is limited", {listed(plain)}, 0},
      {"the list tells of it in one of its places", {plain, listed(other_place)}, 0},
      {"the list says all packages", {listed(token("t1", Class::B, days{1}, flag(ScopeFlag::all_packages)))}, 1},
      {"read-only", {token("t1", Class::C, days{1}, flag(ScopeFlag::read_only))}, 0},
      {"stage-only", {token("t1", Class::B, days{1}, flag(ScopeFlag::stage_only))}, 0},
      {"read-only is known of one place", {plain, token("t1", Class::C, days{1}, flag(ScopeFlag::read_only))}, 0},
      {"dead", {token("t1", Class::B, days{1}, flag(ScopeFlag::classic))}, 0},
      {"more than one token of the list fits", {token("t1", Class::B, days{1}, flag(ScopeFlag::ambiguous))}, 1},
      {"another registry's own kind", {of_kind(plain, "registry-token")}, 0},
      {"a UUID of another registry", {of_kind(plain, "npm-legacy-token")}, 1},
  };
  for (const auto& c : cases) {
    CAPTURE(c.what);
    CHECK(figures_of(c.rows).without_package_scope == c.expected);
  }
}

TEST_CASE("the median is exact") {
  const struct {
    std::vector<int> ages;
    std::optional<std::int64_t> median;
  } cases[] = {
      {{}, std::nullopt}, {{7}, 7},          {{7, 8}, 7},        {{0, 100}, 50},
      {{3, 1, 2}, 2},     {{1, 1, 1, 9}, 1}, {{1, 2, 9, 10}, 5}, {{0, 0}, 0},
  };
  for (const auto& c : cases) {
    std::vector<HitRow> rows;
    for (const int age : c.ages) rows.push_back(token(fmt::format("t{}", rows.size()), Class::D, days{age}));
    // Half with a value, half without: both belong to it.
    for (std::size_t i = 0; i < rows.size(); i += 2) rows[i].token.reset();
    for (std::size_t i = 0; i < rows.size(); i += 2) rows[i].first_seen = kNow - days{c.ages[i]};
    CHECK(figures_of(rows).median_age_days == c.median);
  }
}

TEST_CASE("the median of many is what sorting finds") {
  std::mt19937 random(7);
  for (int round = 0; round < 20; ++round) {
    std::vector<HitRow> rows;
    std::vector<std::int64_t> ages;
    const std::size_t number = 1 + random() % 200;
    for (std::size_t i = 0; i < number; ++i) {
      ages.push_back(static_cast<std::int64_t>(random() % 500));
      rows.push_back(token(fmt::format("t{}", i), Class::D, days{ages.back()}));
    }
    std::sort(ages.begin(), ages.end());
    CHECK(figures_of(rows).median_age_days == (ages[(number - 1) / 2] + ages[number / 2]) / 2);
  }
}

TEST_CASE("coverage counts what was to be covered") {
  FigureCounter counter;
  for (const auto& [state, missed] : std::vector<std::pair<ScopeState, std::int64_t>>{{ScopeState::complete, 0},
                                                                                      {ScopeState::incomplete, 3},
                                                                                      {ScopeState::denied, 1},
                                                                                      {ScopeState::open, 0},
                                                                                      {ScopeState::skipped, 0}}) {
    CoverageRow row;
    row.state = state;
    row.missed = missed;
    counter.add(row);
  }
  const Figures figures = counter.finish(kNow);
  CHECK(figures.scopes == 4);
  CHECK(figures.scopes_complete == 1);
  CHECK(figures.places_missed == 4);
  CHECK(figures.at == kNow);
}

TEST_CASE("every figure has a name, and can be set by it") {
  Figures figures;
  std::set<std::string_view> names;
  std::int64_t value = 1000;
  for (const FigureColumn& column : figure_columns()) {
    CAPTURE(column.name);
    CHECK(names.insert(column.name).second);
    CHECK(std::all_of(column.name.begin(), column.name.end(),
                      [](unsigned char c) { return std::islower(c) || std::isdigit(c) || c == '_'; }));
    CHECK(!column.description.empty());
    // The metrics make one line of four.
    if (column.klass)
      CHECK(column.description.find(fmt::format(" of class {}", to_string(*column.klass))) != std::string_view::npos);
    REQUIRE(set_figure(figures, column.name, ++value));
    CHECK(column.get(figures) == value);
    CHECK(column.name.ends_with(column.klass ? fmt::format("_{}", "abcd"[static_cast<std::size_t>(*column.klass)])
                                             : std::string()));
  }
  // Each name reaches a member of its own: all values are still there.
  value = 1000;
  for (const FigureColumn& column : figure_columns()) CHECK(column.get(figures) == ++value);
  // And none is forgotten: Figures is its members and the time.
  CHECK(sizeof(Figures) ==
        sizeof(Time) + sizeof(std::optional<std::int64_t>) + (names.size() - 1) * sizeof(std::int64_t));

  const Figures before = figures;
  CHECK(!set_figure(figures, "tokens_e", 1));
  CHECK(!set_figure(figures, "", 1));
  CHECK(figures == before);
}

TEST_CASE("the documentation has a row for each figure") {
  const std::string text = file_content(TOKENSWEEP_GOLDEN "/../../../docs/figures.md");
  std::size_t rows = 0;
  for (std::size_t at = text.find("\n| `"); at != std::string::npos; at = text.find("\n| `", at + 1)) ++rows;
  CHECK(rows == figure_columns().size());
  for (const FigureColumn& column : figure_columns()) {
    const std::string row = fmt::format("\n| `{}` | {} | {} | {} |\n", column.name, column.unit,
                                        column.lower_is_better ? "yes" : "", column.description);
    CAPTURE(row);
    CHECK(text.find(row) != std::string::npos);
  }
}

}  // namespace
