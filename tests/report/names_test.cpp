#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cstdint>
#include <random>
#include <string>
#include <string_view>

#include "report/events.hpp"
#include "report/show.hpp"
#include "report/summary.hpp"
#include "report/table.hpp"
#include "report/writer.hpp"
#include "tests/report/rows.hpp"

namespace {

using namespace tokensweep;
using namespace tokensweep::testing;

constexpr int kNames = 65'536;

/// Whether a terminal only shows `text` and obeys none of it. Written apart from base/text, so that one mistake is not
/// made twice: it knows few ranges and reads UTF-8 the slow way.
bool only_shows(std::string_view text, std::string_view also_allowed) {
  for (std::size_t i = 0; i < text.size();) {
    const auto byte = static_cast<std::uint8_t>(text[i]);
    if (byte < 0x80) {
      if ((byte < 0x20 || byte == 0x7F) && also_allowed.find(text[i]) == std::string_view::npos) return false;
      ++i;
      continue;
    }
    const std::size_t more = byte >= 0xF0 ? 3 : byte >= 0xE0 ? 2 : 1;
    if (byte < 0xC2 || byte > 0xF4 || i + more >= text.size()) return false;
    std::uint32_t value = byte & (0x3FU >> more);
    for (std::size_t k = 1; k <= more; ++k) {
      const auto next = static_cast<std::uint8_t>(text[i + k]);
      if (next < 0x80 || next > 0xBF) return false;
      value = value * 64 + (next & 0x3FU);
    }
    const bool control = value < 0xA0;
    const bool separator = value == 0x2028 || value == 0x2029;
    const bool reorders = (value >= 0x202A && value <= 0x202E) || (value >= 0x2066 && value <= 0x2069) ||
                          value == 0x200E || value == 0x200F || value == 0x61C;
    const bool invisible = (value >= 0x200B && value <= 0x200D) || value == 0xFEFF || value == 0xAD || value >= 0xE0000;
    const bool surrogate = value >= 0xD800 && value <= 0xDFFF;
    if (control || separator || reorders || invisible || surrogate) return false;
    i += more + 1;
  }
  return true;
}

/// Names that a file system or a server may hold: every byte pair comes up, and pieces that do harm in a terminal.
class Names {
 public:
  std::string next() {
    static constexpr std::string_view kPieces[] = {"\x1b[2J",
                                                   "\x1b]0;title\x07",
                                                   "\n",
                                                   "\r",
                                                   "\t",
                                                   "\u202E",
                                                   "\u2066",
                                                   "\u200B",
                                                   "\uFEFF",
                                                   "\u2028",
                                                   "\u0085",
                                                   "\xC2\x9B",
                                                   "\xFF",
                                                   "\xC0\x80",
                                                   "\xED\xA0\x80",
                                                   "\xE2\x82",
                                                   "npmrc",
                                                   "日本",
                                                   "é",
                                                   "\\x1b",
                                                   "\\u{1}",
                                                   "\U000E0041",
                                                   " ",
                                                   "=",
                                                   "\"",
                                                   "'",
                                                   "\\",
                                                   "\x7f",
                                                   ".",
                                                   "/"};
    std::string name;
    name.push_back(static_cast<char>(count_ & 0xFF));
    name.push_back(static_cast<char>(count_ >> 8));
    ++count_;
    const std::size_t pieces = random_() % 6;
    for (std::size_t i = 0; i < pieces; ++i) {
      name.append(kPieces[random_() % std::size(kPieces)]);
      name.push_back(static_cast<char>(random_()));
    }
    return name;
  }

