#include "formats/ini.hpp"

#include <doctest/doctest.h>

#include <optional>
#include <string>
#include <vector>

namespace {

using namespace tokensweep;
using Type = IniValue::Type;

struct Seen {
  std::optional<std::string> section;
  std::string key;
  Type type;
  std::string value;
  std::uint32_t line;
  bool appends;
  bool commented_out;
};

std::vector<Seen> read_all(std::string_view text) {
  std::vector<Seen> all;
  IniReader reader(text);
  IniLine line;
  while (reader.next(line)) {
    all.push_back({line.section ? std::optional(*line.section) : std::nullopt, std::string(line.key.reveal()),
                   line.value.type, std::string(line.value.text.reveal()), line.line, line.appends,
                   line.commented_out});
  }
  return all;
}

TEST_CASE("one line of ini, as npm's parser takes it") {
  struct Case {
    const char* what;
    std::string text;
    std::string key;
    Type type;
    std::string value;
  };
  const Case cases[] = {
      {"a key and a value", "a=b", "a", Type::text, "b"},
      {"the first equals sign divides", "a=b=c", "a", Type::text, "b=c"},
      {"space around both", " a \t= b ", "a", Type::text, "b"},
      {"JavaScript's spaces are spaces",
       "\xC2\xA0"
       "a=\xE3\x80\x80"
       "b\xEF\xBB\xBF",
       "a", Type::text, "b"},
      {"a byte-order mark before the first key is trimmed away",
       "\xEF\xBB\xBF"
       "a=b",
       "a", Type::text, "b"},
      {"no equals sign means true", "a", "a", Type::boolean, "true"},
      {"a colon divides nothing", "//r/:_authToken: y", "//r/:_authToken: y", Type::boolean, "true"},
      {"nothing behind the equals sign", "a=", "a", Type::text, ""},
      {"true", "a=true", "a", Type::boolean, "true"},
      {"false in double quotes", "a=\"false\"", "a", Type::boolean, "false"},
      {"null", "a = null", "a", Type::null, "null"},
      {"a number stays text", "a=12", "a", Type::text, "12"},
      {"a semicolon ends the value anywhere", "a=tok;old", "a", Type::text, "tok"},
      {"so does a hash", "a=tok # old", "a", Type::text, "tok"},
      {"unless a backslash stands before", "a=x\\;y\\#z\\\\", "a", Type::text, "x;y#z\\"},
      {"other backslashes stay", "a=\\n\\x\\", "a", Type::text, "\\n\\x\\"},
      {"double quotes are JSON", R"(a="x;y\u00e9\n\ud83d\ude00")", "a", Type::text, "x;y\xC3\xA9\n\xF0\x9F\x98\x80"},
      {"half a surrogate pair", R"(a="\ud83d")", "a", Type::text, "\xEF\xBF\xBD"},
      {"bad JSON in double quotes keeps the quotes", R"(a="x\y")", "a", Type::text, R"("x\y")"},
      {"a tab is bad JSON", "a=\"x\ty\"", "a", Type::text, "\"x\ty\""},
      {"single quotes around what is no JSON come off", "a='x;y'", "a", Type::text, "x;y"},
      {"single quotes around a JSON string", "a='\"x\"'", "a", Type::text, "x"},
      {"single quotes around a number", "a='12'", "a", Type::json, "12"},
      {"single quotes around a list", "a='[1, {\"b\": null}]'", "a", Type::json, "[1, {\"b\": null}]"},
      {"single quotes around no list", "a='[1,]'", "a", Type::text, "[1,]"},
      {"single quotes around true", "a='true'", "a", Type::boolean, "true"},
      {"a lone single quote", "a='", "a", Type::text, ""},
      {"a lone double quote", "a=\"", "a", Type::text, "\""},
      {"a quote that does not close", "a=\"b", "a", Type::text, "\"b"},
      {"a comment behind the quotes takes them back", "a=\"b\" ; c", "a", Type::text, "\"b\""},
      {"a quoted key", "\"//r/:_authToken\" = b", "//r/:_authToken", Type::text, "b"},
      {"a key is unescaped", "a\\;b;c=d", "a;b", Type::text, "d"},
      {"a section's head with space before it is none", " [a]", "[a]", Type::boolean, "true"},
      {"nor with text behind it", "[a] b", "[a] b", Type::boolean, "true"},
      {"two brackets are too short for a list", "[]=x", "[]", Type::text, "x"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.what);
    const auto all = read_all(c.text);
    REQUIRE(all.size() == 1);
    CHECK(all[0].key == c.key);
    CHECK(all[0].type == c.type);
    CHECK(all[0].value == c.value);
    CHECK(!all[0].section);
    CHECK(!all[0].commented_out);
  }
}

TEST_CASE("lines that ini passes over") {
  for (const std::string text : {"", " ", "; a", "# a", " \t; a", "=b", "\xEF\xBB\xBF",
                                 "a=b\xE2\x80\xA8"
                                 "c",
                                 "[a]"}) {
    CAPTURE(text);
    CHECK(read_all(text).empty());
  }
}

TEST_CASE("line numbers count every kind of line break once") {
  const auto all = read_all("a=1\r\n\r\nb=2\rc=3\n\nd=4\n\re=5");
  REQUIRE(all.size() == 5);
  const std::uint32_t lines[] = {1, 3, 4, 6, 8};
  for (std::size_t i = 0; i < all.size(); ++i) CHECK(all[i].line == lines[i]);
}

TEST_CASE("sections, lists and comments are told apart") {
  const auto all = read_all("a[]=1\n[s.t;u] \nb=2\n;c=3\n['q']\n d[] = 4\n");
  REQUIRE(all.size() == 4);
  CHECK((all[0].key == "a" && all[0].appends && !all[0].section));
  CHECK((all[1].key == "b" && all[1].section == "s.t"));
  CHECK((all[2].key == "c" && all[2].commented_out && all[2].value == "3"));
  CHECK((all[3].key == "d" && all[3].appends && all[3].section == "q"));
}

}  // namespace
