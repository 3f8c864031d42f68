#include "formats/build_commands.hpp"

#include <doctest/doctest.h>

namespace {

using namespace tokensweep;

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
      {"options before the verb", "pnpm --filter @acme/site publish --no-git-checks\n", true, false},
      {"a workspace of yarn's", "yarn workspace site npm publish\n", true, false},
      {"a release tool with a short name", "npx np --yolo\n", true, false},
      {"a short install at the line's end", "pnpm i\n", false, true},
      {"yarn alone in a script", "set -e\nyarn\nmake\n", false, true},
      {"an install of what is called publish", "npm install publish\n", false, true},
      {"the verb of another command", "npm test && make publish\n", false, false},
      {"in a comment", "# npm publish\n  # npm ci\n", false, false},
      {"nothing", "run: make\n", false, false},
      {"an empty file", "", false, false},
  };
  for (const auto& c : cases) {
    CAPTURE(c.what);
    const Commands commands = commands_in(c.text);
    CHECK(commands.publishes == c.publishes);
    CHECK(commands.installs == c.installs);
    CHECK(commands.publishing.empty() != c.publishes);
    CHECK(commands.installing.empty() != c.installs);
  }
}

TEST_CASE("the words by which commands are known are ours") {
  const struct {
    const char* what;
    const char* text;
    const char* publishing;
    const char* installing;
  } cases[] = {
      {"a command", "npm ci && npm publish --tag next\n", "npm publish", "npm ci"},
      {"the first line counts", "npx semantic-release\nnpm publish\nyarn install\nnpm ci\n", "semantic-release",
       "yarn install"},
      {"a verb behind options that nobody is to see", "pnpm --//host/:_authToken=x publish\n", "pnpm publish", ""},
      {"an install behind options", "npm --userconfig=x i\n", "", "npm install"},
      {"np", "np patch\n", "np", ""},
      {"yarn alone", "yarn\n", "", "yarn install"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.what);
    const Commands commands = commands_in(c.text);
    CHECK(commands.publishing == c.publishing);
    CHECK(commands.installing == c.installing);
  }
}

TEST_CASE("texts that name publishing") {
  CHECK(speaks_of_publishing("./scripts/Publish.sh"));
  CHECK(speaks_of_publishing("ghcr.io/acme/RELEASE-tools:2"));
  CHECK_FALSE(speaks_of_publishing("npm ci && npm test"));
  CHECK_FALSE(speaks_of_publishing(""));
}

}  // namespace
