#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "formats/readers.hpp"
#include "tests/support/tokens.hpp"

namespace {

using namespace tokensweep;

const std::string kToken = testing::npm_token(47);

struct Expected {
  AuthKind auth;
  std::string key;
  std::string registry;  // empty: none
  std::string value;
  std::uint32_t line;
  std::string username = "";
  std::string reference = "";
  bool shadowed = false;
};

TEST_CASE("what stands in a bunfig.toml file") {
  using enum AuthKind;
  struct Case {
    const char* what;
    std::string text;
    std::vector<Expected> expected;
  };
  const Case cases[] = {
      {"an empty file", "", {}},
      {"an address", "[install]\nregistry = \"https://npm.example.test/\"", {}},
      {"an address with a password",
       "[install]\nregistry = \"https://ann:secret@npm.example.test/\"",
       {{basic, "install.registry", "npm.example.test", "secret", 2, "ann"}}},
      {"an address with a token",
       "[install]\nregistry = \"https://" + kToken + "@npm.example.test/\"",
       {{basic, "install.registry", "npm.example.test", kToken, 2}}},
      {"a table",
       "[install]\nregistry = { url = \"https://npm.example.test/x\", token = \"" + kToken + "\" }",
       {{token, "install.registry.token", "npm.example.test/x", kToken, 2}}},
      {"user and password",
       "[install.registry]\nurl = \"https://npm.example.test\"\nusername = \"ann\"\npassword = \"secret\"",
       {{basic, "install.registry.password", "npm.example.test", "secret", 4, "ann"}}},
      {"a token goes before them",
       "[install.registry]\npassword = \"secret\"\ntoken = \"" + kToken + "\"",
       {{token, "install.registry.token", "", kToken, 3},
        {basic, "install.registry.password", "", "secret", 2, "", "", true}}},
      {"references",
       "[install.registry]\ntoken = \"$NPM_TOKEN\"\n[install.scopes]\nacme = "
       "\"https://ann:$PASSWORD@npm.example.test\"",
       {{token, "install.registry.token", "", "", 2, "", "NPM_TOKEN"},
        {basic, "install.scopes.acme", "npm.example.test", "", 4, "ann", "PASSWORD"}}},
      {"a scope's table",
       "[install.scopes]\n\"@acme\" = { token = \"" + kToken + "\", url = \"https://registry.corp.example/\" }",
       {{token, "install.scopes.@acme.token", "registry.corp.example", kToken, 2}}},
      {"no text where one belongs", "[install]\nregistry = 1\nscopes = []", {}},
      {"not a table", "install = 1", {}},
      {"tokens of other things", "[test]\ntoken = \"x\"", {}},
  };
  for (const Case& c : cases) {
    CAPTURE(c.what);
    const auto reading = read_bunfig(c.text);
    REQUIRE(reading.has_value());
    REQUIRE(reading->credentials.size() == c.expected.size());
    for (std::size_t i = 0; i < c.expected.size(); ++i) {
      const Credential& credential = reading->credentials[i];
      const Expected& expected = c.expected[i];
      CHECK(credential.auth == expected.auth);
      CHECK(credential.key == expected.key);
      CHECK(credential.registry.value_or("") == expected.registry);
      CHECK(credential.value.reveal() == expected.value);
      CHECK(credential.line == expected.line);
      CHECK(credential.username == expected.username);
      CHECK(credential.reference.value_or("") == expected.reference);
      CHECK(credential.shadowed == expected.shadowed);
    }
  }
}

TEST_CASE("bun's registries by scope") {
  const auto reading = read_bunfig(
      "[install]\nregistry = \"https://npm.example.test/\"\n[install.scopes]\nacme = "
      "\"https://registry.corp.example/\"\n");
  REQUIRE(reading.has_value());
  using Registries = std::vector<std::pair<std::string, std::string>>;
  CHECK(reading->registries == Registries{{"", "npm.example.test"}, {"@acme", "registry.corp.example"}});
}

TEST_CASE("bad TOML is refused by its place, without its text") {
  const auto broken = read_bunfig("[install]\ntoken = " + kToken);
  REQUIRE(!broken.has_value());
  CHECK(broken.error().kind == ErrorKind::malformed);
  CHECK(broken.error().what.starts_with("no TOML: line 2, column "));
  CHECK(broken.error().what.find(kToken.substr(0, 8)) == std::string::npos);

  std::string dots = "a";
  for (int i = 0; i < 100'000; ++i) dots += ".a";
  CHECK(!read_bunfig(dots + " = 1").has_value());
  CHECK(!read_bunfig("a = " + std::string(100'000, '[')).has_value());
  CHECK(!read_bunfig(std::string(2 << 20, '\n')).has_value());
  CHECK(read_bunfig("# " + std::string(1000, '.') + "\n").has_value());
}

}  // namespace
