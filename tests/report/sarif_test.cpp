#include "report/sarif.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <string>
#include <vector>

#include "tests/report/rows.hpp"

namespace {

using namespace tokensweep;
using namespace tokensweep::testing;
using std::chrono::days;

HitRow in_file(std::string_view path, std::string_view behind, Class klass, days age = days{10}) {
  HitRow row = file_row("t0123456789abcdef", fmt::format("{}:{}", path, behind), age);
  row.hit.place = fmt::format("/home/ann/{}", path);
  row.hit.klass = klass;
  return row;
}

std::string sarif(const std::vector<HitRow>& rows, SweepState state = SweepState::complete) {
  StringOutput output;
  const auto writer = make_writer(ExportFormat::sarif, output);
  const std::vector<SweepInfo> sweeps = {{.id = 7,
                                          .started_at = kNow - 2h,
                                          .finished_at = kNow - 1h,
                                          .state = state,
                                          .version = "0.1.0",
                                          .rules_digest = "ab12"}};
  writer->begin({kNow, sweeps});
  for (const HitRow& row : rows) writer->row(computed(row));
  writer->end();
  return output.text;
}

std::size_t times(std::string_view word, std::string_view text) {
  std::size_t number = 0;
  for (std::size_t at = text.find(word); at != std::string_view::npos; at = text.find(word, at + 1)) ++number;
  return number;
}

std::vector<HitRow> sample() {
  HitRow plain = in_file("work/my site/.npmrc", "3", Class::A, days{400});
  HitRow inside = in_file("work/état/config.json", "12!json:/auths/[0]/{x}", Class::B);
  inside.hit.reason = "it lies beside the package.json of [a](http://x.example.test) {0}";
  inside.hit.rule = "npm-basic-auth";
  inside.hit.kind = "npm-basic-auth";
  HitRow excepted = in_file("%41?#.npmrc", "1", Class::D, days{500});
  excepted.hit.scope.add(ScopeFlag::exempt).add(ScopeFlag::classic);
  excepted.hit.store = "laptop:/srv/a b";
  HitRow gone = in_file("gone/.npmrc", "1", Class::A);
  gone.state = State::gone;
  HitRow secret = in_file("NPM_TOKEN", "1", Class::A);
  secret.hit.source = "github";
  return {plain, inside, excepted, gone, secret, reference_row(".github/workflows/release.yml:12")};
}

TEST_CASE("a SARIF file looks as it did") {
  check_golden("export.sarif", sarif(sample()));
  check_golden("export-empty.sarif", sarif({}, SweepState::incomplete));
}

TEST_CASE("a SARIF file holds no value, not even a part of one") {
  const std::string text = sarif(sample());
  CHECK(text.find("aBcD") == std::string::npos);
  CHECK(text.find("snippet") == std::string::npos);
}

TEST_CASE("only what is stored in a file is a result, and what is left out is counted") {
  const std::string text = sarif(sample());
  CHECK(times("\"ruleId\"", text) == 3);
  CHECK(text.find("gone/.npmrc") == std::string::npos);
  CHECK(text.find("release.yml") == std::string::npos);
  CHECK(text.find("1 hit is of stores without files") != std::string::npos);
  CHECK(times("\"executionSuccessful\":true", text) == 1);
  CHECK(times("\"executionSuccessful\":false", sarif({}, SweepState::interrupted)) == 1);
}

TEST_CASE("the level follows from the class and the date") {
  const struct {
    Class klass;
    int age;
    const char* level;
  } cases[] = {{Class::A, 1, "error"},    {Class::B, 1, "warning"}, {Class::B, 91, "error"},   {Class::C, 1, "note"},
               {Class::C, 91, "warning"}, {Class::D, 300, "note"},  {Class::D, 366, "warning"}};
  for (const auto& c : cases) {
    const std::string text = sarif({in_file("a", "1", c.klass, days{c.age})});
    CHECK(text.find(fmt::format("\"level\":\"{}\",\"message\"", c.level)) != std::string::npos);
  }
}

TEST_CASE("a run ends where code scanning would drop results, and what fits in none is told") {
  constexpr std::size_t kAll = SarifWriter::kResultsOfRun * SarifWriter::kRuns;
  StringOutput output;
  SarifWriter writer(output);
  writer.begin({kNow, {}});
  const HitRow row = in_file("a", "1", Class::D);
  const ExportRow shown = computed(row);
  for (std::size_t i = 0; i < kAll + 3; ++i) writer.row(shown);
  writer.end();
  CHECK(times("\"automationDetails\"", output.text) == SarifWriter::kRuns);
  CHECK(times("\"ruleId\"", output.text) == kAll);
  CHECK(output.text.find("\"tokensweep/20/\"") != std::string::npos);
  CHECK(times("3 more results were left out", output.text) == 1);
}

TEST_CASE("a full run is one run") {
  const std::vector<HitRow> full(SarifWriter::kResultsOfRun, in_file("a", "1", Class::D));
  CHECK(times("\"automationDetails\"", sarif(full)) == 1);
}

TEST_CASE("a locator's parts") {
  const struct {
    const char* locator;
    const char* place;
    const char* path;
    std::int64_t line;
    const char* inner;
  } cases[] = {
      {"work/.npmrc:3", "/home/ann/work/.npmrc", "work/.npmrc", 3, ""},
      {"work/a.json:12!json:/a/b:3", "/home/ann/work/a.json", "work/a.json", 12, "!json:/a/b:3"},
      {"a:1/.npmrc:2", "/home/ann/a:1/.npmrc", "a:1/.npmrc", 2, ""},
      {"q:1/q:5", "/home/ann/q:1/q", "q:1/q", 5, ""},
      {".npmrc:1", ".npmrc", ".npmrc", 1, ""},
      {"x.npmrc:1", "/home/ann/.npmrc", "x.npmrc:1", 0, ""},
      {".npmrc:1", "/home/ann/x.npmrc", ".npmrc:1", 0, ""},
      {"no-line", "/home/ann/no-line", "no-line", 0, ""},
      {"a:", "/a", "a:", 0, ""},
      {"a:-1", "/a", "a:-1", 0, ""},
      {"a:99999999999999999999", "/a", "a:99999999999999999999", 0, ""},
      {"", "", "", 0, ""},
  };
  for (const auto& c : cases) {
    CAPTURE(c.locator);
    const FilePlace place = file_place(c.locator, c.place);
    CHECK(place.path == c.path);
    CHECK(place.line == c.line);
    CHECK(place.inner == c.inner);
  }
}

TEST_CASE("a path in a URI") {
  CHECK(uri_path("work/my site/.npmrc") == "work/my%20site/.npmrc");
  CHECK(uri_path("%41?#:\\") == "%2541%3F%23%3A%5C");
  CHECK(uri_path("\xFF\n\xC3\xA9") == "%FF%0A%C3%A9");
  CHECK(uri_path("aZ09-._~/") == "aZ09-._~/");
}

}  // namespace
