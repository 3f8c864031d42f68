#include "rules/rule_set.hpp"

#include <doctest/doctest.h>

#include <string>
#include <thread>
#include <vector>

#include "rules/templates.hpp"
#include "tests/rules/support.hpp"

using namespace tokensweep;
using namespace tokensweep::test;

namespace {

RuleSet compile(std::string_view text) {
  auto file = parse(text);
  REQUIRE(file);
  auto rules = RuleSet::compile(std::move(*file));
  REQUIRE(rules);
  return std::move(*rules);
}

std::string rule(std::string_view regex, std::string_view more = "") {
  return "[[rules]]\nid = 'a'\nregex = '''" + std::string(regex) + "'''\n" + std::string(more) + "\n";
}

}  // namespace

TEST_CASE("matches and secrets are gitleaks'") {
  using Found = std::vector<std::string>;
  const struct {
    std::string what;
    std::string rules;
    std::string text;
    Found found;
  } cases[] = {
      {"the whole match where there is no group", rule("k=[a-z]+"), "k=abc", {"a:k=abc"}},
      {"the first group that is not empty", rule("k=(x)?([a-z]+)"), "k=abc", {"a:abc"}},
      {"the whole match where all groups are empty", rule("k=(x)?"), "k=abc", {"a:k="}},
      {"secretGroup", rule("(k)=([a-z]+)", "secretGroup = 2"), "k=abc", {"a:abc"}},
      {"a secretGroup that took no part", rule("k=(x)?y", "secretGroup = 1"), "k=y", {"a:"}},
      {"and with an entropy to reach", rule("k=(x)?y", "secretGroup = 1\nentropy = 0.1"), "k=y", {}},
      {"matches do not overlap", rule("aba"), "ababa", {"a:aba"}},
      {"matches by position", rule("b+") + "[[rules]]\nid = 'c'\nregex = 'c'", "cbcb", {"c:c", "a:b", "c:c", "a:b"}},
      {"line breaks are trimmed off", rule("\\nk=[a-z]+\\n"), "\n\nk=abc\n\n", {"a:k=abc"}},
      {"the groups are those of the trimmed match alone", rule("\\n(k)=|(k=)"), "\nk=", {"a:k="}},
      {"a group that needs what was trimmed", rule("k=([a-z]+)\\n"), "k=abc\n", {"a:k=abc"}},
      {"^ is the text's beginning", rule("^k"), "k\nk", {"a:k"}},
      {"empty matches go on behind the next character", rule("x*"), "é", {"a:", "a:"}},
      {"but not right behind a match", rule("x*"), "xx", {"a:xx"}},
      {"entropy has to be more than the threshold", rule("k=([a-z]+)", "entropy = 1"), "k=ab k=abc", {"a:abc"}},
      {"characters are counted, not bytes", rule("<.{3}>"), "<äöü> <äö>", {"a:<äöü>"}},
      {"an invalid byte is a character", rule("<.{3}>"), "<\xff\xfe\xe9>", {"a:<\xff\xfe\xe9>"}},
      {"one that no class of letters takes", rule("<\\w>|\\b[a-z]\\b"), "<\xff> \xe9x\xff", {"a:x"}},
      {"(?i) folds as in Unicode", rule("(?i)key=[a-z]+"), "\u212aEY=abc", {"a:\u212aEY=abc"}},
      {"a NUL is a character like any other", rule("k.[a-z]"), std::string("k\0b", 3), {std::string("a:k\0b", 5)}},
      {"the rule's own allow list",
       rule("k=([a-z]+)", "[[rules.allowlists]]\nstopwords = ['sample']"),
       "k=asample k=b",
       {"a:b"}},
      {"the file's", rule("k=([a-z]+)") + "[[allowlists]]\nregexes = ['^b']", "k=a k=b", {"a:a"}},
      {"the file's for another rule",
       rule("k=([a-z]+)") + "[[rules]]\nid='o'\nregex='o'\n[[allowlists]]\ntargetRules=['o']\nregexes=['b']",
       "k=b",
       {"a:b"}},
      {"a line that an allow list names",
       rule("k=([a-z]+)", "[[rules.allowlists]]\nregexTarget='line'\nregexes=['^# ']"),
       "# k=a\nk=b",
       {"a:b"}},
      {"a generic rule gives way on the same line",
       rule("k=([a-z]+)") + "[[rules]]\nid='my-Generic'\nregex='=([a-z])'",
       "k=abc\nx=a",
       {"a:abc", "my-Generic:a"}},
  };
  for (const auto& c : cases) {
    CAPTURE(c.what);
    CHECK(found(compile(c.rules), c.text) == c.found);
  }
}

