#include "report/events.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/text.hpp"
#include "tests/report/rows.hpp"

namespace {

using namespace tokensweep;
using namespace tokensweep::testing;
using std::chrono::days;

const EventsHead kHead{.since = kNow - days{2}, .until = kNow};

EventRow event(SweepId sweep, EventKind kind, Class klass, std::string_view locator) {
  EventRow row;
  row.sweep = sweep;
  row.at = kNow - days{4 - sweep};
  row.kind = kind;
  row.id = fmt::format("h-{}-{}", locator, to_string(kind));
  row.source = "filesystem";
  row.source_name = "laptops";
  row.store = "laptop:/home/ann";
  row.locator = locator;
  row.name = "_authToken";
  row.token = "t1b2c3d4e5f60718";
  row.preview = "npm_aBcD…9aZ4";
  row.klass = klass;
  row.reason = "a developer's token in a home directory on a personal machine";
  return row;
}

std::vector<EventRow> events() {
  EventRow came = event(1, EventKind::came, Class::D, ".npmrc:2");
  came.flags.add(ScopeFlag::world_readable).add(ScopeFlag::publish);
  EventRow secret = event(1, EventKind::came, Class::B, "NPM_TOKEN");
  secret.source = "github";
  secret.store = "acme/site";
  secret.name = "NPM_TOKEN";
  secret.token.reset();
  secret.preview.reset();
  EventRow rotated = event(2, EventKind::value_changed, Class::B, "work/site/.npmrc:3");
  rotated.old_token = "t90817263544a5b6c";
  rotated.old_preview = "npm_Zz09…Q1w2";
  EventRow moved = event(2, EventKind::moved, Class::C, "work/api/.env:1");
  moved.old_store = moved.store;
  moved.old_locator = "work/old/.env:1";
  EventRow moved_far = event(2, EventKind::moved, Class::C, "work/app/.env:1");
  moved_far.old_store = "laptop:/srv";
  moved_far.old_locator = ".env:1";
  EventRow stricter =
      event(2, EventKind::class_changed, Class::B, "work/an/unusually/long/way/to/the/checkout/.npmrc:1");
  stricter.old_class = Class::D;
  stricter.reason =
      "it lies beside the package.json of @acme/site, which is not among the 1,000 most downloaded packages";
  EventRow laxer = event(2, EventKind::class_changed, Class::C, "Dockerfile:2");
  laxer.old_class = Class::A;
  EventRow flags = event(2, EventKind::flags_changed, Class::D, ".npmrc:2");
  flags.old_flags.add(ScopeFlag::world_readable).add(ScopeFlag::publish);
  flags.flags.add(ScopeFlag::publish).add(ScopeFlag::dead);
  EventRow unclassed = event(3, EventKind::went, Class::A, "a:1");
  unclassed.klass.reset();
  return {came,     secret, event(2, EventKind::returned, Class::A, "b:1"), rotated,  moved, moved_far, laxer,
          stricter, flags,  event(2, EventKind::went, Class::A, "c:1"),     unclassed};
}

std::string written(EventWriter& writer, const StringOutput& output, const std::vector<EventRow>& rows) {
  writer.begin(kHead);
  for (const EventRow& row : rows) writer.event(row);
  writer.end();
  return output.text;
}

std::string drawn(const std::vector<EventRow>& rows, const EventTable::Options& options = {}) {
  StringOutput output;
  EventTable table(options, output);
  return written(table, output, rows);
}

TEST_CASE("what changed, for people") {
  check_golden("diff.txt", drawn(events()));
  check_golden("diff-wide.txt", drawn(events(), {.terminal = {.width = 130, .color = false}}));
  check_golden("diff-color.txt", drawn(events(), {.terminal = {.width = 80, .color = true}}));
}

TEST_CASE("what changed, for programs") {
  StringOutput output;
  EventJsonWriter json(output);
  check_golden("diff.json", written(json, output, events()));
  StringOutput lines_output;
  EventLinesWriter lines(lines_output);
  check_golden("diff.jsonl", written(lines, lines_output, events()));
}

TEST_CASE("nothing changed") {
  CHECK(drawn({}) == "Nothing changed from 2026-11-20T05:00:00Z to 2026-11-22T05:00:00Z.\n");
  StringOutput output;
  EventJsonWriter json(output);
  CHECK(written(json, output, {}) ==
        R"({"schema_version":1,"since":"2026-11-20T05:00:00Z","until":"2026-11-22T05:00:00Z","events":[)"
        "\n]}\n");
}

TEST_CASE("the worst stands on top, whatever the order of arrival") {
  std::vector<EventRow> rows = events();
  const std::string text = drawn(rows);
  std::stable_sort(rows.begin(), rows.end(), [](const EventRow& a, const EventRow& b) { return a.id > b.id; });
  std::stable_sort(rows.begin(), rows.end(), [](const EventRow& a, const EventRow& b) { return a.sweep < b.sweep; });
  CHECK(drawn(rows) == text);
  CHECK(text.find("D to B") < text.find("came back"));
}

TEST_CASE("more events than fit are counted, and the worst are shown") {
  std::vector<EventRow> rows;
  for (int i = 0; i < 100; ++i) rows.push_back(event(1, EventKind::came, Class::D, fmt::format("{:02}/.npmrc:1", i)));
  rows.push_back(event(1, EventKind::came, Class::A, "last/.npmrc:1"));
  const std::string text = drawn(rows, {.terminal = {}, .max_events = 3});
  CHECK(text.find("last/.npmrc:1") < text.find("00/.npmrc:1"));
  CHECK(text.find("02/.npmrc:1") == std::string::npos);
  CHECK(text.find("… and 98 more events") != std::string::npos);
  CHECK(text.find("101 came") != std::string::npos);
}

TEST_CASE("no event is wider than the terminal") {
  for (const std::size_t width : {60U, 80U, 110U, 160U}) {
    const std::string text = drawn(events(), {.terminal = {.width = width, .color = false}});
    for (std::size_t begin = 0; begin < text.size();) {
      const std::size_t end = text.find('\n', begin);
      const std::string line = text.substr(begin, end - begin);
      CAPTURE(line);
      CHECK(display_width(line) <= width);
      CHECK(!line.ends_with(' '));
      begin = end + 1;
    }
  }
}

}  // namespace
