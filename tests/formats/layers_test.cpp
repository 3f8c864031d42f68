#include "formats/layers.hpp"

#include <doctest/doctest.h>

#include <string>

#include "tests/support/tokens.hpp"

namespace {

using namespace tokensweep;
using tokensweep::testing::base64;

/// The place of a group of four in which the character at `at` stands, for base64 that begins at `begin`.
unsigned phase_of(std::size_t at, std::size_t begin) { return static_cast<unsigned>((at - begin) % 4); }

TEST_CASE("base64 is decoded from any of its characters") {
  const std::string plain = "//registry.corp.example/:_authToken=value-of-a-token\n";
  const std::string encoded = base64(plain);
  const struct {
    const char* what;
    std::string before;
    std::string after;
  } cases[] = {
      {"alone", "", ""},
      {"in YAML", "data:\n  .npmrc: ", "\n"},
      {"behind a key", "_auth=", " # comment"},
      {"in quotes", "\"", "\""},
  };
  for (const auto& c : cases) {
    CAPTURE(c.what);
    const std::string text = c.before + encoded + c.after;
    for (std::size_t at = c.before.size(); at < c.before.size() + 60; ++at) {
      const auto layer = open_base64(text, at, phase_of(at, c.before.size()));
      REQUIRE(layer);
      CHECK(layer->text().find(plain.substr(0, plain.size() - 1)) == 0);
      CHECK(layer->outer_begin == c.before.size());
    }
  }
}

TEST_CASE("characters that belong to something in front are dropped by whole groups") {
  const std::string encoded = base64("a secret of some length");
  for (const std::string before : {"x", "xy", "path/", "abc/d"}) {
    CAPTURE(before);
    const std::string text = before + encoded;
    const auto layer = open_base64(text, before.size() + 4, 0);
    REQUIRE(layer);
    CHECK(layer->text().ends_with("a secret of some length"));
  }
}

TEST_CASE("wrapped base64 is one text; a line that is no wrapped line ends it") {
  const std::string plain(200, 'p');
  const std::string encoded = base64(plain);
  for (const std::size_t width : {std::size_t{64}, std::size_t{76}}) {
    for (const std::string line_break : {"\n", "\r\n", "\n    "}) {
      std::string wrapped;
      for (std::size_t at = 0; at < encoded.size(); at += width) wrapped += encoded.substr(at, width) + line_break;
      const std::size_t second_line = width + line_break.size() + 4;
      const auto layer = open_base64(wrapped, second_line, 0);
      REQUIRE(layer);
      CHECK(layer->text() == plain);
    }
  }
  const std::string words = "short\n" + base64("another text of some length") + "\nend";
  CHECK(open_base64(words, 10, 0)->text() == "another text of some length");
}

TEST_CASE("the URL-safe alphabet is base64 too, and what is too short is not") {
  CHECK(open_base64("_-_-_-_-_-_-", 0, 0)->size == 9);
  CHECK(!open_base64("YWJj", 0, 0));
  CHECK(!open_base64("", 0, 0));
}

TEST_CASE("decoding reaches a bounded distance") {
  const std::string huge(1'000'000, 'A');
  const auto layer = open_base64(huge, 500'000, 0);
  REQUIRE(layer);
  CHECK(layer->size <= 2 * kLayerReach);
}

TEST_CASE("UTF-16 in both byte orders, with and without a mark") {
  const std::string plain = "token=value\r\n";
  for (const bool big : {false, true}) {
    for (const bool mark : {false, true}) {
      std::string wide = mark ? (big ? "\xFE\xFF" : "\xFF\xFE") : "";
      for (const char letter : plain) {
        if (big) wide += '\0';
        wide += letter;
        if (!big) wide += '\0';
      }
      const auto layer = open_utf16(wide, wide.find('v'));
      REQUIRE(layer);
      CAPTURE(big);
      CHECK(layer->text().find("token=value") != std::string_view::npos);
    }
  }
  CHECK(!open_utf16(std::string("a\0", 2), 0));
  CHECK(!open_utf16("ab", 1));
}

TEST_CASE("a JSON document tells the place of its strings") {
  const std::string json = R"({"a": {"b/c": ["x", {"~": "found \"it\""}]}, "k": "found"} {"next": "found"})";
  std::vector<std::size_t> offsets;
  for (std::size_t at = json.find("found"); at != std::string::npos; at = json.find("found", at + 1))
    offsets.push_back(at);
  const auto strings = json_strings_at(json, offsets);
  REQUIRE(strings);
  REQUIRE(strings->size() == 3);
  CHECK((*strings)[0].pointer == "/a/b~1c/1/~0");
  CHECK((*strings)[0].has_escapes);
  CHECK(open_json_string(json, (*strings)[0]).text() == "found \"it\"");
  CHECK((*strings)[1].pointer == "/k");
  CHECK(!(*strings)[1].has_escapes);
  CHECK((*strings)[2].pointer == "/next");
}

TEST_CASE("what is no JSON has no places") {
  for (const std::string json : {"{\"a\": \"b", "{]", "[\"a\n\"]", "}", "{\"a\" \"b\"", ",", "[1,2", "\x01"}) {
    CAPTURE(json);
    CHECK(!json_strings_at(json, {2}));
  }
  CHECK(!json_strings_at(std::string(1000, '['), {0}));
  CHECK(may_be_json(" \n{"));
  CHECK(may_be_json("\xEF\xBB\xBF["));
  CHECK(!may_be_json("x{"));
  CHECK(!may_be_json(""));
}

TEST_CASE("JSON's escapes are undone") {
  const struct {
    const char* what;
    std::string raw;
    std::string text;
  } cases[] = {
      {"short ones", R"(a\n\t\"\\\/b)", "a\n\t\"\\/b"},
      {"a code point", R"(\u006epm_)", "npm_"},
      {"two bytes", R"(\u00e9)", "\xC3\xA9"},
      {"a pair", R"(\ud83d\ude00)", "\xF0\x9F\x98\x80"},
      {"half a pair", R"(\ud83d!)", "\xEF\xBF\xBD!"},
      {"no hexadecimal", R"(\u00zz)", "u00zz"},
      {"one at the end", "a\\", "a\\"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.what);
    const JsonString whole{.begin = 0, .end = c.raw.size()};
    CHECK(open_json_string(c.raw, whole).text() == c.text);
  }
}

}  // namespace
