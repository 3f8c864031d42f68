#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "formats/readers.hpp"
#include "tests/support/tokens.hpp"

namespace {

using namespace tokensweep;

TEST_CASE("pnpm's structured credentials") {
  const std::string token = testing::npm_token(27);
  const std::string uuid = testing::uuid(28);
  const auto reading = read_pnpm_config(
      "registry: https://ann:secret@npm.example.test/\n"
      "_auth:\n"
      "  https://registry.corp.example/npm/:\n"
      "    \"@\": { authToken: " +
      token +
      " }\n"
      "    \"@acme\":\n"
      "      authToken: ${NPM_TOKEN}\n"
      "  'http://npm.example.test:4873':\n"
      "    \"@\":\n"
      "      authToken: " +
      uuid +
      "\n"
      "      other: x\n"
      "registries:\n"
      "  '@old': https://old.example.test/\n"
      "  https://registry.corp.example/npm/:\n"
      "    scopes: [\"@acme\", \"@more\"]\n");
  REQUIRE(reading.has_value());
  struct Expected {
    AuthKind auth;
    std::string key;
    std::string registry;
    std::string value;
    std::uint32_t line;
    std::string reference;
  };
  const Expected expected[] = {
      {AuthKind::basic, "registry", "npm.example.test", "secret", 1, ""},
      {AuthKind::token, "_auth.https://registry.corp.example/npm/.@.authToken", "registry.corp.example/npm", token, 4,
       ""},
      {AuthKind::token, "_auth.https://registry.corp.example/npm/.@acme.authToken", "registry.corp.example/npm", "", 6,
       "NPM_TOKEN"},
      {AuthKind::token, "_auth.http://npm.example.test:4873.@.authToken", "npm.example.test:4873", uuid, 9, ""},
  };
  REQUIRE(reading->credentials.size() == std::size(expected));
  for (std::size_t i = 0; i < std::size(expected); ++i) {
    const Credential& credential = reading->credentials[i];
    CHECK(credential.auth == expected[i].auth);
    CHECK(credential.key == expected[i].key);
    CHECK(credential.registry == expected[i].registry);
    CHECK(credential.value.reveal() == expected[i].value);
    CHECK(credential.line == expected[i].line);
    CHECK(credential.reference.value_or("") == expected[i].reference);
  }
  using Registries = std::vector<std::pair<std::string, std::string>>;
  CHECK(reading->registries == Registries{{"", "npm.example.test"},
                                          {"@old", "old.example.test"},
                                          {"@acme", "registry.corp.example/npm"},
                                          {"@more", "registry.corp.example/npm"}});
}

TEST_CASE("settings of pnpm that hold no credential") {
  for (const std::string text : {"", "storeDir: /x\n", "_auth: x\n", "_auth: [x]\n", "_auth: {https://a.example/: x}\n",
                                 "_auth: {https://a.example/: {\"@\": {authToken: }}}\n", "registries: x\n"}) {
    CAPTURE(text);
    const auto reading = read_pnpm_config(text);
    REQUIRE(reading.has_value());
    CHECK(reading->credentials.empty());
  }
  CHECK(!read_pnpm_config("a: \"x").has_value());
}

}  // namespace
