#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

#include "rules/rule_file.hpp"
#include "rules/rule_set.hpp"
#include "rules/templates.hpp"
#include "tests/rules/support.hpp"

using namespace tokensweep;
using namespace tokensweep::test;

namespace {

const RuleSet& builtin() {
  static const RuleSet kRules = [] {
    auto rules = RuleSet::compile(builtin_rules());
    if (!rules) FAIL(rules.error().what);
    return std::move(*rules);
  }();
  return kRules;
}

/// What is found in a template, each as "rule:secret".
std::vector<std::string> found_in(std::string_view text) { return found(builtin(), fill_template(text)); }

std::vector<std::string> one(const std::string& rule, std::string_view secret) {
  return {rule + ":" + fill_template(secret)};
}

const std::string kAuth = "//npm.example.test/:_authToken=";
const std::string kJwt = "eyJ{alnum30:1}.{alnum60:1}.{alnum43:1}";

}  // namespace

TEST_CASE("the built-in rules prove themselves") {
  const auto& rules = builtin_rules().rules;
  CHECK(rules.size() == 8);
  auto compiled = RuleSet::compile(builtin_rules());
  CHECK_MESSAGE(compiled, (compiled ? "" : compiled.error().what));
  for (const Rule& rule : rules) {
    CAPTURE(rule.id);
    CHECK_FALSE(rule.examples.empty());
    CHECK_FALSE(rule.counterexamples.empty());
    CHECK(rule.literals.empty() == rule.of_names);
    CHECK((rule.max_length > 0 || rule.of_names));
  }
}

