#include "scanner/text_search.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "rules/rule_file.hpp"
#include "tests/support/tokens.hpp"

namespace {

using namespace tokensweep;
using tokensweep::testing::base64;
using tokensweep::testing::npm_token;
using tokensweep::testing::uuid;

const Detector& default_detector() {
  static const Detector detector = [] {
    auto rules = RuleSet::compile(builtin_rules(), {.proven = true});
    REQUIRE(rules);
    auto made = Detector::make(std::move(*rules));
    REQUIRE(made);
    return std::move(*made);
  }();
  return detector;
}

/// Everything found in a whole text: `kind value inner` by position.
std::vector<std::string> found_in(std::string_view bytes, const Detector& detector = default_detector()) {
  TextSearch search(detector);
  std::vector<LiteralHit> hits;
  search.literals(bytes, hits);
  std::vector<Finding> findings;
  REQUIRE(search.search({.bytes = bytes, .path = "file", .is_whole = true}, hits, findings));
  std::vector<std::string> all;
  for (const Finding& finding : findings) {
    all.push_back(detector.rules.rules()[finding.rule].kind + " " + std::string(finding.value.reveal()) + " " +
                  finding.inner);
  }
  return all;
}

std::string utf16(std::string_view text) {
  std::string wide = "\xFF\xFE";
  for (const char letter : text) wide.append(1, letter).append(1, '\0');
  return wide;
}

TEST_CASE("tokens are found in each layer, with the place inside it") {
  const std::string token = npm_token(1);
  const std::string other = npm_token(2);
  const std::string id = uuid(3);
  const struct {
    const char* what;
    std::string text;
    std::vector<std::string> found;
  } cases[] = {
      {"nothing", "just words", {}},
      {"a bare token", token, {"npm-token " + token + " "}},
      {"two in a row", token + " " + other, {"npm-token " + token + " ", "npm-token " + other + " "}},
      {"glued to the left", "x" + token, {}},
      {"glued to the right", token + "x", {}},
      {"in base64", base64("a=" + token + "\n"), {"npm-token " + token + " !base64:1"}},
      {"on the third line in base64", base64("a\nb\n" + token + "\n"), {"npm-token " + token + " !base64:3"}},
      {"in base64 in base64", base64(base64("x " + token)), {"npm-token " + token + " !base64:1!base64:1"}},
      {"in UTF-16", utf16("a\r\nb=" + token), {"npm-token " + token + " !utf-16:2"}},
      {"in JSON", R"({"a":["x",{"b":")" + token + R"("}]})", {"npm-token " + token + " !json:/a/1/b"}},
      {"in a file inside JSON",
       R"({"npmrc":"registry=x\n//r.example.test/:_authToken=)" + token + R"(\n"})",
       {"npm-token " + token + " !json:/npmrc:2"}},
      {"in base64 inside JSON",
       R"({"data":{".npmrc":")" + base64("//r.example.test/:_authToken=" + id + "\n") + R"("}})",
       {"npm-legacy-token " + id + " !json:/data/.npmrc!base64:1"}},
      {"hidden by an escape", R"({"t":"\u006epm_)" + token.substr(4) + R"("})", {}},
      {"behind NUL bytes", std::string(100, '\0') + token + std::string(10, '\0'), {"npm-token " + token + " "}},
      {"beside invalid UTF-8", "\xff\xfe\x80 " + token + " \xc3", {"npm-token " + token + " "}},
  };
  for (const auto& c : cases) {
    CAPTURE(c.what);
    CHECK(found_in(c.text) == c.found);
  }
}

TEST_CASE("a setting's registry and name are read from its line, and a comment is one") {
  TextSearch search(default_detector());
  const std::string text = "first\n  # //Registry.corp.example:8443/npm/:_authToken=" + uuid(1) + "\n";
  std::vector<LiteralHit> hits;
  search.literals(text, hits);
  std::vector<Finding> findings;
  REQUIRE(search.search({.bytes = text, .path = {}, .is_whole = true}, hits, findings));
  REQUIRE(findings.size() == 1);
  CHECK(findings[0].registry == "registry.corp.example:8443/npm");
  CHECK(findings[0].key == "_authToken");
  CHECK(findings[0].commented_out);
}

TEST_CASE("a match that a text's cut end touches waits for the rest") {
  const std::string token = npm_token(4);
  TextSearch search(default_detector());
  std::vector<LiteralHit> hits;
  std::vector<Finding> findings;
  search.literals(token, hits);
  REQUIRE(search.search({.bytes = token, .path = {}, .cut_behind = true}, hits, findings));
  CHECK(findings.empty());
  REQUIRE(search.search({.bytes = token, .path = {}, .cut_in_front = true}, hits, findings));
  CHECK(findings.empty());
  REQUIRE(search.search({.bytes = token, .path = {}}, hits, findings));
  CHECK(findings.size() == 1);
}

TEST_CASE("rules without a length see the whole text, and rules without a literal every text") {
  RuleFile file;
  Rule far;
  far.id = "far";
  far.keywords = {"begin"};
  far.regex = "begin(?s:.)+end";
  Rule always;
  always.id = "always";
  always.regex = "zz([0-9]+)zz";
  file.rules = {far, always};
  auto rules = RuleSet::compile(file);
  REQUIRE(rules);
  const auto detector = Detector::make(std::move(*rules));
  REQUIRE(detector);
  const std::string text = "begin" + std::string(10'000, '-') + "end zz123zz";
  const auto found = found_in(text, *detector);
  REQUIRE(found.size() == 2);
  CHECK(found[0].size() > 10'000);
  CHECK(found[1].find("123") != std::string::npos);
}

TEST_CASE("hostile text costs what its length costs") {
  // Each would take minutes, or all memory, if something in it were done once for each of its parts.
  std::string repeated;
  for (int i = 0; i < 10'000; ++i) repeated += "bnBtXw";  // "npm_" in base64, over and over
  std::string nested = "npm_";
  for (int i = 0; i < 8; ++i) nested = base64(nested + nested);
  const std::string deep = std::string(100'000, '[') + "npm_";
  for (const std::string& text :
       {repeated, nested, deep, std::string(500'000, '"') + "npm_", std::string(300'000, '_') + "auth"}) {
    CHECK(found_in(text).empty());
  }
}

TEST_CASE("line breaks are counted in blocks of any size") {
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{1}, std::size_t{254}, std::size_t{255}, std::size_t{256}, std::size_t{5000}}) {
    CHECK(line_breaks(std::string(size, '\n')) == size);
    CHECK(line_breaks(std::string(size, 'x')) == 0);
  }
}

}  // namespace
