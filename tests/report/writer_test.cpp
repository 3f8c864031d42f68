#include "report/writer.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "report/csv.hpp"
#include "tests/report/rows.hpp"

namespace {

using namespace tokensweep;
using namespace tokensweep::testing;

std::vector<SweepInfo> two_sweeps() {
  SweepInfo first{.id = 1,
                  .started_at = kNow - 48h,
                  .finished_at = kNow - 47h,
                  .state = SweepState::complete,
                  .version = "0.1.0",
                  .rules_digest = "ab12"};
  SweepInfo second{.id = 2,
                   .started_at = kNow - 1h,
                   .finished_at = {},
                   .state = SweepState::interrupted,
                   .version = "0.1.0",
                   .rules_digest = "ab12"};
  return {first, second};
}

std::string written(ExportFormat format, const std::vector<HitRow>& rows) {
  StringOutput output;
  const auto writer = make_writer(format, output);
  const std::vector<SweepInfo> sweeps = two_sweeps();
  writer->begin({kNow, sweeps});
  for (const HitRow& row : rows) writer->row(computed(row));
  writer->end();
  return output.text;
}

/// A minimal reader of what RFC 4180 allows; it stops the test at anything else.
std::vector<std::vector<std::string>> read_csv(std::string_view text) {
  std::vector<std::vector<std::string>> records(1);
  while (!text.empty()) {
    std::string cell;
    if (text.front() == '"') {
      text.remove_prefix(1);
      while (true) {
        const std::size_t quote = text.find('"');
        REQUIRE(quote != std::string_view::npos);
        cell.append(text.substr(0, quote));
        text.remove_prefix(quote + 1);
        if (text.front() != '"') break;
        cell.push_back('"');
        text.remove_prefix(1);
      }
    } else {
      const std::size_t end = text.find_first_of(",\r");
      cell = text.substr(0, end);
      REQUIRE(cell.find_first_of("\"\n") == std::string::npos);
      text.remove_prefix(end);
    }
    records.back().push_back(cell);
    if (text.front() == ',') {
      text.remove_prefix(1);
      continue;
    }
    REQUIRE(text.substr(0, 2) == "\r\n");
    text.remove_prefix(2);
    if (!text.empty()) records.emplace_back();
  }
  return records;
}

std::vector<HitRow> sample() {
  HitRow plain = file_row("t0123456789abcdef", "work/site/.npmrc:3", std::chrono::days{400});
  plain.hit.klass = Class::B;
  plain.hit.scope.add(ScopeFlag::publish).add(ScopeFlag::world_readable);
  HitRow odd = file_row("tfedcba9876543210", "a \"quoted\", odd\nname\\x41\xFF/.npmrc:1");
  odd.hit.registry.reset();
  odd.hit.created_at = Date{2026y / 1 / 2} + 3h + 4min + 5s;
  odd.state = State::gone;
  odd.gone_at = kNow;
  return {plain, odd, reference_row(".github/workflows/release.yml:12")};
}

TEST_CASE("exports look as they did") {
  check_golden("export.csv", written(ExportFormat::csv, sample()));
  check_golden("export.json", written(ExportFormat::json, sample()));
  check_golden("export.jsonl", written(ExportFormat::jsonl, sample()));
}

TEST_CASE("an export without hits is whole, too") {
  CHECK(written(ExportFormat::csv, {}).ends_with("rotate_by,overdue\r\n"));
  CHECK(written(ExportFormat::json, {}).ends_with("\n],\"hits\":[\n]}\n"));
  CHECK(written(ExportFormat::jsonl, {}).empty());
}

TEST_CASE("every CSV record has all columns, and cells read back as they were shown") {
  const auto records = read_csv(written(ExportFormat::csv, sample()));
  REQUIRE(records.size() == 4);
  for (const auto& record : records) CHECK(record.size() == columns().size());
  CHECK(records[2][8] == "a \"quoted\", odd\\x0aname\\x5cx41\\xff/.npmrc:1");
  CHECK(records[1][22] == "world-readable publish");
  CHECK(records[3][15].empty());
  CHECK(records[1][25] == "true");
}

TEST_CASE("text is a formula to some spreadsheet") {
  for (const char* text : {"=1", "+1", "-1", "@a", "\t=", "\rx", " =1", "\"=1", "'=1", " \"@x", "＝1", "＋1", "－1",
                           "＠a", "\u3000=1", "\u22121"}) {
    CAPTURE(text);
    CHECK(starts_formula(text));
  }
  for (const char* text : {"", "a=1", "1-2", "npm_a", "/home", "a@b", "'", " ", "\\x09=1"}) {
    CAPTURE(text);
    CHECK(!starts_formula(text));
  }
}

TEST_CASE("no text column of a CSV can begin a formula") {
  const std::vector<std::string> starts = {"=", "+", "-", "@", "\t", "\r"};
  using Set = void (*)(HitRow&, const std::string&);
  const std::vector<Set> text_columns = {
      [](HitRow& r, const std::string& t) { r.hit.id = t; },
      [](HitRow& r, const std::string& t) { r.hit.reason = t; },
      [](HitRow& r, const std::string& t) { r.hit.rule = t; },
      [](HitRow& r, const std::string& t) { r.hit.kind = t; },
      [](HitRow& r, const std::string& t) { r.hit.source = t; },
      [](HitRow& r, const std::string& t) { r.hit.store = t; },
      [](HitRow& r, const std::string& t) { r.hit.locator = t; },
      [](HitRow& r, const std::string& t) { r.hit.registry = t; },
      [](HitRow& r, const std::string& t) { r.token = t; },
      [](HitRow& r, const std::string& t) { r.hit.preview = t; },
  };
  for (const std::string& start : starts) {
    for (const std::string& before : {std::string(), std::string(" "), std::string("\""), std::string(" '\"")}) {
      for (const Set& set : text_columns) {
        HitRow row = file_row("t0123456789abcdef", "a:1");
        set(row, before + start + "cmd|' /C calc'!A0");
        for (const auto& record : read_csv(written(ExportFormat::csv, {row}))) {
          for (const std::string& cell : record) {
            CAPTURE(cell);
            CHECK((cell.starts_with('\'') || !starts_formula(cell)));
          }
        }
      }
    }
  }
}

}  // namespace
