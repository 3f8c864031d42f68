#include "rules/rule_file.hpp"

#include <doctest/doctest.h>

#include <map>
#include <string>

#include "rules/rule_set.hpp"
#include "tests/rules/support.hpp"

using namespace tokensweep;
using namespace tokensweep::test;

namespace {

const std::string kRule = "[[rules]]\nid = \"acme\"\nregex = '''acme_[a-z]{8}'''\n";

Result<RuleFile> parse_with(const std::map<std::string, std::string>& files, const std::string& name) {
  const ReadFile read = [&](const std::string& path) -> Result<std::string> {
    const auto file = files.find(path);
    if (file == files.end()) return Error{ErrorKind::denied, "no such file"};
    return file->second;
  };
  return parse_rule_file(files.at(name), name, read);
}

}  // namespace

TEST_CASE("every key of gitleaks' own file is read") {
  auto file = parse(R"(
title = "rules"
description = "all keys"
minVersion = "v8.25.0"
[allowlist]
description = "old spelling"
paths = ['''\.png$''']
stopwords = ["sample"]
[[rules]]
id = "acme"
description = "an acme token"
regex = '''(acme)_([a-z]{8})'''
path = '''\.env$'''
secretGroup = 2
entropy = 2
keywords = ["ACME_"]
tags = ["one", "two"]
skipReport = false
[[rules.allowlists]]
condition = "and"
regexTarget = "line"
regexes = ["x"]
commits = []
[rules.tokensweep]
kind = "acme-token"
checksum = "crc32-base62"
literals = ["acme_"]
max_length = 64
shape = "acme_[a-z]{8}"
)");
  REQUIRE(file);
  REQUIRE(file->rules.size() == 1);
  const Rule& rule = file->rules[0];
  CHECK(file->title == "rules");
  CHECK(file->allowlists[0].stopwords[0] == "sample");
  CHECK(rule.secret_group == 2);
  CHECK(rule.entropy == 2);
  CHECK(rule.keywords[0] == "acme_");
  CHECK(rule.allowlists[0].all_conditions);
  CHECK(rule.allowlists[0].target == AllowTarget::line);
  CHECK(rule.kind == "acme-token");
  CHECK(rule.checksum == ChecksumKind::crc32_base62);
  CHECK(rule.max_length == 64);
  CHECK(rule.shape == "acme_[a-z]{8}");
}

TEST_CASE("keys are read in any case, and a rule that says nothing gets the kind secret") {
  auto file = parse("[[rules]]\nID = \"acme\"\nREGEX = \"acme\"\nsecretgroup = 0\n");
  REQUIRE(file);
  CHECK(file->rules[0].kind == "secret");
}

