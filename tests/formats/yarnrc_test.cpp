#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "formats/readers.hpp"
#include "tests/support/tokens.hpp"

namespace {

using namespace tokensweep;

TEST_CASE("what stands in yarn 1's .yarnrc") {
  struct Expected {
    std::string key;
    std::string registry;
    std::string value;
    std::uint32_t line;
    bool commented_out = false;
    bool unscoped = false;
  };
  struct Case {
    const char* what;
    std::string text;
    std::vector<Expected> expected;
  };
  const std::string token = testing::npm_token(37);
  const std::string key = "//registry.corp.example/:_authToken";
  const std::string host = "registry.corp.example";
  const Case cases[] = {
      {"an empty file", "", {}},
      {"quoted key and value", "# yarn\n\n\"" + key + "\" \"" + token + "\"\n", {{key, host, token, 3}}},
      {"bare words", key + " " + token, {{key, host, token, 1}}},
      {"line ends of Windows and a byte-order mark",
       "\xEF\xBB\xBF\"" + key + "\" \"" + token + "\"\r\n",
       {{key, host, token, 1}}},
      {"a colon behind the key", "\"" + key + "\": \"" + token + "\"", {{key, host, token, 1}}},
      {"an unbound key", "_authToken " + token, {{"_authToken", "", token, 1, false, true}}},
      {"a line that is commented out", "# \"" + key + "\" \"" + token + "\"", {{key, host, token, 1, true}}},
      {"prose", "# " + key + " is where the token goes", {}},
      {"no value", "\"" + key + "\"\n\"" + key + "\" # x", {}},
      {"a quote that does not close", "\"" + key + "\" \"" + token, {}},
      {"an indented line", "list:\n  \"" + key + "\" \"" + token + "\"", {}},
  };
  for (const Case& c : cases) {
    CAPTURE(c.what);
    const auto reading = read_yarnrc(c.text);
    REQUIRE(reading.has_value());
    REQUIRE(reading->credentials.size() == c.expected.size());
    for (std::size_t i = 0; i < c.expected.size(); ++i) {
      const Credential& credential = reading->credentials[i];
      CHECK(credential.key == c.expected[i].key);
      CHECK(credential.registry.value_or("") == c.expected[i].registry);
      CHECK(credential.value.reveal() == c.expected[i].value);
      CHECK(credential.line == c.expected[i].line);
      CHECK(credential.commented_out == c.expected[i].commented_out);
      CHECK(credential.unscoped == c.expected[i].unscoped);
    }
  }
}

TEST_CASE("yarn 1's registries") {
  const auto reading =
      read_yarnrc("registry \"https://npm.example.test/\"\n\"@acme:registry\" \"https://registry.corp.example\"\n");
  REQUIRE(reading.has_value());
  using Registries = std::vector<std::pair<std::string, std::string>>;
  CHECK(reading->registries == Registries{{"", "npm.example.test"}, {"@acme", "registry.corp.example"}});
  CHECK(!read_yarnrc(std::string(2 << 20, 'x')).has_value());
}

}  // namespace
