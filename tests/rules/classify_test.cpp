#include "rules/classify.hpp"

#include <doctest/doctest.h>

namespace {

using namespace tokensweep;

TEST_CASE("each line of A, B, C and D") {
  const struct {
    const char* what;
    FileEvidence evidence;
    Class klass;
    Confidence confidence;
    const char* reason;
  } cases[] = {
      {"a personal file",
       {.personal = true},
       Class::D,
       Confidence::inferred,
       "a developer's token in a home directory on a personal machine"},
      {"a file that is nobody's",
       {},
       Class::B,
       Confidence::assumed,
       "outside of any home directory, and what it may write is not known: the stricter class"},
      {"beside a package of one's own",
       {.personal = true, .package = "@acme/site"},
       Class::B,
       Confidence::inferred,
       "it lies beside the package.json of @acme/site, which is not among the 1,000 most downloaded packages"},
      {"beside a package of the top",
       {.personal = true, .package = "left", .rank = 17, .rank_date = "2026-03-01"},
       Class::A,
       Confidence::inferred,
       "it lies beside the package.json of left, number 17 of the most downloaded packages on 2026-03-01"},
      {"beside a package just outside of the top",
       {.package = "right", .rank = 1001, .rank_date = "2026-03-01"},
       Class::B,
       Confidence::inferred,
       "it lies beside the package.json of right, which is not among the 1,000 most downloaded packages"},
      {"a build that publishes",
       {.use = FileUse::build, .personal = true, .publishes = true, .installs = true},
       Class::B,
       Confidence::inferred,
       "the build file that holds it publishes a package"},
      {"a build that publishes the top",
       {.use = FileUse::build, .publishes = true, .package = "left", .rank = 1, .rank_date = "2026-03-01"},
       Class::A,
       Confidence::inferred,
       "the build file that holds it publishes left, number 1 of the most downloaded packages on 2026-03-01"},
      {"a build that installs",
       {.use = FileUse::build, .personal = true, .installs = true, .package = "left", .rank = 1},
       Class::C,
       Confidence::inferred,
       "the build file that holds it installs packages and publishes none"},
      {"a build that shows nothing",
       {.use = FileUse::build, .personal = true},
       Class::B,
       Confidence::assumed,
       "a build file holds it and does not show what for: the stricter class"},
      {"infrastructure",
       {.use = FileUse::infrastructure, .personal = true},
       Class::B,
       Confidence::assumed,
       "infrastructure that is configured here uses it, for what is not shown: the stricter class"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.what);
    const Verdict verdict = classify(c.evidence);
    CHECK(verdict.klass == c.klass);
    CHECK(verdict.confidence == c.confidence);
    CHECK(verdict.reason == c.reason);
    const bool publishes = verdict.klass <= Class::B && verdict.confidence == Confidence::inferred;
    CHECK(verdict.flags.has(ScopeFlag::publish) == publishes);
  }
}

TEST_CASE("commands of build files") {
  const struct {
    const char* what;
    const char* text;
    bool publishes;
    bool installs;
  } cases[] = {
      {"a step that publishes", "      - run: npm publish --provenance\n", true, false},
      {"pnpm in a workspace", "run: pnpm -r publish\n", true, false},
      {"a release tool", "- run: npx semantic-release\n", true, false},
      {"an action", "- uses: JS-DevTools/npm-publish@v3\n", true, false},
      {"a clean install", "run: npm ci\n", false, true},
      {"yarn alone", "- run: yarn\n", false, true},
      {"both", "run: npm ci\nrun: npm publish", true, true},
      {"in a comment", "# npm publish\n  # npm ci\n", false, false},
      {"nothing", "run: make\n", false, false},
      {"an empty file", "", false, false},
  };
  for (const auto& c : cases) {
    CAPTURE(c.what);
    const Commands commands = commands_in(c.text);
    CHECK(commands.publishes == c.publishes);
    CHECK(commands.installs == c.installs);
  }
}

}  // namespace