TEST_CASE("what the loader does not support is refused by name") {
  const struct {
    std::string what;
    std::string text;
    std::string error;
  } cases[] = {
      {"no TOML", "[[rules\n", "rules.toml: line 1, column 8: not valid TOML"},
      {"an unknown key of the file", "rulez = 1\n", "rules.toml: line 1: unknown key 'rulez'"},
      {"an unknown key of a rule", kRule + "regexp = 'x'\n", "rules.toml: line 4: rule acme: unknown key 'regexp'"},
      {"one with control characters", "\"a\\u001b[2J\" = 1\n", "rules.toml: line 1: unknown key 'a\\x1b[2J'"},
      {"an unknown key of ours", kRule + "[rules.tokensweep]\nlength = 1\n",
       "rules.toml: line 5: rule acme: unknown key 'length'"},
      {"required", kRule + "[[rules.required]]\nid = 'x'\n",
       "rules.toml: line 4: rule acme: required is not supported: rules are matched one by one"},
      {"skipReport", kRule + "skipReport = true\n",
       "rules.toml: line 1: rule acme: skipReport is not supported: it only serves required"},
      {"extend.url", "[extend]\nurl = 'x'\n",
       "rules.toml: line 2: [extend]: url is not supported: rules are not fetched, download the file and use path"},
      {"extend both ways", "[extend]\nuseDefault = true\npath = 'x'\n",
       "rules.toml: line 1: [extend]: useDefault and path exclude each other"},
      {"disabled without a base", "[extend]\ndisabledRules = ['x']\n",
       "rules.toml: [extend]: disabledRules without useDefault or path"},
      {"disabled and not there", "[extend]\nuseDefault = true\ndisabledRules = ['x']\n",
       "rules.toml: [extend]: disabledRules names x, which is no inherited rule"},
      {"a wrong type", kRule + "entropy = 'high'\n", "rules.toml: line 4: rule acme: entropy must be a number"},
      {"not a number", kRule + "entropy = nan\n", "rules.toml: line 4: rule acme: entropy must be a number"},
      {"a wrong type in an array", kRule + "keywords = [1]\n",
       "rules.toml: line 4: rule acme: keywords must be an array of strings"},
      {"a negative group", kRule + "secretGroup = -1\n",
       "rules.toml: line 4: rule acme: secretgroup must be a number of 0 or more, without a fraction"},
      {"a table that is none", "extend = 1\n", "rules.toml: line 1: extend must be a table"},
      {"rules that are no tables", "rules = [1]\n", "rules.toml: line 1: rules must be an array of tables"},
      {"no id", "[[rules]]\nregex = 'x'\n", "rules.toml: line 1: a rule without an id"},
      {"an id of another type", "[[rules]]\nid = 1\n", "rules.toml: line 2: id must be a string"},
      {"the same id twice", kRule + kRule, "rules.toml: line 4: rule acme: defined twice"},
      {"nothing to look for", "[[rules]]\nid = 'acme'\n", "rules.toml: rule acme: neither regex nor path"},
      {"an empty allow list", "[[allowlists]]\n",
       "rules.toml: line 1: allow list: an allow list must have paths, regexes or stopwords"},
      {"an unknown condition", "[[allowlists]]\ncondition = 'xor'\nstopwords = ['x']\n",
       "rules.toml: line 1: allow list: condition must be OR or AND"},
      {"an unknown target", "[[allowlists]]\nregexTarget = 'file'\nstopwords = ['x']\n",
       "rules.toml: line 1: allow list: regexTarget must be secret, match or line"},
      {"a list for a rule that is not there", "[[allowlists]]\ntargetRules = ['x']\nstopwords = ['x']\n",
       "rules.toml: allow list: targetRules names x, which is no rule"},
      {"targets in a rule's own list", kRule + "[[rules.allowlists]]\ntargetRules = ['x']\n",
       "rules.toml: line 5: rule acme: targetrules is not supported: a rule's own list is for that rule"},
      {"both spellings", "[allowlist]\nstopwords = ['x']\n[[allowlists]]\nstopwords = ['y']\n",
       "rules.toml: line 1: [allowlist] cannot be used alongside [[allowlists]]"},
      {"both spellings in a rule",
       kRule + "[rules.allowlist]\nstopwords = ['x']\n[[rules.allowlists]]\nstopwords = ['y']\n",
       "rules.toml: line 1: rule acme: [rules.allowlist] cannot be used alongside [[rules.allowlists]]"},
      {"an unknown checksum", kRule + "[rules.tokensweep]\nchecksum = 'md5'\n",
       "rules.toml: line 4: rule acme: checksum must be crc32-base62"},
      {"a short literal", kRule + "[rules.tokensweep]\nliterals = ['acm']\n",
       "rules.toml: line 4: rule acme: literals must have 4 bytes or more"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.what);
    CHECK(verdict(c.text) == c.error);
  }
}