TEST_CASE("every shape of an npm credential is found, once, with its exact value") {
  const struct {
    std::string what;
    std::string text;
    std::string rule;
    std::string secret;
  } cases[] = {
      {".npmrc", kAuth + "{npm:1}\n", "npm-access-token", "{npm:1}"},
      {"quoted, spaces around =", "//npm.example.test/:_authToken = \"{npm:1}\"\n", "npm-access-token", "{npm:1}"},
      {"a UUID", kAuth + "{uuid:1}\n", "npm-legacy-token", "{uuid:1}"},
      {"_auth", "_auth={base64:ci:{alnum20:1}}\n", "npm-basic-auth", "{base64:ci:{alnum20:1}}"},
      {"_auth of a registry", "//r.corp.example/:_auth=\"{base64:ci:{alnum20:1}}\"\n", "npm-basic-auth",
       "{base64:ci:{alnum20:1}}"},
      {"username and _password", "//r.corp.example/:username=ci\n//r.corp.example/:_password={base64:{alnum20:1}}\n",
       "npm-basic-auth", "{base64:{alnum20:1}}"},
      {"npmAuthToken", "npmAuthToken: \"{npm:1}\"\n", "npm-access-token", "{npm:1}"},
      {"npmAuthToken, a UUID", "    npmAuthToken: {uuid:1}\n", "npm-legacy-token", "{uuid:1}"},
      {"npmAuthIdent", "npmAuthIdent: \"ci:{alnum20:1}\"\n", "npm-basic-auth", "{alnum20:1}"},
      {"npmAuthIdent, unquoted", "npmAuthIdent: ci:{alnum20:1}\n", "npm-basic-auth", "{alnum20:1}"},
      {"npmAuthIdent, base64", "npmAuthIdent: \"{base64:ci:{alnum20:1}}\"\n", "npm-basic-auth",
       "{base64:ci:{alnum20:1}}"},
      {"pnpm's scoped key", "//npm.example.test/:@acme:_authToken={npm:1}\n", "npm-access-token", "{npm:1}"},
      {"pnpm's config.yaml", "_auth:\n  https://npm.example.test/:\n    '@':\n      authToken: {npm:1}\n",
       "npm-access-token", "{npm:1}"},
      {"bunfig", "registry = { url = \"https://npm.example.test\", token = \"{npm:1}\" }\n", "npm-access-token",
       "{npm:1}"},
      {"a wrong checksum", kAuth + "{npm-bad:1}\n", "npm-access-token", "{npm-bad:1}"},
      {"Nexus", kAuth + "NpmToken.{uuid:1}\n", "registry-token", "NpmToken.{uuid:1}"},
      {"commented out", "; " + kAuth + "{npm:1}\n", "npm-access-token", "{npm:1}"},
      {"commented out, a UUID", "#" + kAuth + "{uuid:1}\n", "npm-legacy-token", "{uuid:1}"},
      {"in a registry's address", "registry=https://ci:{npm:1}@npm.example.test/\n", "npm-access-token", "{npm:1}"},
      {"alone in an address", "https://{npm:1}@npm.example.test/\n", "npm-access-token", "{npm:1}"},
      {"a password in an address", "registry=https://ci:{alnum20:1}@r.corp.example/\n", "npm-url-credential",
       "{alnum20:1}"},
      {"ENV", "ENV NPM_TOKEN={npm:1}\n", "npm-access-token", "{npm:1}"},
      {"NPM_TOKEN, a UUID", "NPM_TOKEN={uuid:1}\n", "npm-legacy-token", "{uuid:1}"},
      {"yarn 1", "\"//npm.example.test/:_authToken\" \"{uuid:1}\"\n", "npm-legacy-token", "{uuid:1}"},
      {"a byte-order mark", "\xEF\xBB\xBF//npm.example.test/:_authToken={uuid:1}\n", "npm-legacy-token", "{uuid:1}"},
      {"the first key of a file", "_authToken={uuid:1}", "npm-legacy-token", "{uuid:1}"},
      {"behind CRLF", "a=b\r\n_authToken={uuid:1}\r\n", "npm-legacy-token", "{uuid:1}"},
      {"an environment file", "npm_config_//npm.example.test/:_authToken={uuid:1}\n", "npm-legacy-token", "{uuid:1}"},
      {"a workflow", "          NODE_AUTH_TOKEN: {uuid:1}\n", "npm-legacy-token", "{uuid:1}"},
      {"Jenkins", "environment { NPM_TOKEN = '{uuid:1}' }\n", "npm-legacy-token", "{uuid:1}"},
      {"a state file", R"({"outputs": {"npm_token": {"value": "{npm:1}"}}})", "npm-access-token", "{npm:1}"},
      {"a container's environment", R"({"Env": ["NPM_TOKEN={uuid:1}"]})", "npm-legacy-token", "{uuid:1}"},
      {"JSON in JSON", R"({"b": "{\"npmrc\": \"//npm.example.test/:_authToken={uuid:1}\\n\"}"})", "npm-legacy-token",
       "{uuid:1}"},
      {"a debug log", "1 verbose argv \"config\" \"set\" \"//npm.example.test/:_authToken={uuid:1}\"\n",
       "npm-legacy-token", "{uuid:1}"},
      {"a flag", "npm publish --_auth={base64:ci:{alnum20:1}}", "npm-basic-auth", "{base64:ci:{alnum20:1}}"},
      {"a JWT", kAuth + kJwt + "\n", "registry-token", kJwt},
      {"a JWT in a variable", "NPM_TOKEN=" + kJwt, "registry-token", kJwt},
      {"Artifactory", kAuth + "AKCp{alnum69:1}\n", "registry-token", "AKCp{alnum69:1}"},
      {"GitHub", "NODE_AUTH_TOKEN=ghp_{alnum36:1}", "registry-token", "ghp_{alnum36:1}"},
      {"GitLab", kAuth + "glpat-{alnum20:1}\n", "registry-token", "glpat-{alnum20:1}"},
      {"some other registry's", kAuth + "{hex40:1}\n", "registry-token-opaque", "{hex40:1}"},
      {"npm_token in a vault", "npm_token: {alnum32:2}\n", "registry-token-opaque", "{alnum32:2}"},
      {"a reference", kAuth + "${NPM_TOKEN}\n", "npm-token-reference", "NPM_TOKEN"},
      {"a reference of a workflow", "NODE_AUTH_TOKEN: ${{ secrets.ACME_PUBLISH }}", "npm-token-reference",
       "ACME_PUBLISH"},
      {"a reference with a default", "npmAuthToken: \"${NPM_TOKEN-}\"", "npm-token-reference", "NPM_TOKEN"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.what);
    CHECK(found_in(c.text) == one(c.rule, c.secret));
  }
}

