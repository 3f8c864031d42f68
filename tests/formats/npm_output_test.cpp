#include "formats/npm_output.hpp"

#include <doctest/doctest.h>

#include <boost/json.hpp>
#include <string>

#include "formats/package_name.hpp"
#include "tests/support/tokens.hpp"

namespace {

using namespace tokensweep;

constexpr std::string_view kCommand = "npm x";

std::string failure_of(std::string_view text) {
  const auto output = find_npm_output(text, kCommand);
  if (!output) return output.error().what;
  const auto document = parse_npm_json(*output, kCommand);
  return document ? "" : document.error().what;
}

TEST_CASE("the answer is found between npm's messages") {
  struct Case {
    const char* what;
    std::string text;
    std::string body;
    std::size_t first_line;
  };
  const Case cases[] = {
      {"alone", "[]\n", "[]", 1},
      {"without a line's end", "[]", "[]", 1},
      {"behind a byte-order mark", "\xEF\xBB\xBF[]", "[]", 1},
      {"behind empty lines", "\r\n\n  [1]", "  [1]", 3},
      {"behind warnings of npm 6 to 9", "npm WARN config x\nnpm WARN y\n[]\n", "[]", 3},
      {"behind warnings of npm 10 and later", "npm warn cli npm v12 does not support node\n[]", "[]", 2},
      {"before notices", "[\n]\nnpm notice\nnpm notice New major version of npm available!\n\n", "[\n]", 1},
      {"behind node's own warnings",
       "(node:16498) [DEP0060] DeprecationWarning: The API\n(Use `node --trace-deprecation ...` to show where)\n[]",
       "[]", 3},
      {"with CRLF", "npm warn x\r\n[\r\n]\r\n", "[\r\n]", 2},
      {"a package that is called npm", "npm: read-write\n", "npm: read-write", 1},
      {"npm alone", "npm\n", "npm", 1},
      {"another word of npm's is no message", "npm x\n", "npm x", 1},
  };
  for (const Case& c : cases) {
    CAPTURE(c.what);
    const auto output = find_npm_output(c.text, kCommand);
    REQUIRE(output);
    CHECK(output->body == c.body);
    CHECK(output->first_line == c.first_line);
  }
}

TEST_CASE("where there is no answer, the error says why and what to run") {
  const std::string report = R"({"error": {"code": "E401", "summary": "401 at length", "detail": ""}})";
  const std::string login = "npm failed with E401: nobody is logged in; run `npm login`, then `npm x`";
  struct Case {
    const char* what;
    std::string text;
    std::string message;
  };
  const Case cases[] = {
      {"nothing", "", "no list in it; read what npm says when you run `npm x`"},
      {"a mark alone", "\xEF\xBB\xBF", "no list in it; read what npm says when you run `npm x`"},
      {"empty lines", "\n\r\n \t\n", "no list in it; read what npm says when you run `npm x`"},
      {"nothing but messages", "npm warn a\nnpm notice b\n", "no list in it; read what npm says when you run `npm x`"},
      {"UTF-16", std::string("\xFF\xFE[\0]\0", 6),
       "UTF-16, as PowerShell 5 writes it; run `npm x` | Out-File -Encoding utf8 FILE"},
      {"a web page", "<!DOCTYPE html>\n<html>",
       "looks like a web page: a proxy or a login page answered; check --registry, then run `npm x`"},
      {"a web page behind a warning", "npm warn x\n  <html>",
       "looks like a web page: a proxy or a login page answered; check --registry, then run `npm x`"},
      {"npm's report", report, login},
      {"its messages, npm 6 to 9", "npm ERR! code E401\nnpm ERR! 401 Unauthorized\n", login},
      {"its messages, npm 10 and later", "npm error code E401\nnpm error 401 Unauthorized\n", login},
      {"both in one file", "npm ERR! code E401\n" + report + "\n\nnpm ERR! A complete log:\nnpm ERR!     /x", login},
      {"its messages behind a list", "[]\nnpm error code E401\n", login},
      {"a code that we do not know", R"({"error": {"code": "ESECRET"}})",
       "npm failed; read what it says when you run `npm x`"},
      {"a report without a code", R"({"error": {}})", "npm failed; read what it says when you run `npm x`"},
      {"a code that is no text", R"({"error": {"code": 401}})", "npm failed; read what it says when you run `npm x`"},
      {"cut off", "npm warn x\n[\n  {\"a\": \"b",
       "the JSON ends in its middle, at line 3, column 11: the file was cut off; run `npm x` again"},
      {"no JSON", "[\n  {a}\n]", "line 2, column 4: no JSON; expected what `npm x` prints"},
      {"too deep", std::string(100, '['), "line 1, column 33: no JSON; expected what `npm x` prints"},
      {"bytes that are no UTF-8", "[\"\xFF\"]", "line 1, column 3: no JSON; expected what `npm x` prints"},
      {"two lists", "[]\n[]\n", "line 2, column 1: something follows the list; keep each list in a file of its own"},
      {"words behind it", "[] x", "line 1, column 4: something follows the list; keep each list in a file of its own"},
      {"too large", std::string(kLargestNpmOutput + 1, ' '), "larger than 16 MiB, as no list of npm's is"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.what);
    CHECK(failure_of(c.text) == c.message);
  }
  CHECK(failure_of("[" + std::string(kLargestNpmOutput - 2, ' ') + "]").empty());
}

TEST_CASE("a whole token is told from what lists show of one") {
  const std::string token = testing::npm_token(1);
  CHECK(holds_npm_token(token));
  CHECK(holds_npm_token("npm_npm_ x" + token + "y"));
  CHECK_FALSE(holds_npm_token(token.substr(0, 39)));
  CHECK_FALSE(holds_npm_token(token.substr(0, 8) + "..." + token.substr(36)));
  CHECK_FALSE(holds_npm_token(""));
}

TEST_CASE("names of packages") {
  struct Case {
    const char* what;
    std::string name;
    bool is_one;
  };
  const Case cases[] = {
      {"a word", "left-pad", true},
      {"in a scope", "@acme/site.js", true},
      {"an old one, with capitals", "JSONStream", true},
      {"an old one, with signs", "a~b!('*')", true},
      {"the longest", std::string(214, 'a'), true},
      {"too long", std::string(215, 'a'), false},
      {"nothing", "", false},
      {"a scope alone", "@acme", false},
      {"a scope and nothing", "@acme/", false},
      {"no scope", "@/site", false},
      {"a path", "acme/site", false},
      {"two slashes", "@acme/a/b", false},
      {"in quotes", "\"left-pad\"", false},
      {"two words", "left pad", false},
      {"a pattern", "@acme/[ab]", false},
      {"a letter with an accent", "caf\xC3\xA9", false},
  };
  for (const Case& c : cases) {
    CAPTURE(c.what);
    CHECK(is_package_name(c.name) == c.is_one);
  }
}

}  // namespace
