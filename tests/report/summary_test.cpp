#include "report/summary.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/text.hpp"
#include "report/figures.hpp"
#include "tests/report/rows.hpp"

namespace {

using namespace tokensweep;
using namespace tokensweep::testing;
using std::chrono::days;

HitRow secret(std::string_view store, std::string_view name, Class klass, days age) {
  HitRow row = file_row("", name, age);
  row.hit.id = fmt::format("h-{}-{}", store, name);
  row.hit.kind = "named-secret";
  row.hit.preview.reset();
  row.hit.source = "github";
  row.hit.store = store;
  row.hit.locator = name;
  row.hit.name = name;
  row.hit.klass = klass;
  row.hit.age_basis = AgeBasis::updated_at;
  row.first_seen = kNow - age;
  return row;
}

HitRow bypassing(HitRow row, std::vector<Evidence> evidence) {
  row.hit.scope.add(ScopeFlag::bypass_2fa).add(ScopeFlag::publish);
  row.hit.evidence = std::move(evidence);
  return row;
}

std::vector<HitRow> fleet() {
  std::vector<HitRow> rows;
  HitRow publishes = file_row("t1b2c3d4e5f60718", "work/site/.npmrc:3", days{412});
  publishes.hit.klass = Class::B;
  publishes.places = 3;
  publishes.listing = Listing{.accessed_at = kNow - days{120}, .expires_at = kNow + days{9}, .shared_expiry = true};
  publishes.hit.scope.add(ScopeFlag::all_packages).add(ScopeFlag::no_ip_limit);
  rows.push_back(bypassing(publishes, {{EvidenceKind::personal, "", ""}}));
  HitRow copy = publishes;
  copy.hit.id = "h-copy";
  copy.hit.klass = Class::D;
  copy.hit.locator = "an/unusually/long/way/down/to/the/old/checkout/of/the/very/same/site/.npmrc:1";
  rows.push_back(copy);
  HitRow legacy = file_row("t90817263544a5b6c", ".npmrc:1", days{2100});
  legacy.hit.kind = "npm-legacy-token";
  legacy.hit.preview.reset();
  legacy.hit.scope.add(ScopeFlag::classic);
  rows.push_back(legacy);
  HitRow expired = file_row("t00ff00ff00ff00ff", ".env:1", days{80});
  expired.listing = Listing{.expires_at = kNow - days{3}};
  rows.push_back(expired);
  HitRow revoked = file_row("tabcdefabcdefabcd", "notes/日本語/tokens.env:7", days{20});
  revoked.listing = Listing{.dead = true};
  rows.push_back(revoked);
  rows.push_back(bypassing(secret("acme/site", "NPM_TOKEN", Class::A, days{45}),
                           {{EvidenceKind::ci_secret, "", ""}, {EvidenceKind::trusted_publishing, "", "release.yml"}}));
  rows.push_back(bypassing(secret("acme/legacy", "NPM_PUBLISH_TOKEN", Class::B, days{5}),
                           {{EvidenceKind::ci_secret, "", ""}, {EvidenceKind::publishes, "", "Jenkinsfile"}}));
  for (int i = 0; i < 7; ++i)
    rows.push_back(secret(fmt::format("acme/app{}", i), "NPM_TOKEN", Class::C, days{100 + i}));
  HitRow nowhere = secret("registry: acme-bot", "release", Class::A, days{30});
  nowhere.hit.scope.add(ScopeFlag::unfound);
  nowhere.listing = Listing{.expires_at = kNow + days{40}};
  rows.push_back(nowhere);
  HitRow gone = file_row("t2222222222222222", "gone/.npmrc:1", days{900});
  gone.hit.klass = Class::A;
  gone.state = State::gone;
  rows.push_back(gone);
  rows.push_back(reference_row("work/site/.github/workflows/release.yml:31"));
  return rows;
}

Figures earlier(days ago, std::int64_t dead, std::int64_t median) {
  Figures figures;
  figures.at = kNow - ago;
  figures.dead = figures.classic = dead;
  figures.median_age_days = median;
  figures.without_package_scope = 9;
  figures.overdue_by_class = {0, 2, 1, 30};
  return figures;
}

std::vector<CoverageRow> coverage() {
  const auto scope = [](std::string_view source, std::string_view store, ScopeState state, std::string_view reason,
                        std::int64_t missed) {
    CoverageRow row;
    row.sweep = 14;
    row.source = row.source_name = source;
    row.store = store;
    row.state = state;
    row.reason = reason;
    row.missed = missed;
    return row;
  };
  return {scope("github", "acme/site", ScopeState::complete, "", 0),
          scope("github", "acme/secret", ScopeState::denied, "HTTP 403: the token lacks `secrets: read`", 1),
          scope("kubernetes", "prod/payments", ScopeState::failed, "connection refused", 0),
          scope("filesystem", "laptop:/home/ann", ScopeState::incomplete, "3 places could not be read", 3),
          scope("github", "acme/archived", ScopeState::skipped, "archived", 0)};
}

struct Drawing {
  std::vector<HitRow> rows = fleet();
  std::vector<Figures> series = {earlier(days{60}, 12, 90), earlier(days{31}, 9, 120), earlier(days{2}, 4, 99),
                                 earlier(days{1}, 3, 101)};
  std::vector<CoverageRow> scopes = coverage();
  std::vector<SweepInfo> sweeps = {{.id = 14,
                                    .started_at = kNow - 1h,
                                    .finished_at = kNow - 1h,
                                    .state = SweepState::incomplete,
                                    .version = "0.1.0"}};
  Terminal terminal = {.width = 80, .color = false, .utf8 = true};
  std::string inventory;