TEST_CASE("a hostile file does not end the process") {
  const auto dotted = [](std::string before, int parts, std::string_view behind = "") {
    for (int part = 0; part < parts; ++part) before.append(part == 0 ? "a" : ".a");
    return before.append(behind);
  };
  const std::string too_many = "rules.toml: a key of too many parts";
  const struct {
    std::string what;
    std::string text;
    std::string error;
  } cases[] = {
      {"a table without a name", "[=]\n", "rules.toml: line 1, column 2: not valid TOML"},
      {"a deep key", dotted("", 200'000, " = 1\n"), too_many},
      {"a deep table", dotted("[", 200'000, "]\n"), too_many},
      {"one that hides behind strings", dotted("x = \"\\\"\" # '''\ny = '''\n'a''' # \"\n\"a=\".", 200'000), too_many},
      {"an expression with many dots", dotted("[[rules]]\nid = 'a'\nregex = '''", 100, "'''\n"), "ok"},
      {"a comment with many dots", dotted("# ", 100, "\n"), "ok"},
      {"a comment at the end", dotted("# ", 100), "ok"},
      {"a string that does not end", dotted("x = '''", 100), "rules.toml: line 1, column 207: not valid TOML"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.what);
    CHECK(verdict(c.text) == c.error);
  }
}

TEST_CASE("what only compiling shows is refused with the rule's id") {
  const struct {
    std::string what;
    std::string text;
    std::string error;
  } cases[] = {
      {"a good rule", kRule + "[rules.tokensweep]\nexamples = ['acme_abcdefgh']\n", "ok"},
      {"look-around", "[[rules]]\nid = 'acme'\nregex = 'x(?=y)'\n",
       "rule acme: regex: RE2 cannot take the expression: a (?…) that RE2 does not know, such as look-around"},
      {"a back-reference", "[[rules]]\nid = 'acme'\nregex = '(x)\\1'\n",
       "rule acme: regex: RE2 cannot take the expression: an escape that RE2 does not know"},
      {"too many repetitions", "[[rules]]\nid = 'acme'\nregex = 'x{1001}'\n",
       "rule acme: regex: RE2 cannot take the expression: a repetition above 1000"},
      {"too large a program", "[[rules]]\nid = 'acme'\nregex = '((\\pL{100}){100}){100}'\n",
       "rule acme: regex: RE2 cannot take the expression: a repetition above 1000"},
      {"a bad path", "[[rules]]\nid = 'acme'\npath = '['\n",
       "rule acme: path: RE2 cannot take the expression: a missing ]"},
      {"a bad allow list", kRule + "[[rules.allowlists]]\nregexes = ['(']\n",
       "rule acme: allow list: RE2 cannot take the expression: a missing )"},
      {"a bad allow list of the file", "[[allowlists]]\nregexes = ['(']\n",
       "allow list: RE2 cannot take the expression: a missing )"},
      {"a group that is not there", kRule + "secretGroup = 1\n", "rule acme: secretGroup 1 of 0"},
      {"an example that does not match", kRule + "[rules.tokensweep]\nexamples = ['acme_abcdefgh', 'acme_ABC']\n",
       "rule acme: example 2: does not match"},
      {"a counterexample that does", kRule + "[rules.tokensweep]\ncounterexamples = ['acme_abcdefgh']\n",
       "rule acme: counterexample 1: matches"},
      {"a match that a window cannot hold",
       kRule + "[rules.tokensweep]\nmax_length = 12\nexamples = ['acme_abcdefgh']\n",
       "rule acme: example 1: a match that is longer than max_length"},
      {"a match that a line cannot hold",
       "[[rules]]\nid = 'acme'\nregex = 'a\\sb'\n[rules.tokensweep]\nsingle_line = true\nexamples = [\"a b\", "
       "\"a\\nb\"]\n",
       "rule acme: example 2: a match over a line break, of a rule that is single_line"},
      {"a match that the prefilter would not find",
       kRule + "[rules.tokensweep]\nliterals = ['ACME']\nexamples = ['acme_abcdefgh']\n",
       "rule acme: example 1: a match without any of the literals"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.what);
    CHECK(verdict(c.text) == c.error);
  }
}

TEST_CASE("a file extends another as in gitleaks") {
  const std::map<std::string, std::string> files = {
      {"base.toml",
       "[[rules]]\nid='a'\nregex='aaaa'\nentropy=1\ntags=['x']\nkeywords=['k']\n[rules.tokensweep]\nliterals=['aaaa']\n"
       "examples=['aaaa']\n[[rules]]\nid='b'\nregex='b'\n[[allowlists]]\ntargetRules=['b']\nstopwords=['s']\n"},
      {"own.toml",
       "[extend]\npath='base.toml'\ndisabledRules=['b']\n[[rules]]\nid='c'\nregex='c'\n[[rules]]\nid='a'\nentropy="
       "2\ntags=['y']\n"},
      {"regex.toml", "[extend]\npath='base.toml'\n[[rules]]\nid='a'\nregex='AAAA'\n"},
      {"two.toml", "[extend]\npath='own.toml'\n"},
      {"three.toml", "[extend]\npath='two.toml'\n"},
      {"loop.toml", "[extend]\npath='loop.toml'\n"},
      {"absent.toml", "[extend]\npath='nowhere.toml'\n"},
      {"broken.toml", "[extend]\npath='bad.toml'\n"},
      {"bad.toml", "[extend]\nurl='x'\n"},
  };
  const auto own = parse_with(files, "own.toml");
  REQUIRE(own);
  REQUIRE(own->rules.size() == 2);
  CHECK(own->rules[0].id == "c");  // new rules first, inherited ones behind
  CHECK(own->rules[1].regex == "aaaa");
  CHECK(own->rules[1].entropy == 2);
  CHECK(own->rules[1].tags == std::vector<std::string>{"x", "y"});
  CHECK(own->rules[1].literals == std::vector<std::string>{"aaaa"});
  CHECK(own->allowlists.empty());  // it was for a rule that is disabled

  const auto regex = parse_with(files, "regex.toml");
  REQUIRE(regex);
  CHECK(regex->rules[0].regex == "AAAA");
  CHECK(regex->rules[0].literals.empty());  // they were about the old expression
  CHECK(regex->rules[0].examples.empty());

  CHECK(parse_with(files, "two.toml"));
  const struct {
    std::string file;
    std::string error;
  } refused[] = {
      {"three.toml", "own.toml: [extend] path: more than two files deep"},
      {"loop.toml", "loop.toml: [extend] path: more than two files deep"},
      {"absent.toml", "absent.toml: [extend] path: no such file"},
      {"broken.toml",
       "bad.toml: line 2: [extend]: url is not supported: rules are not fetched, download the file and use path"},
  };
  for (const auto& c : refused) {
    CAPTURE(c.file);
    const auto file = parse_with(files, c.file);
    REQUIRE_FALSE(file);
    CHECK(file.error().what == c.error);
  }
}

TEST_CASE("useDefault stands for the rules that are compiled in") {
  const auto file = parse("[extend]\nuseDefault = true\ndisabledRules = ['npm-token-reference']\n" + kRule);
  REQUIRE(file);
  CHECK(file->rules.size() == builtin_rules().rules.size());
  CHECK(file->rules[0].id == "acme");
  CHECK(file->rules[1].id == builtin_rules().rules[0].id);
}

TEST_CASE("commits never allow, since no text here belongs to one") {
  const auto file = parse(
      "[[allowlists]]\ncommits = ['c0ffee']\n"
      "[[allowlists]]\ncondition = 'AND'\ncommits = ['c0ffee']\nstopwords = ['x']\n"
      "[[allowlists]]\ncommits = ['c0ffee']\nstopwords = ['y']\n");
  REQUIRE(file);
  REQUIRE(file->allowlists.size() == 1);
  CHECK(file->allowlists[0].stopwords[0] == "y");
}
