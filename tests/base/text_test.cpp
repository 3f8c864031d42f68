#include "base/text.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <string_view>

namespace {

using tokensweep::counted;
using tokensweep::display_width;
using tokensweep::from_printable;
using tokensweep::grouped;
using tokensweep::kNoCap;
using tokensweep::printable;
using tokensweep::truncate_middle;

TEST_CASE("printable shows what a terminal would obey") {
  using namespace std::string_literals;
  const struct {
    const char* what;
    std::string text;
    std::string shown;
  } cases[] = {
      {"plain text stays", "/home/ann/.npmrc:3", "/home/ann/.npmrc:3"},
      {"nothing stays nothing", "", ""},
      {"other alphabets stay", "Größe/日本語/наука", "Größe/日本語/наука"},
      {"a clear-screen sequence", "a\x1b[2Jb", "a\\x1b[2Jb"},
      {"a line break, a tab, a carriage return", "a\nb\tc\rd", "a\\x0ab\\x09c\\x0dd"},
      {"NUL and DEL", "\0\x7f"s, "\\x00\\x7f"},
      {"a C1 control in UTF-8", "\xC2\x9B", "\\u{9b}"},
      {"the same byte bare", "\x9B", "\\x9b"},
      {"line and paragraph separators", "\u2028\u2029", "\\u{2028}\\u{2029}"},
      {"text that runs backwards", "exe\u202Egnp", "exe\\u{202e}gnp"},
      {"isolates and marks", "\u2066\u200F\u061C", "\\u{2066}\\u{200f}\\u{61c}"},
      {"zero width and byte-order mark", "\u200B\uFEFF", "\\u{200b}\\u{feff}"},
      {"a tag character", "\U000E0041", "\\u{e0041}"},
      {"a noncharacter", "\xEF\xBF\xBF", "\\u{ffff}"},
      {"an overlong slash", "\xC0\xAF", "\\xc0\\xaf"},
      {"a surrogate", "\xED\xA0\x80", "\\xed\\xa0\\x80"},
      {"above the last code point", "\xF4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"},
      {"a sequence that ends early", "a\xE2\x82", "a\\xe2\\x82"},
      {"a lead byte before a letter", "\xC3z", "\\xc3z"},
      {"a backslash stays", "C:\\users\\xavier", "C:\\users\\xavier"},
      {"a backslash that would read as an escape", "\\x1b", "\\x5cx1b"},
      {"and one that would read as the other", "\\u{1b}", "\\x5cu{1b}"},
      {"a backslash before an escape", "\\\x1b", "\\\\x1b"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.what);
    CHECK(printable(c.text) == c.shown);
  }
}

TEST_CASE("printable caps a text in its middle and keeps escapes whole") {
  const std::string capped = printable(std::string(300, 'a') + std::string(5000, 'b') + std::string(300, 'c'));
  CHECK(capped.size() == 511 + std::string_view("…").size());
  CHECK(capped.substr(0, 255) == std::string(255, 'a'));
  CHECK(capped.substr(capped.size() - 256) == std::string(256, 'c'));
  CHECK(printable(std::string(512, 'x')) == std::string(512, 'x'));
  CHECK(printable("\x01\x02\x03\x04", 10) == "\\x01…\\x04");
  CHECK(printable("日本語日本語", 5) == "日本…本語");
  CHECK(printable("abc", 1) == "…");
  CHECK(printable("abc", 0).empty());
  // Combining marks take no column, but they may not get past the cap either.
  std::string marks = "a";
  for (int i = 0; i < 5000; ++i) marks += "\u0301";
  CHECK(printable(marks).size() < 2 * 512 + 3);
}

TEST_CASE("without a cap every text can be restored") {
  std::mt19937 random(3);
  const std::string_view pieces[] = {"\\",   "x",    "1b",     "u{", "}",          "a",
                                     "\x1b", "\xFF", "\u202E", "é",  "\U000E0041", "\n"};
  std::uniform_int_distribution<std::size_t> piece(0, std::size(pieces) - 1);
  for (int i = 0; i < 20'000; ++i) {
    std::string text;
    for (int n = 0; n < 8; ++n) text += pieces[piece(random)];
    CAPTURE(i);
    REQUIRE(from_printable(printable(text, kNoCap)) == text);
  }
}

TEST_CASE("only what printable shows can be restored, and only as it spells it") {
  for (const std::string_view shown :
       {"", "a", "\\x1b", "\\u{202e}", "\\x5cx1b", "\\", "\\x", "\\\\x1b", "日本語", "\\u{e0041}"}) {
    CAPTURE(shown);
    const auto text = from_printable(shown);
    REQUIRE(text);
    CHECK(printable(*text, kNoCap) == shown);
  }
  for (const std::string_view shown :
       {"\x1b", "\n", "\xff", "\u202e", "\\x1B", "\\x41", "\\x5c", "\\u{41}", "\\u{202E}", "\\u{0202e}", "\\u{",
        "\\u{}", "\\u{110000}", "\\u{ffffffffff}", "\\u{d800}", "\\u{-1}", "a\\u{20 2e}", "\\xe2\\x80\\xae"}) {
    CAPTURE(shown);
    CHECK(!from_printable(shown));
  }
}

TEST_CASE("display_width counts columns") {
  const struct {
    std::string_view text;
    std::size_t width;
  } cases[] = {{"", 0},  {"abc", 3}, {"日本", 4}, {"é", 1},    {"e\u0301", 1},
               {"😀", 2}, {"…", 1},   {"ｱ", 1},    {"한글", 4}, {"\\x1b", 4}};
  for (const auto& c : cases) {
    CAPTURE(c.text);
    CHECK(display_width(c.text) == c.width);
  }
}

TEST_CASE("truncate_middle fits the width and keeps both ends") {
  const struct {
    std::string_view text;
    std::size_t width;
    std::string_view cut;
  } cases[] = {{"short", 10, "short"},
               {"exactly", 7, "exactly"},
               {"abcdefghij", 7, "abc…hij"},
               {"abcdefghij", 6, "ab…hij"},
               {"abc", 1, "…"},
               {"abc", 0, ""},
               {"日本語日本語", 6, "日…語"},
               {"a\\x1bbcdef", 6, "a…cdef"},
               {"\\u{202e}\\u{202e}", 12, "…\\u{202e}"}};
  for (const auto& c : cases) {
    CAPTURE(c.text);
    CHECK(truncate_middle(c.text, c.width) == c.cut);
    CHECK(display_width(truncate_middle(c.text, c.width)) <= c.width);
  }
}

TEST_CASE("long numbers have commas") {
  CHECK(grouped(0) == "0");
  CHECK(grouped(999) == "999");
  CHECK(grouped(1'000) == "1,000");
  CHECK(grouped(1'234'567) == "1,234,567");
}

TEST_CASE("one thing is no plural") {
  CHECK(counted(1, "place") == "1 place");
  CHECK(counted(2, "place") == "2 places");
  CHECK(counted(0, "entry", "entries") == "0 entries");
}

}  // namespace