 private:
  unsigned count_ = 0;
  std::mt19937 random_{65536};
};

HitRow named(Names& names) {
  HitRow row = file_row("t0123456789abcdef", names.next());
  row.hit.id = names.next();
  row.hit.store = names.next();
  row.hit.reason = names.next();
  row.hit.rule = names.next();
  row.hit.kind = names.next();
  row.hit.name = names.next();
  row.hit.preview = names.next();
  row.hit.registry = names.next();
  return row;
}

TEST_CASE("no name gets through the table as anything but text") {
  Names names;
  for (int i = 0; i < kNames / 8 / 16; ++i) {
    StringOutput output;
    SweepTable table({.terminal = {}, .list_unread = i % 2 == 0}, output);
    for (int k = 0; k < 16; ++k) {
      HitRow row = named(names);
      row.token = fmt::format("t{}", k % 12);
      if (k % 5 == 0) row.hit.scope.add(ScopeFlag::reference);
      table.row(computed(row));
      table.gap({names.next(), names.next(), k % 2 == 0});
    }
    table.end({.inventory = names.next(), .default_inventory = false});
    REQUIRE(only_shows(output.text, "\n"));
  }
}

TEST_CASE("no name gets through show as anything but text") {
  Names names;
  for (int i = 0; i < kNames / 9; ++i) {
    const HitRow row = named(names);
    const EachHit each = [&](const HitQuery&, const std::function<bool(const HitRow&)>& visit) {
      visit(row);
      return Result<>();
    };
    StringOutput output;
    REQUIRE(bool(show_token("t01", each, {kNow, {}, {}}, output)));
    REQUIRE(only_shows(output.text, "\n"));
  }
}

EventRow named_event(Names& names, EventKind kind) {
  EventRow event;
  event.kind = kind;
  event.id = names.next();
  event.source = names.next();
  event.source_name = names.next();
  event.store = names.next();
  event.locator = names.next();
  event.name = names.next();
  event.preview = names.next();
  event.old_preview = names.next();
  event.old_store = names.next();
  event.old_locator = names.next();
  event.reason = names.next();
  return event;
}

TEST_CASE("no name gets through diff as anything but text") {
  Names names;
  StringOutput table_output;
  EventTable table({.terminal = {}, .max_events = kNames}, table_output);
  StringOutput json_output;
  EventJsonWriter json(json_output);
  for (EventWriter* writer : std::initializer_list<EventWriter*>{&table, &json}) {
    writer->begin({kNow, kNow});
    for (int i = 0; i < kNames / 12; ++i) writer->event(named_event(names, static_cast<EventKind>(i % 7)));
    writer->end();
  }
  CHECK(only_shows(table_output.text, "\n"));
  CHECK(only_shows(json_output.text, "\n"));
}

TEST_CASE("no name gets through the report as anything but text") {
  Names names;
  for (int i = 0; i < kNames / 9 / 16; ++i) {
    StringOutput output;
    Summary summary({.terminal = {.utf8 = true}, .now = kNow}, output);
    for (int k = 0; k < 16; ++k) {
      HitRow row = named(names);
      row.token = fmt::format("t{}", k);
      row.hit.scope.add(ScopeFlag::classic).add(k % 3 == 0 ? ScopeFlag::unfound : ScopeFlag::bypass_2fa);
      summary.row(computed(row));
    }
    CoverageRow scope;
    scope.source = names.next();
    scope.store = names.next();
    scope.reason = names.next();
    const SweepInfo sweep{.started_at = kNow, .version = names.next()};
    summary.end(
        {.sweeps = {&sweep, 1}, .coverage = {&scope, 1}, .inventory = names.next(), .default_inventory = false});
    REQUIRE(only_shows(output.text, "\n"));
  }
}

TEST_CASE("no name gets through an export as anything but text") {
  for (const ExportFormat format : {ExportFormat::csv, ExportFormat::json, ExportFormat::jsonl, ExportFormat::sarif}) {
    Names names;
    StringOutput output;
    const auto writer = make_writer(format, output);
    writer->begin({kNow, {}});
    for (int i = 0; i < kNames / 9; ++i) {
      const HitRow row = named(names);
      writer->row(computed(row));
    }
    writer->end();
    CHECK(only_shows(output.text, "\r\n"));
  }
}

TEST_CASE("the check itself can say no") {
  for (const char* text : {"\x1b", "\u202E", "\xFF", "\u0085", "\u200B", "\u2028", "\xE2\x82"})
    CHECK(!only_shows(text, "\n"));
  CHECK(only_shows("日本 é …\n", "\n"));
}

}  // namespace
