#include "formats/npmrc.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "formats/readers.hpp"
#include "tests/support/tokens.hpp"

namespace {

using namespace tokensweep;
using testing::base64;

const std::string kToken = testing::npm_token(7);
const std::string kOther = testing::npm_token(8);
const std::string kUuid = testing::uuid(9);

struct Expected {
  AuthKind auth;
  std::string key;
  std::string registry;  // empty: none
  std::string value;
  std::uint32_t line;
  std::string flags = "";  // of: shadowed unscoped inert comment
  std::string username = "";
  std::string reference = "";
};

std::string flags_of(const Credential& credential) {
  std::string flags;
  const auto add = [&](bool set, const char* name) {
    if (set) flags += (flags.empty() ? "" : " ") + std::string(name);
  };
  add(credential.shadowed, "shadowed");
  add(credential.unscoped, "unscoped");
  add(credential.inert, "inert");
  add(credential.commented_out, "comment");
  return flags;
}

TEST_CASE("what stands in an npmrc file") {
  using enum AuthKind;
  struct Case {
    const char* what;
    std::string text;
    std::vector<Expected> expected;
  };
  const std::string r = "//registry.corp.example/";
  const std::string host = "registry.corp.example";
  const std::string t = r + ":_authToken";
  const Case cases[] = {
      {"a token", t + "=" + kToken, {{token, t, host, kToken, 1}}},
      {"a legacy token behind a path",
       "\n//npm.example.test/a/b/:_authToken=" + kUuid,
       {{token, "//npm.example.test/a/b/:_authToken", "npm.example.test/a/b", kUuid, 2}}},
      {"no slash before the colon",
       "//npm.example.test:8443:_authToken = \"" + kToken + "\"",
       {{token, "//npm.example.test:8443:_authToken", "npm.example.test:8443", kToken, 1}}},
      {"a comment behind the value", t + "=" + kToken + ";" + kOther, {{token, t, host, kToken, 1}}},
      {"a colon for an equals sign is no token", t + ": " + kToken, {}},
      {"no value, true, false, null, undefined and nothing are no token",
       t + "\n" + t + "=true\n" + t + "=\"false\"\n" + t + "=null\n" + t + "=undefined\n" + t + "=\n" + t + "='0'",
       {}},
      {"a number in single quotes is what it spells", t + "='1234'", {{token, t, host, "1234", 1}}},
      {"_auth is user and password",
       r + ":_auth=" + base64("ann:" + kUuid),
       {{basic, r + ":_auth", host, kUuid, 1, "", "ann"}}},
      {"_auth that is no base64 of two parts is kept", r + ":_auth=x*y", {{basic, r + ":_auth", host, "x*y", 1}}},
      {"username and _password, in any order",
       r + ":_password=" + base64("secret") + "\n" + r + ":username=ann",
       {{basic, r + ":_password", host, "secret", 1, "", "ann"}}},
      {"a password without a user",
       r + ":_password=" + base64("secret"),
       {{basic, r + ":_password", host, "secret", 1}}},
      {"a user without a password", r + ":username=ann", {}},
      {"a client certificate by path",
       r + ":certfile=/c.pem\n" + r + ":keyfile=/k.pem",
       {{certificate, r + ":keyfile", host, "", 2}}},
      {"half of a client certificate", r + ":keyfile=/k.pem", {{certificate, r + ":keyfile", host, "", 1, "inert"}}},
      {"pnpm's inline key",
       r + ":cert=\"C\"\n" + r + ":key=\"-----BEGIN K-----\\nx\"",
       {{certificate, r + ":key", host, "-----BEGIN K-----\nx", 2}}},
      {"an inline key at top level",
       "key=\"-----BEGIN K-----\\nx\"\n",
       {{certificate, "key", "", "-----BEGIN K-----\nx", 1, "unscoped"}}},
      {"a setting called key", "key=value", {}},
      {"pnpm's token for one scope",
       r + ":@acme:_authToken=" + kToken,
       {{token, r + ":@acme:_authToken", host, kToken, 1}}},
      {"a scope's token is no rival of the registry's",
       t + "=" + kOther + "\n" + r + ":@acme:_authToken=" + kToken,
       {{token, t, host, kOther, 1}, {token, r + ":@acme:_authToken", host, kToken, 2}}},
      {"pnpm's token helper holds nothing", r + ":tokenHelper=/bin/x", {}},
      {"mail addresses and always-auth hold nothing", r + ":email=a@example.test\n" + r + ":always-auth=true", {}},

      {"a reference", t + "=${NPM_TOKEN}", {{token, t, host, "", 1, "", "", "NPM_TOKEN"}}},
      {"a reference or nothing", t + "=\"${NPM_TOKEN?}\"", {{token, t, host, "", 1, "", "", "NPM_TOKEN"}}},
      {"half a reference", t + "=npm_${HALF}", {{token, t, host, "", 1, "", "", "HALF"}}},
      {"pnpm's default is a stored value",
       t + "=${NPM_TOKEN:-" + kToken + "}",
       {{token, t, host, kToken, 1, "", "", "NPM_TOKEN"}}},
      {"_auth from the environment",
       r + ":_auth=${NPM_AUTH}",
       {{basic, r + ":_auth", host, "", 1, "", "", "NPM_AUTH"}}},
      {"a user from the environment",
       r + ":username=${U}\n" + r + ":_password=${P}",
       {{basic, r + ":_password", host, "", 2, "", "${U}", "P"}}},
      {"a registry from the environment",
       "//${HOST}/:_authToken=" + kToken,
       {{token, "//${HOST}/:_authToken", "", kToken, 1}}},

      {"legacy keys are bound to no registry",
       "_authToken=" + kToken,
       {{token, "_authToken", "", kToken, 1, "unscoped"}}},
      {"all of them",
       "_auth=" + base64("a:b") + "\nusername=ann\n_password=" + base64("c"),
       {{basic, "_auth", "", "b", 1, "unscoped", "a"}, {basic, "_password", "", "c", 3, "shadowed unscoped", "ann"}}},
      {"npm is particular about case",
       r + ":_authtoken=" + kToken + "\n//Npm.Example.test/:_authToken=" + kOther,
       {{token, r + ":_authtoken", host, kToken, 1, "inert"},
        {token, "//Npm.Example.test/:_authToken", "npm.example.test", kOther, 2, "inert"}}},
      {"a scheme before the key", "https:" + t + "=" + kToken, {{token, "https:" + t, host, kToken, 1, "inert"}}},
      {"a password within the key is not shown",
       "//ann:secret@registry.corp.example/:_authToken=" + kToken,
       {{token, t, host, kToken, 1, "inert"}}},
      {"a key in a section is out of reach", "[x]\n" + t + "=" + kToken, {{token, t, host, kToken, 2, "inert"}}},
      {"a section makes no registry",
       "[" + r + "]\n_authToken=" + kToken,
       {{token, "_authToken", "", kToken, 2, "unscoped inert"}}},
      {"behind a byte-order mark npm does read a key",
       "\xEF\xBB\xBF" + t + "=" + kToken,
       {{token, t, host, kToken, 1}}},

      {"the later of two lines wins",
       t + "=" + kToken + "\r\n" + t + "=" + kOther,
       {{token, t, host, kToken, 1, "shadowed"}, {token, t, host, kOther, 2}}},
      {"an empty line wins as well", t + "=" + kToken + "\r" + t + "=", {{token, t, host, kToken, 1, "shadowed"}}},
      {"a list of one is a value", t + "[]=" + kToken, {{token, t, host, kToken, 1}}},
      {"a longer list is of no use",
       t + "[]=" + kToken + "\n" + t + "=" + kOther,
       {{token, t, host, kToken, 1, "inert"}, {token, t, host, kOther, 2, "inert"}}},
      {"a token goes before the rest",
       r + ":_auth=" + base64("a:b") + "\n" + r + ":username=u\n" + r + ":_password=" + base64("c") + "\n" + t + "=" +
           kToken,
       {{basic, r + ":_auth", host, "b", 1, "shadowed", "a"},
        {basic, r + ":_password", host, "c", 3, "shadowed", "u"},
        {token, t, host, kToken, 4}}},
      {"a certificate goes along with a token",
       t + "=" + kToken + "\n" + r + ":certfile=/c\n" + r + ":keyfile=/k",
       {{token, t, host, kToken, 1}, {certificate, r + ":keyfile", host, "", 3}}},
      {"with the slash before without",
       "//npm.example.test/a:_authToken=" + kOther + "\n//npm.example.test/a/:_auth=" + base64("a:b"),
       {{token, "//npm.example.test/a:_authToken", "npm.example.test/a", kOther, 1, "shadowed"},
        {basic, "//npm.example.test/a/:_auth", "npm.example.test/a", "b", 2, "", "a"}}},
      {"another path is another registry",
       "//npm.example.test/:_authToken=" + kOther + "\n//npm.example.test/a/:_authToken=" + kToken,
       {{token, "//npm.example.test/:_authToken", "npm.example.test", kOther, 1},
        {token, "//npm.example.test/a/:_authToken", "npm.example.test/a", kToken, 2}}},

      {"what is commented out is still there",
       "; " + t + "=" + kToken + "\n#" + r + ":_auth=" + base64("a:b"),
       {{token, t, host, kToken, 1, "comment"}, {basic, r + ":_auth", host, "b", 2, "comment", "a"}}},
      {"it shadows nothing",
       t + "=" + kToken + "\n#" + t + "=" + kOther,
       {{token, t, host, kToken, 1}, {token, t, host, kOther, 2, "comment"}}},
      {"prose is not read", "# set " + t + "=secret in CI\n# username=x\n# npm:_authToken=x", {}},

      {"user and password of a registry's address",
       "registry=https://ann:secret@registry.corp.example/npm/",
       {{basic, "registry", "registry.corp.example/npm", "secret", 1, "", "ann"}}},
      {"of a scope's",
       "@acme:registry=https://ann:${NPM_TOKEN}@registry.corp.example/",
       {{basic, "@acme:registry", host, "", 1, "", "ann", "NPM_TOKEN"}}},
      {"other passwords are not ours", "proxy=http://ann:secret@proxy.example.test/", {}},
      {"an empty file", "", {}},
  };
  for (const Case& c : cases) {
    CAPTURE(c.what);
    const auto reading = read_npmrc(c.text);
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
      CHECK(flags_of(credential) == expected.flags);
      CHECK(credential.username == expected.username);
      CHECK(credential.reference.value_or("") == expected.reference);
    }
  }
}

TEST_CASE("registries by scope") {
  const auto reading = read_npmrc(
      "registry=https://Registry.corp.example:443/npm/\n@acme:registry = \"http://npm.example.test:4873\"\n"
      "@other:registry=${REGISTRY}\n;@old:registry=https://old.example.test/\nregistry=https://npm.example.test/\n"
      "[s]\n@in:registry=https://in.example.test/\n");
  REQUIRE(reading.has_value());
  using Registries = std::vector<std::pair<std::string, std::string>>;
  CHECK(reading->registries == Registries{{"@acme", "npm.example.test:4873"}, {"", "npm.example.test"}});
  CHECK(reading->credentials.empty());
}

TEST_CASE("a file of any size that is no npmrc file") {
  const auto reading = read_npmrc(std::string(2 << 20, 'x'));
  REQUIRE(!reading.has_value());
  CHECK(reading.error().kind == ErrorKind::malformed);
  CHECK(read_npmrc(std::string("\0\xFF\xFE=\0", 5)).has_value());
}

}  // namespace
