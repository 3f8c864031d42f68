#include "model/policy.hpp"

#include <doctest/doctest.h>

using namespace tokensweep;

namespace {

Hit hit() {
  Hit hit;
  hit.id = "h1";
  hit.source = "filesystem";
  hit.store = "laptop:/home/ann";
  hit.locator = "work/site/.npmrc:1";
  hit.name = "NPM_TOKEN";
  return hit;
}

}  // namespace

TEST_CASE("a pattern is about the hits that each of its parts fits") {
  const struct {
    const char* what;
    HitPattern pattern;
    bool fits;
  } cases[] = {
      {"a hit's id", {.id = "h1"}, true},
      {"a token's id", {.id = "t1"}, true},
      {"the beginning of an id", {.id = "h"}, false},
      {"the type of a source", {.source = "filesystem"}, true},
      {"its name", {.source = "laptops"}, true},
      {"another source", {.source = "github"}, false},
      {"a store", {.store = "laptop:*"}, true},
      {"a place with slashes in it", {.locator = "*/.npmrc:?"}, true},
      {"a place in brackets", {.locator = "work/[rst]ite/.npmrc:1"}, true},
      {"a name", {.name = "NPM_*"}, true},
      {"a part of a name", {.name = "NPM"}, false},
      {"two parts that fit", {.source = "laptops", .name = "NPM_TOKEN"}, true},
      {"one of two that does not", {.source = "laptops", .name = "OTHER"}, false},
  };
  for (const auto& c : cases) {
    CAPTURE(c.what);
    CHECK(c.pattern.fits(hit(), "t1", "laptops") == c.fits);
  }
}

TEST_CASE("the first rule that fits counts") {
  Policy policy;
  policy.rules = {{.hits = {.name = "OTHER"}, .line = 1},
                  {.hits = {.name = "NPM_*"}, .line = 2},
                  {.hits = {.name = "NPM_TOKEN"}, .line = 3}};
  REQUIRE(policy.rule_for(hit(), "", "") != nullptr);
  CHECK(policy.rule_for(hit(), "", "")->line == 2);
  Hit other = hit();
  other.name = "NODE_AUTH_TOKEN";
  CHECK(policy.rule_for(other, "", "") == nullptr);
}

TEST_CASE("an exception holds up to its last day, and then the next one may") {
  const Date end{std::chrono::year{2027} / 3 / 31};
  Policy policy;
  policy.exceptions = {{.hits = {.name = "NPM_*"}, .until = end, .line = 1},
                       {.hits = {.source = "laptops"}, .until = end + std::chrono::days{1}, .line = 2}};
  const auto line_on = [&policy](Date day) {
    const PolicyException* exception = policy.exception_for(hit(), "", "laptops", day);
    return exception == nullptr ? 0 : exception->line;
  };
  CHECK(line_on(end) == 1);
  CHECK(line_on(end + std::chrono::days{1}) == 2);
  CHECK(line_on(end + std::chrono::days{2}) == 0);
}