TEST_CASE("paths decide as in gitleaks") {
  const std::string both = rule("k", "path = '\\.env$'");
  const std::string only = "[[rules]]\nid = 'p'\npath = '\\.p12$'\n";
  using Found = std::vector<std::string>;
  const struct {
    std::string what;
    std::string rules;
    std::string path;
    Found found;
  } cases[] = {
      {"a rule with a path, on it", both, "a/.env", {"a:k"}},
      {"on another", both, "a/env", {}},
      {"without any", both, "", {}},
      {"a rule for paths only", only, "a/b.p12", {"p:"}},
      {"on another path", only, "a/b.txt", {}},
      {"a path that the file allows", rule("k") + "[[allowlists]]\npaths=['^docs/']\n", "docs/x", {}},
      {"a path that the rule allows", rule("k", "[[rules.allowlists]]\npaths=['^docs/']"), "docs/x", {}},
      {"a path that a targeted list allows",
       rule("k") + "[[allowlists]]\ntargetRules=['a']\npaths=['^docs/']\n",
       "docs/x",
       {}},
      {"AND needs the rest as well",
       rule("k", "[[rules.allowlists]]\ncondition='AND'\npaths=['^docs/']\nregexes=['x']"),
       "docs/x",
       {"a:k"}},
  };
  for (const auto& c : cases) {
    CAPTURE(c.what);
    CHECK(found(compile(c.rules), "k", c.path) == c.found);
  }
}

TEST_CASE("only candidates are tried") {
  const RuleSet rules = compile(rule("k") + "[[rules]]\nid = 'b'\nregex = 'k'");
  const std::vector<std::uint32_t> second = {1};
  auto matches = rules.match("k", "", second);
  REQUIRE(matches);
  REQUIRE(matches->size() == 1);
  CHECK(matches->front().rule == 1);
  CHECK(rules.match("k", "", {})->empty());
}

TEST_CASE("offsets are those of the text, invalid bytes included") {
  const RuleSet rules = compile(rule("k=([a-z]+)"));
  const std::string text = "\xff\xfe k=abc";
  auto matches = rules.match(text, "", every_rule(rules));
  REQUIRE(matches);
  REQUIRE(matches->size() == 1);
  CHECK(matches->front().begin == 3);
  CHECK(matches->front().secret_begin == 5);
  CHECK(matches->front().end == text.size());
}

TEST_CASE("a valid checksum overrules a rule's own lists and entropy, not the user's") {
  const std::string own = rule("npm_[A-Za-z0-9]{36}",
                               "entropy = 9\n[[rules.allowlists]]\nregexes=['.']\n"
                               "[rules.tokensweep]\nchecksum='crc32-base62'\n");
  const std::string good = fill_template("{npm:1}");
  const RuleSet rules = compile(own);
  auto matches = rules.match(good + fill_template(" {npm-bad:2}"), "", every_rule(rules));
  REQUIRE(matches);
  REQUIRE(matches->size() == 1);
  CHECK(matches->front().checksum == Checksum::valid);
  CHECK(found(compile(own + "[[allowlists]]\nregexes=['^npm_']\n"), good).empty());
  CHECK(found(compile(own + "[[allowlists]]\npaths=['x']\n"), good, "x").empty());
}

TEST_CASE("the digest tells rules apart and nothing else") {
  const std::string a = compile(rule("k")).digest();
  CHECK(a.size() == 64);
  CHECK(a == compile(rule("k", "description = 'words'")).digest());
  CHECK(a != compile(rule("l")).digest());
  CHECK(a != compile(rule("k", "entropy = 1")).digest());
  CHECK(a != compile(rule("k") + "[[allowlists]]\nstopwords=['x']").digest());
}

TEST_CASE("an expression that outgrows its memory still matches") {
  // As an automaton it has a state for each set of places that the last 200 characters leave open.
  auto file = parse(rule("[ab]*a[ab]{200}c"));
  REQUIRE(file);
  auto rules = RuleSet::compile(std::move(*file), {.memory = 1 << 20});
  REQUIRE(rules);
  std::string text;
  std::uint32_t random = 1;
  for (int i = 0; i < 20'000; ++i) text += (random = random * 1664525U + 1013904223U) >> 31U ? 'a' : 'b';
  CHECK(found(*rules, text + std::string(201, 'a') + "c").size() == 1);
  CHECK(found(*rules, text + "d").empty());
}

TEST_CASE("expressions are compiled once, whichever thread needs them first") {
  auto rules = RuleSet::compile(builtin_rules(), {.proven = true});
  REQUIRE(rules);
  const std::string text = fill_template("NPM_TOKEN={npm:1}");
  std::vector<std::size_t> counts(4);
  std::vector<std::thread> threads;
  for (std::size_t& count : counts) {
    threads.emplace_back([&] { count = found(*rules, text).size(); });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(counts == std::vector<std::size_t>(4, 1));
}

TEST_CASE("names of secrets have rules of their own") {
  auto rules = RuleSet::compile(builtin_rules());
  REQUIRE(rules);
  const std::vector<std::pair<std::string, bool>> cases = {
      {"NPM_TOKEN", true},          {"ACME_NPM_TOKEN", true}, {"npm_publish", true},     {"npmToken", true},
      {"acmeNpmToken", true},       {"NPMRC", true},          {"NODE_AUTH_TOKEN", true}, {"NPM_TOKEN_2", true},
      {"RELEASE_PNPM_TOKEN", true}, {"NPM_EMAIL", false},     {"NPM_USERNAME", false},   {"NPM_REGISTRY", false},
      {"AWS_SECRET", false},        {"SNPMAP", false},        {"snpmap", false},         {"", false},
      {"NPMX_TOKEN", false},        {"GITHUB_TOKEN", false},
  };
  for (const auto& [name, expected] : cases) {
    CAPTURE(name);
    CHECK(rules->named(name).has_value() == expected);
  }
  CHECK(found(*rules, "NPM_TOKEN: which is a name").empty());
}
