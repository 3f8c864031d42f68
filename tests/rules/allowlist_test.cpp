#include "rules/allowlist.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace tokensweep;

namespace {

constexpr std::int64_t kMemory = 1 << 20;

bool allows(const Allowlist& list, const Candidate& candidate, std::string_view path) {
  const AllowlistMatcher matcher(list, kMemory);
  auto by_path = matcher.allows_path(path);
  auto by_text = matcher.allows(candidate, path);
  REQUIRE(by_path);
  REQUIRE(by_text);
  return *by_path || *by_text;
}

}  // namespace

TEST_CASE("an allow list allows what gitleaks' would") {
  const Candidate candidate{.secret = "s3cret", .match = "key=s3cret;", .line = "// key=s3cret; sample"};
  using Target = AllowTarget;
  const struct {
    std::string what;
    Allowlist list;
    std::string path;
    bool allowed;
  } cases[] = {
      {"its path", {.paths = {"^docs/"}}, "docs/a.md", true},
      {"another path", {.paths = {"^docs/"}}, "src/a.md", false},
      {"no path", {.paths = {".*"}}, "", false},
      {"the secret", {.regexes = {"^s3"}}, "", true},
      {"not the match, unless it says so", {.regexes = {"key="}}, "", false},
      {"the match", {.regexes = {"^key="}, .target = Target::match}, "", true},
      {"the line", {.regexes = {"sample$"}, .target = Target::line}, "", true},
      {"the second of two expressions", {.regexes = {"no", "^s3"}}, "", true},
      {"a flag of the first holds in the second, as gitleaks joins them", {.regexes = {"(?i)no", "^S3"}}, "", true},
      {"a stop word in any case", {.stopwords = {"3CRE"}}, "", true},
      {"a stop word is looked for in the secret only", {.target = Target::line, .stopwords = {"sample"}}, "", false},
      {"OR: one is enough", {.paths = {"^docs/"}, .regexes = {"no"}}, "docs/a", true},
      {"AND: all of them", {.all_conditions = true, .paths = {"^docs/"}, .regexes = {"^s3"}}, "docs/a", true},
      {"AND: not without the path", {.all_conditions = true, .paths = {"^docs/"}, .regexes = {"^s3"}}, "src/a", false},
      {"AND: not by the path alone", {.all_conditions = true, .paths = {"^docs/"}, .regexes = {"no"}}, "docs/a", false},
      {"AND: stop words count too", {.all_conditions = true, .regexes = {"^s3"}, .stopwords = {"no"}}, "", false},
      {"AND with paths only", {.all_conditions = true, .paths = {"^docs/"}}, "docs/a", true},
  };
  for (const auto& c : cases) {
    CAPTURE(c.what);
    CHECK(allows(c.list, candidate, c.path) == c.allowed);
  }
}

TEST_CASE("an expression that RE2 cannot take is an error, not an allowance") {
  const AllowlistMatcher matcher(Allowlist{.regexes = {"(?=x)"}}, kMemory);
  REQUIRE_FALSE(matcher.check());
  CHECK(matcher.check().error().what ==
        "RE2 cannot take the expression: a (?…) that RE2 does not know, such as look-around");
  CHECK_FALSE(matcher.allows({.secret = "x", .match = "x", .line = "x"}, ""));
}