TEST_CASE("decoys are silent") {
  const std::pair<std::string, std::string> cases[] = {
      {"one character repeated", kAuth + "npm_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"},
      {"zeros", "npm_000000000000000000000000000000000000"},
      {"two characters in turn", "npm_" +
                                     [] {
                                       std::string turns;
                                       for (int i = 0; i < 18; ++i) turns += "aZ";
                                       return turns;
                                     }()},
      {"the alphabet", "npm_abcdefghijklmnopqrstuvwxyz0123456789"},
      {"part of it", "npm_TUVWXYZabcdefghijklmnopqrstuvwxyz012"},
      {"counting", std::string("npm_1234567890") + "1234567890QwErTy7890ZZabcd"},
      {"a word", "npm_EXAMPLEtokenEXAMPLEtokenEXAMPLEtoken"},
      {"somebody's words", kAuth + "YOUR_NPM_TOKEN_GOES_HERE_1"},
      {"a masked one", kAuth + "npm_************************************"},
      {"a UUID of x", kAuth + "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx"},
      {"the nil UUID", kAuth + "00000000-0000-0000-0000-000000000000"},
      {"a counting UUID", "NPM_TOKEN=12345678-1234-1234-1234-123456789012"},
      {"a UUID of something", "REQUEST_ID={uuid:1}"},
      {"in JSON", R"({"id": "{uuid:1}", "npm": {"package": "left"}})"},
      {"in a comment of a .npmrc", "; generated by job {uuid:1}\nfund=false\n"},
      {"an id of a token", "NPM_TOKEN_ID={uuid:1}"},
      {"a commit", "NPM_CACHE_KEY: '{hex40:1}'"},
      {"a hash", "FROM node@sha256:{hex64:1}"},
      {"an integrity", "\"integrity\": \"sha512-{base64:{alnum60:1}}\""},
      {"a longer string", "CACHE_KEY={npm:1}a"},
      {"much longer", "const blob = \"{npm:1}{alnum25:1}\";"},
      {"glued to the left", "BUILD_ID=my_{npm:1}"},
      {"glued to a letter", "x{npm:1}"},
      {"glued to base64", "Q9{npm:1}"},
      {"npm's own variables", "npm_config_user_agent=npm/10 npm_package_version=1.2.3 npm_lifecycle_event=test"},
      {"a program's member",
       "this._authToken = token; self._auth = authenticate(user); obj._password = readPassword()"},
      {"a program's variable", "const _authToken = options.authToken || defaultAuthTokenProvider;"},
      {"a password of something else", "db_password={base64:{alnum20:1}}"},
      {"an address of something else", "url = https://ci:{alnum20:1}@git.corp.example/site.git"},
      {"a registry without credential", "registry=https://registry.corp.example/"},
      {"a path", "NPM_TOKEN=/run/secrets/npm_token_1 NPM_TOKEN_FILE=/run/secrets/x"},
      {"a command", "export NPM_TOKEN=$(cat /run/token)"},
      {"a vault's address", "NPM_TOKEN=op://vault/npm-publish/credential1"},
      {"words", "NPM_TOKEN=changeme NPM_TOKEN=your-npm-token NPM_TOKEN=<your-token-goes-here>"},
      {"documentation", "Set NPM_TOKEN to the token that you created, then run npm publish."},
      {"a bearer token of another service", "Authorization: Bearer " + kJwt},
  };
  for (const auto& [what, text] : cases) {
    CAPTURE(what);
    CHECK(found_in(text) == std::vector<std::string>{});
  }
}

