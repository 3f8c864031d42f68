#include "scanner/sighting_matcher.hpp"

#include <doctest/doctest.h>

#include <string>
#include <utility>

#include "identity/fingerprint.hpp"
#include "scanner/scan.hpp"
#include "tests/support/tokens.hpp"

using namespace tokensweep;

TEST_CASE("the name of a secret vouches for its value, that of a setting only as it would in a file") {
  const Detector detector = std::move(*load_detector({}));
  const Fingerprinter fingerprinter(InventoryKey::random());
  const ValueKeys keys{.fingerprinter = fingerprinter};
  const Classification classification;
  SightingMatcher matcher(detector, keys, classification);
  const Scope scope{.source = "kubernetes", .name = "fleet", .store = "prod/shop", .realm = "r", .prefix = "shop"};
  const std::string token = tokensweep::testing::npm_token(71);
  const std::string old_token = tokensweep::testing::uuid(72);
  const std::string opaque = tokensweep::testing::base64(tokensweep::testing::npm_token(73)).substr(8, 32);
  const struct {
    const char* what;
    std::string name;
    std::string value;
    std::size_t of_secret;
    std::size_t of_setting;
  } cases[] = {
      {"a token, under any name", "app/x", token, 1, 1},
      {"a token under a name that would vouch", "app/NPM_TOKEN", token, 1, 1},
      {"an old token whose name says so", "app/NPM_TOKEN", old_token, 1, 1},
      {"an opaque token whose name says so", "app/NPM_TOKEN", opaque, 1, 1},
      {"under npm's own key", "app/_authToken", old_token, 0, 1},
      {"a word under a name with npm in it", "app/npm-script", "build", 1, 0},
      {"a word below such a name", "npm-config/LOG_LEVEL", "debug", 1, 0},
      {"several lines", "npm-config/notes", "one\ntwo\n", 0, 0},
      {"settings of npm", "app/.npmrc", "//registry.corp.example/:_authToken=" + opaque + "\n", 1, 1},
      {"a name where the token belongs", "app/" + token, "true", 0, 1},
      {"nothing", "app/NPM_TOKEN", "", 0, 0},
  };
  for (const auto& c : cases) {
    CAPTURE(c.what);
    for (const bool is_setting : {false, true}) {
      CAPTURE(is_setting);
      Sighting sighting;
      sighting.place = "shop/u/k";
      sighting.locator = "x";
      sighting.name = c.name;
      sighting.value = Secret(c.value);
      sighting.is_setting = is_setting;
      const auto hits = matcher.match(scope, std::move(sighting));
      REQUIRE(hits);
      CHECK(hits->size() == (is_setting ? c.of_setting : c.of_secret));
      for (const Hit& hit : *hits) CHECK(hit.name.find(token) == std::string::npos);
    }
  }
  for (const bool is_setting : {false, true}) {
    Sighting names_only;
    names_only.place = "shop/u/k";
    names_only.name = "npm-config/LOG_LEVEL";
    names_only.is_setting = is_setting;
    CHECK(matcher.match(scope, std::move(names_only))->size() == (is_setting ? 0 : 1));
  }
}
