#include "report/table.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/text.hpp"
#include "tests/report/rows.hpp"

namespace {

using namespace tokensweep;
using namespace tokensweep::testing;
using std::chrono::days;

SweepFacts facts(SweepState state = SweepState::complete) {
  return {.state = state,
          .files_seen = 312'004,
          .files_read = 84,
          .took = std::chrono::milliseconds{412},
          .inventory = "/home/ann/.local/share/tokensweep/inventory.db",
          .default_inventory = true};
}

std::vector<HitRow> home() {
  HitRow publishes = file_row("t1b2c3d4e5f60718", "work/site/.npmrc:3", days{412});
  publishes.hit.klass = Class::B;
  publishes.hit.scope.add(ScopeFlag::world_readable).add(ScopeFlag::publish);
  HitRow copy =
      file_row("t1b2c3d4e5f60718", "work/an/unusually/long/way/down/to/the/old/checkout/of/the/very/same/site/.npmrc:1",
               days{30});
  copy.hit.klass = Class::D;
  copy.hit.scope.add(ScopeFlag::git_tracked).add(ScopeFlag::publish).add(ScopeFlag::commented_out);
  HitRow legacy = file_row("t90817263544a5b6c", ".npmrc:1", days{2100});
  legacy.hit.kind = "npm-legacy-token";
  legacy.hit.preview.reset();
  legacy.hit.checksum = Checksum::none;
  legacy.hit.confidence = Confidence::assumed;
  legacy.hit.scope.add(ScopeFlag::classic);
  HitRow fresh = file_row("t00ff00ff00ff00ff", ".zsh_history:118", days{0});
  fresh.hit.preview = "npm_Zz09…Q1w2";
  fresh.hit.confidence = Confidence::confirmed;
  HitRow example = file_row("tabcdefabcdefabcd", "notes/日本語/tokens.env:7", days{20});
  example.hit.preview = "npm_xxYY…0000";
  example.hit.checksum = Checksum::invalid;
  return {publishes, copy, legacy, example, fresh, reference_row("work/site/.github/workflows/release.yml:31")};
}

std::string drawn(const std::vector<HitRow>& rows, const SweepTable::Options& options, const SweepFacts& about,
                  const std::vector<Gap>& gaps = {}) {
  StringOutput output;
  SweepTable table(options, output);
  for (const HitRow& row : rows) table.row(computed(row));
  for (const Gap& gap : gaps) table.gap(gap);
  table.end(about);
  return output.text;
}

std::vector<Gap> seven_gaps() {
  std::vector<Gap> gaps;
  for (int i = 1; i <= 7; ++i)
    gaps.push_back({fmt::format("/home/ann/private{}/.npmrc", i), "Permission denied", true});
  gaps.push_back({"/home/ann/core", "Input/output error", false});
  return gaps;
}

TEST_CASE("the table of a home directory") {
  check_golden("table.txt", drawn(home(), {}, facts()));
  check_golden("table-wide.txt", drawn(home(), {.terminal = {.width = 120, .color = false}}, facts()));
  check_golden("table-narrow.txt", drawn(home(), {.terminal = {.width = 60, .color = false}}, facts()));
  check_golden("table-color.txt", drawn(home(), {.terminal = {.width = 80, .color = true}}, facts()));
}

TEST_CASE("no line is wider than the terminal, where the words allow it") {
  for (const std::size_t width : {60U, 72U, 80U, 100U, 120U}) {
    const std::string text = drawn(home(), {.terminal = {.width = width, .color = false}}, facts(), seven_gaps());
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

TEST_CASE("a sweep that could not see everything says so") {
  check_golden("incomplete.txt", drawn(home(), {}, facts(SweepState::incomplete), seven_gaps()));
  check_golden("incomplete-listed.txt",
               drawn({}, {.terminal = {}, .list_unread = true}, facts(SweepState::incomplete), seven_gaps()));
  check_golden("harmless.txt", drawn({}, {}, facts(), {{"/home/ann/core", "Input/output error", false}}));
  SweepFacts elsewhere = facts(SweepState::interrupted);
  elsewhere.inventory = "/tmp/it's mine/inventory.db";
  elsewhere.default_inventory = false;
  check_golden("interrupted.txt", drawn({home().front()}, {}, elsewhere));
}

TEST_CASE("a home without a token gets one friendly line") {
  CHECK(drawn({}, {}, facts()) == "No npm token found: 312,004 files seen, 84 read, in 0.4 s.\n");
}

TEST_CASE("a resumed sweep says how much of it was read before it was stopped") {
  SweepFacts resumed = facts();
  resumed.directories_before = 12'345;
  CHECK(drawn({}, {}, resumed) ==
        "No npm token found: 312,004 files seen, 84 read (resumed: 12,345 directories read before), in 0.4 s.\n");
}

TEST_CASE("places of several stores say which") {
  std::vector<HitRow> rows = {file_row("t1b2c3d4e5f60718", ".npmrc:1"),
                              file_row("t1b2c3d4e5f60718", "backup/.npmrc:1")};
  rows[1].hit.store = "laptop:/srv";
  check_golden("stores.txt", drawn(rows, {}, facts()));
}

TEST_CASE("the worst and the oldest stand on top, whatever the order of arrival") {
  std::vector<HitRow> rows = home();
  const std::string text = drawn(rows, {}, facts());
  std::reverse(rows.begin(), rows.end());
  const std::string other = drawn(rows, {}, facts());
  const auto header_lines = [](const std::string& all) {
    std::vector<std::size_t> found;
    for (const char* id : {"t1b2c3d4e5f60718", "t90817263544a5b6c", "tabcdefabcdefabcd", "t00ff00ff00ff00ff"})
      found.push_back(all.find(id));
    return found;
  };
  for (const std::string& all : {text, other}) {
    const auto found = header_lines(all);
    CHECK(std::is_sorted(found.begin(), found.end()));
    CHECK(found.back() != std::string::npos);
  }
}

TEST_CASE("more tokens than fit are counted, and the export is named") {
  StringOutput output;
  SweepTable table({.terminal = {}, .max_tokens = 3, .max_places = 2, .max_references = 1, .max_counted = 40}, output);
  for (int i = 0; i < 10; ++i) {
    for (int k = 0; k < 4; ++k) {
      const HitRow row = file_row(fmt::format("t{}", i), fmt::format("{}/{}/.npmrc:1", i, k));
      table.row(computed(row));
    }
  }
  for (int i = 0; i < 3; ++i) {
    const HitRow row = reference_row(fmt::format("{}/ci.yml:1", i));
    table.row(computed(row));
  }
  table.end(facts());
  check_golden("capped.txt", output.text);
}

TEST_CASE("beyond what is told apart, the counts say at least") {
  StringOutput output;
  SweepTable table({.terminal = {}, .max_counted = 4}, output);
  for (int i = 0; i < 6; ++i) {
    const HitRow row = file_row(fmt::format("t{}", i), fmt::format("{}/.npmrc:1", i));
    table.row(computed(row));
  }
  table.end(facts());
  CHECK(output.text.find("At least 4 tokens in 6 places") != std::string::npos);
}

TEST_CASE("a pipe is 80 columns wide and has no colour") {
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  const Terminal terminal = terminal_of(ends[1], [](const char*) { return std::optional<std::string>("xterm"); });
  CHECK(terminal.width == 80);
  CHECK(!terminal.color);
  ::close(ends[0]);
  ::close(ends[1]);
}

}  // namespace
