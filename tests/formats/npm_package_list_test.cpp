#include "formats/npm_package_list.hpp"

#include <doctest/doctest.h>

#include <string>

#include "tests/support/tokens.hpp"

namespace {

using namespace tokensweep;

std::string names_in(const std::string& text) {
  const auto packages = read_npm_package_list(text, "acme");
  if (!packages) return "error: " + packages.error().what;
  std::string names;
  for (const WritablePackage& package : *packages) {
    CHECK(package.account == "acme");
    names += (names.empty() ? "" : " ") + package.name;
  }
  return names;
}

TEST_CASE("packages that can be written, from each form of the list") {
  struct Case {
    const char* what;
    std::string text;
    std::string names;
  };
  const Case cases[] = {
      {"npm 9 to 12, and npm 6 to 8",
       R"({"@acme/site": "read-write", "@acme/x": "read-only", "left-pad": "read-write"})", "@acme/site left-pad"},
      {"a registry's own words", R"({"b": "write", "a": "write", "c": "read"})", "b a"},
      {"an empty list", "{}\n", ""},
      {"an empty list of npm 6 to 8", "null\n", ""},
      {"packages called error and message", R"({"error": "read-write", "message": "read-write"})", "error message"},
      {"npm 8's warning in front", "npm WARN access ls-packages subcommand will be removed\n{\"a\": \"write\"}", "a"},
      {"lines for people", "@acme/site: read-write\n@acme/x: read-only\nleft-pad: read-write\n", "@acme/site left-pad"},
      {"lines with CRLF and a mark",
       "\xEF\xBB\xBF"
       "a: read-write\r\nb: read-only\r\n",
       "a"},
      {"names, one a line", "a\n\n  @acme/b  \nc", "a @acme/b c"},
      {"a name twice", "a\nb\na\n", "a b"},
      {"a package that is called npm", "npm\nnpx", "npm npx"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.what);
    CHECK(names_in(c.text) == c.names);
  }
}

TEST_CASE("what is no list of packages is refused, and never quoted") {
  const std::string refusal = "error: the registry's refusal instead of a list; log in with `npm login` and ask again";
  const std::string other =
      "error: no object of names and rights; expected what `npm access list packages NAME --json` prints";
  struct Case {
    const char* what;
    std::string text;
    std::string message;
  };
  const Case cases[] = {
      {"a list of tokens", R"([{"token": "npm_aB"}])", other},
      {"a registry's refusal", R"({"error": "Unauthorized"})", refusal},
      {"the same in other words", R"({"message": "no"})", refusal},
      {"npm's report", R"({"error": {"code": "E404"}})",
       "error: npm failed with E404: the registry has no such list; check the name and --registry, then run "
       "`npm access list packages NAME --json`"},
      {"a right that we do not know", R"({"a": "read-write", "b": "admin"})",
       "error: package 2: expected the right read-write or read-only"},
      {"a right that is no text", R"({"a": true})", "error: package 1: expected the right read-write or read-only"},
      {"a name that npm would refuse", R"({"a": "read-write", "a b": "read-only"})",
       "error: package 2: no package's name"},
      {"a line that is cut off", "a: read-write\nb: read-wr",
       "error: line 2: expected the right read-write or read-only"},
      {"a line without its right", "a:\n", "error: line 1: expected the right read-write or read-only"},
      {"another right", "a: public\n", "error: line 1: expected the right read-write or read-only"},
      {"npm's table of tokens", "npm warn x\n\x1b[90m┌────\x1b[39m\n", "error: line 2: no package's name"},
      {"a web page", "<html></html>",
       "error: looks like a web page: a proxy or a login page answered; check --registry, then run "
       "`npm access list packages NAME --json`"},
      {"a settings file", "//npm.example.test/:_authToken=x\n", "error: line 1: no package's name"},
      {"a token", "a\n" + testing::npm_token(1) + "\n", "error: line 2: a token where a package's name should be"},
      {"a token of before 2021", testing::uuid(1), "error: line 1: a token where a package's name should be"},
      {"a token as a key", "{\"" + testing::npm_token(2) + "\": \"read-only\"}",
       "error: package 1: a token where a package's name should be"},
      {"cut off", R"({"a": "read-write",)",
       "error: the JSON ends in its middle, at line 1, column 20: the file was cut off; run "
       "`npm access list packages NAME --json` again"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.what);
    CHECK(names_in(c.text) == c.message);
  }
}

}  // namespace
