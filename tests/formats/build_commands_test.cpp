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
  }
}

}  // namespace
