#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "formats/readers.hpp"
#include "tests/support/tokens.hpp"

namespace {

using namespace tokensweep;

const std::string kToken = testing::npm_token(17);
const std::string kOther = testing::npm_token(18);

struct Expected {
  AuthKind auth;
  std::string key;
  std::string registry;  // empty: none
  std::string value;
  std::uint32_t line;
  bool shadowed = false;
  std::string username = "";
  std::string reference = "";
};

TEST_CASE("what stands in a .yarnrc.yml file") {
  using enum AuthKind;
  struct Case {
    const char* what;
    std::string text;
    std::vector<Expected> expected;
  };
  const Case cases[] = {
      {"an empty file", "", {}},
      {"a comment", "# npmAuthToken: x\n", {}},
      {"a token for the default registry", "\nnpmAuthToken: " + kToken, {{token, "npmAuthToken", "", kToken, 2}}},
      {"its registry",
       "npmAuthToken: \"" + kToken + "\"\nnpmRegistryServer: https://npm.example.test/x/\n",
       {{token, "npmAuthToken", "npm.example.test/x", kToken, 1}}},
      {"an ident in plain text", "npmAuthIdent: ann:secret", {{basic, "npmAuthIdent", "", "secret", 1, false, "ann"}}},
      {"an ident in base64",
       "npmAuthIdent: " + testing::base64("ann:secret"),
       {{basic, "npmAuthIdent", "", "secret", 1, false, "ann"}}},
      {"a scope with a registry of its own",
       "npmRegistryServer: https://npm.example.test\nnpmScopes:\n  acme:\n    npmRegistryServer: "
       "https://registry.corp.example/\n"
       "    npmAuthToken: " +
           kToken,
       {{token, "npmScopes.acme.npmAuthToken", "registry.corp.example", kToken, 5}}},
      {"a scope at the default registry",
       "npmScopes: {acme: {npmAuthToken: '" + kToken + "'}}",
       {{token, "npmScopes.acme.npmAuthToken", "", kToken, 1}}},
      {"registries by address, with and without a scheme",
       "npmRegistries:\n  \"//registry.corp.example:8443\":\n    npmAuthIdent: ann:secret\n    npmAlwaysAuth: true\n"
       "  'https://Npm.Example.test/':\n    npmAuthToken: " +
           kToken,
       {{basic, "npmRegistries.//registry.corp.example:8443.npmAuthIdent", "registry.corp.example:8443", "secret", 3,
         false, "ann"},
        {token, "npmRegistries.https://Npm.Example.test/.npmAuthToken", "npm.example.test", kToken, 6}}},
      {"a token goes before an ident",
       "npmAuthIdent: a:b\nnpmAuthToken: " + kToken,
       {{basic, "npmAuthIdent", "", "b", 1, true, "a"}, {token, "npmAuthToken", "", kToken, 2}}},
      {"of a repeated key the last one",
       "npmAuthToken: " + kToken + "\nnpmAuthToken: " + kOther,
       {{token, "npmAuthToken", "", kToken, 1, true}, {token, "npmAuthToken", "", kOther, 2}}},
      {"a reference", "npmAuthToken: ${NPM_TOKEN}", {{token, "npmAuthToken", "", "", 1, false, "", "NPM_TOKEN"}}},
      {"or nothing", "npmAuthToken: \"${NPM_TOKEN:-}\"", {{token, "npmAuthToken", "", "", 1, false, "", "NPM_TOKEN"}}},
      {"a default is a stored value",
       "npmAuthToken: \"${NPM_TOKEN-" + kToken + "}\"",
       {{token, "npmAuthToken", "", kToken, 1, false, "", "NPM_TOKEN"}}},
      {"an ident with a default",
       "npmAuthIdent: \"${NPM_AUTH:-ann:secret}\"",
       {{basic, "npmAuthIdent", "", "secret", 1, false, "ann", "NPM_AUTH"}}},
      {"a password in an address",
       "npmRegistryServer: \"https://ann:secret@npm.example.test\"",
       {{basic, "npmRegistryServer", "npm.example.test", "secret", 1, false, "ann"}}},
      {"an alias",
       "x: &t " + kToken + "\nnpmAuthToken: *t\nnpmScopes:\n  acme: &a {npmAuthToken: *t}\n  other: *a\n",
       {{token, "npmAuthToken", "", kToken, 1},
        {token, "npmScopes.acme.npmAuthToken", "", kToken, 1},
        {token, "npmScopes.other.npmAuthToken", "", kToken, 1}}},
      {"over several lines", "npmAuthToken: >-\n  " + kToken + "\n", {{token, "npmAuthToken", "", kToken, 1}}},
      {"no text where one belongs", "npmAuthToken: [a]\nnpmAuthIdent:\nnpmScopes: x\nnpmRegistries: [y]", {}},
      {"no map at all", "- npmAuthToken: x", {}},
  };
  for (const Case& c : cases) {
    CAPTURE(c.what);
    const auto reading = read_yarnrc_yml(c.text);
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
      CHECK(credential.shadowed == expected.shadowed);
      CHECK(credential.username == expected.username);
      CHECK(credential.reference.value_or("") == expected.reference);
    }
  }
}

TEST_CASE("yarn's registries by scope") {
  const auto reading = read_yarnrc_yml(
      "npmRegistryServer: https://npm.example.test/\nnpmScopes:\n  acme: {npmRegistryServer: "
      "https://registry.corp.example}\n");
  REQUIRE(reading.has_value());
  using Registries = std::vector<std::pair<std::string, std::string>>;
  CHECK(reading->registries == Registries{{"", "npm.example.test"}, {"@acme", "registry.corp.example"}});
}

TEST_CASE("bad YAML is refused at once, by its place and without its text") {
  std::string laughs = "a: &a [x, x]\n";
  for (char c = 'b'; c < 'm'; ++c) {
    laughs +=
        std::string(1, c) + ": &" + c + " [*" + static_cast<char>(c - 1) + ", *" + static_cast<char>(c - 1) + "]\n";
  }
  laughs += "npmScopes: *l\nnpmAuthToken: " + kToken;
  const auto harmless = read_yarnrc_yml(laughs);
  REQUIRE(harmless.has_value());
  CHECK(harmless->credentials.size() == 1);

  std::string aliases = "a: &a x\nb:\n";
  for (int i = 0; i < 30'000; ++i) aliases += "- *a\n";
  std::string many = "a:\n";
  for (int i = 0; i < 30'000; ++i) many += "- x\n";
  const std::string bad[] = {"npmAuthToken: \"" + kToken,
                             "a: [" + kToken,
                             "\tnpmAuthToken: x",
                             std::string(100'000, '['),
                             std::string(50'000, '-') + " x",
                             std::string(5 << 20, ' '),
                             aliases,
                             many,
                             "a: *" + kToken + "\n",
                             "&a [*a",
                             "npmAuthToken: !<" + kToken};
  for (const std::string& text : bad) {
    CAPTURE(text.substr(0, 20));
    const auto reading = read_yarnrc_yml(text);
    if (reading.has_value()) {
      CHECK(reading->credentials.empty());
    } else {
      CHECK(reading.error().kind == ErrorKind::malformed);
      CHECK(reading.error().what.find(kToken.substr(0, 8)) == std::string::npos);
    }
  }
  REQUIRE(!read_yarnrc_yml("a:\n  - \"x").has_value());
  CHECK(read_yarnrc_yml("a:\n  - \"x").error().what == "no YAML: line 2, column 7");
}

}  // namespace