  [[nodiscard]] std::string text() const {
    StringOutput output;
    Summary summary({.terminal = terminal, .now = kNow}, output);
    FigureCounter counter;
    for (const HitRow& row : rows) {
      const ExportRow shown = computed(row);
      summary.row(shown);
      counter.add(shown);
    }
    for (const CoverageRow& row : scopes) counter.add(row);
    summary.end({.now = counter.finish(kNow),
                 .series = series,
                 .sweeps = sweeps,
                 .coverage = scopes,
                 .inventory = inventory,
                 .default_inventory = inventory.empty()});
    return output.text;
  }
};

TEST_CASE("the report of a fleet") {
  check_golden("report.txt", Drawing{}.text());
  check_golden("report-wide.txt", Drawing{.terminal = {.width = 130, .color = false, .utf8 = true}}.text());
  check_golden("report-color.txt", Drawing{.terminal = {.width = 80, .color = true, .utf8 = true}}.text());
}

TEST_CASE("the report of a laptop without history, list or UTF-8") {
  check_golden("report-first.txt",
               Drawing{.rows = {file_row("t1b2c3d4e5f60718", "work/site/.npmrc:3", days{412})},
                       .series = {},
                       .scopes = {},
                       .sweeps = {{.id = 1, .started_at = kNow, .state = SweepState::complete, .version = "0.1.0"}},
                       .terminal = {},
                       .inventory = "/tmp/it's mine/inventory.db"}
                   .text());
  const std::string empty = Drawing{.rows = {}, .series = {}, .scopes = {}, .sweeps = {}}.text();
  CHECK(empty.find("0 tokens in 0 places") != std::string::npos);
  CHECK(empty.find("No sweep yet") != std::string::npos);
  CHECK(empty.find("import") == std::string::npos);
}

TEST_CASE("the order of arrival changes nothing") {
  Drawing drawing;
  const std::string text = drawing.text();
  std::reverse(drawing.rows.begin(), drawing.rows.end());
  CHECK(drawing.text() == text);
}

TEST_CASE("the worst stand in the report, each token once") {
  const std::string text = Drawing{}.text();
  const std::size_t part = text.find("Past their dates:");
  REQUIRE(part != std::string::npos);
  const std::string late = text.substr(part, text.find("--overdue") - part);
  CHECK(std::count(late.begin(), late.end(), '\n') == 6);
  CHECK(late.find("\n  A") < late.find("\n  B"));
  CHECK(late.find("ork/site/.npmrc:3") != std::string::npos);
  CHECK(late.find("same/site/.npmrc:1") == std::string::npos);
  CHECK(text.find("gone/.npmrc") == std::string::npos);
}

TEST_CASE("no line of the report is wider than the terminal") {
  for (const std::size_t width : {72U, 80U, 110U, 160U}) {
    const std::string text = Drawing{.terminal = {.width = width, .color = false, .utf8 = true}}.text();
    for (std::size_t begin = 0; begin < text.size();) {
      const std::size_t end = text.find('\n', begin);
      const std::string line = text.substr(begin, end - begin);
      CAPTURE(line);
      CHECK(display_width(line) <= std::max<std::size_t>(width, 80));
      CHECK(!line.ends_with(' '));
      begin = end + 1;
    }
  }
}

TEST_CASE("where a token can move to") {
  const struct {
    const char* what;
    std::vector<EvidenceKind> evidence;
    Move move;
  } cases[] = {
      {"a hosted build",
       {EvidenceKind::ci_secret, EvidenceKind::publishes, EvidenceKind::trusted_publishing},
       Move::trusted_publishing},
      {"a build of one's own", {EvidenceKind::ci_secret, EvidenceKind::publishes}, Move::stage_only},
      {"a cluster", {EvidenceKind::infrastructure}, Move::stage_only},
      {"a person", {EvidenceKind::personal}, Move::by_hand},
      {"a Dockerfile in somebody's home", {EvidenceKind::personal, EvidenceKind::build_file}, Move::stage_only},
      {"nobody can tell", {}, Move::stage_only},
  };
  for (const auto& c : cases) {
    CAPTURE(c.what);
    Hit hit;
    for (const EvidenceKind kind : c.evidence) hit.evidence.push_back({kind, "", ""});
    CHECK(move_for(hit) == c.move);
  }
}

TEST_CASE("a series as bars") {
  const struct {
    std::vector<std::int64_t> values;
    const char* bars;
  } cases[] = {
      {{}, ""},          {{0, 0}, "▁▁"},
      {{7, 0}, "█▁"},    {{0, 1, 2, 3, 4, 5, 6, 7}, "▁▂▃▄▅▆▇█"},
      {{1, 1000}, "▂█"}, {{9, 9, 9, 9, 9, 9, 9, 7, 0}, "██████▆▁"},
  };
  for (const auto& c : cases) CHECK(sparkline(c.values, 8) == c.bars);
}

TEST_CASE("the locale tells whether the terminal takes UTF-8") {
  const struct {
    const char* all;
    const char* ctype;
    const char* lang;
    bool utf8;
  } cases[] = {
      {nullptr, nullptr, nullptr, false},   {nullptr, nullptr, "en_GB.UTF-8", true},
      {nullptr, nullptr, "C.utf8", true},   {"C", nullptr, "en_GB.UTF-8", false},
      {"", "", "de_DE.UTF-8", true},        {nullptr, "en_GB.ISO-8859-1", "en_GB.UTF-8", false},
      {"POSIX", "en_GB.UTF-8", "C", false},
  };
  for (const auto& c : cases) {
    const Environment environment = [&c](const char* name) -> std::optional<std::string> {
      const std::string_view asked = name;
      const char* value = asked == "LC_ALL"     ? c.all
                          : asked == "LC_CTYPE" ? c.ctype
                          : asked == "LANG"     ? c.lang
                                                : nullptr;
      if (value == nullptr) return std::nullopt;
      return value;
    };
    CHECK(terminal_of(-1, environment).utf8 == c.utf8);
  }
}

}  // namespace