TEST_CASE("several tokens side by side are all found") {
  CHECK(found_in("{npm:1},{npm:2} {npm:3}\n{npm:4}").size() == 4);
  CHECK(found_in(kAuth + "{uuid:1}\n" + kAuth + "{uuid:2}\n_authToken={uuid:3}\n").size() == 3);
  CHECK(found_in("_auth={base64:ci:{alnum20:1}}\n_auth={base64:ci:{alnum20:2}}\n").size() == 2);
}

TEST_CASE("a token is found in any bytes") {
  const std::string token = fill_template("{npm:1}");
  for (const std::string& before :
       {std::string("\0\0", 2), std::string("\xff\xfe"), std::string("\xe9"), std::string("\u00e9"), std::string("%3D"),
        std::string("\\n"), std::string("\\u003d"), std::string("\x1b[0;32m"), std::string("'")}) {
    for (const std::string& after :
         {std::string("\0", 1), std::string("\xff"), std::string("\u00e9"), std::string("%0A"), std::string("\\n"),
          std::string("\x1b[0m"), std::string("@"), std::string("")}) {
      CAPTURE(before);
      CAPTURE(after);
      CHECK(found(builtin(), before + token + after) == std::vector<std::string>{"npm-access-token:" + token});
    }
  }
}

TEST_CASE("checksums are told") {
  const auto checksum_of = [](std::string_view text) {
    const std::string filled = fill_template(text);
    auto matches = builtin().match(filled, "", every_rule(builtin()));
    REQUIRE(matches);
    REQUIRE(matches->size() == 1);
    return matches->front().checksum;
  };
  CHECK(checksum_of("{npm:1}") == Checksum::valid);
  CHECK(checksum_of("{npm-bad:1}") == Checksum::invalid);
  CHECK(checksum_of(kAuth + "{uuid:1}") == Checksum::none);
}

TEST_CASE("a bare value gets its kind from its shape") {
  const struct {
    std::string what;
    std::string value;
    std::string kind;
    Checksum checksum;
    bool allowed;
  } cases[] = {
      {"an npm token", "{npm:1}", "npm-token", Checksum::valid, false},
      {"one with a wrong checksum", "{npm-bad:1}", "npm-token", Checksum::invalid, false},
      {"a placeholder", "npm_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "npm-token", Checksum::invalid, true},
      {"a UUID", "{uuid:1}", "npm-legacy-token", Checksum::none, false},
      {"the nil UUID", "00000000-0000-0000-0000-000000000000", "npm-legacy-token", Checksum::none, true},
      {"Nexus", "NpmToken.{uuid:1}", "registry-token", Checksum::none, false},
      {"a JWT", kJwt, "registry-token", Checksum::none, false},
      {"anything", "{hex40:1}", "registry-token", Checksum::none, false},
      {"a weak one is one", "hunter2", "registry-token", Checksum::none, false},
      {"even a word, since npm would send it", "mysecretword", "registry-token", Checksum::none, false},
      {"a token that is too long", "{npm:1}a", "registry-token", Checksum::none, false},
      {"a placeholder's words", "YOUR_TOKEN_HERE", "registry-token", Checksum::none, true},
      {"in angle brackets", "<your-token>", "registry-token", Checksum::none, true},
      {"hidden", "***", "registry-token", Checksum::none, true},
      {"redacted", "REDACTED", "registry-token", Checksum::none, true},
      {"to do", "TODO", "registry-token", Checksum::none, true},
      {"to change", "changeme", "registry-token", Checksum::none, true},
      {"words of a template", "your-npm-token", "registry-token", Checksum::none, true},
      {"a UUID of x", "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx", "registry-token", Checksum::none, true},
  };
  for (const auto& c : cases) {
    CAPTURE(c.what);
    const auto shape = builtin().shape_of(fill_template(c.value));
    REQUIRE(shape);
    CHECK(builtin().rules()[shape->rule].kind == c.kind);
    CHECK(shape->checksum == c.checksum);
    CHECK(shape->allowed == c.allowed);
  }
  CHECK_FALSE(builtin().shape_of(""));
}
