#include "formats/npm_token_list.hpp"

#include <doctest/doctest.h>

#include <string>

#include "base/time.hpp"
#include "tests/support/tokens.hpp"

namespace {

using namespace tokensweep;
using enum PackageAccess;
using Type = RegistryScope::Type;

std::vector<RegistryToken> tokens_in(const std::string& text) {
  const auto tokens = read_npm_token_list(text, "ann");
  if (!tokens) FAIL(tokens.error().what);
  return *tokens;
}

/// The one token with these fields beside `token`.
RegistryToken token_with(const std::string& fields) {
  const auto tokens = tokens_in(R"([{"token": "npm_aBcD...7890")" + (fields.empty() ? "" : ", " + fields) + "}]");
  REQUIRE(tokens.size() == 1);
  return tokens.front();
}

std::string failure_of(const std::string& text) {
  const auto tokens = read_npm_token_list(text, "ann");
  return tokens ? "" : tokens.error().what;
}

/// A token as npm 6 listed it, until 2025.
std::string classic_with(const std::string& fields) {
  return R"("key": "0d46", "created": "2017-10-02T07:52:24.838Z", "updated": "2017-10-02T07:52:24.838Z", )" + fields;
}

TEST_CASE("a granular token, with all fields that a registry shows of one") {
  const auto tokens = tokens_in(R"([
    {
      "name": "publish_token",
      "description": "Publish Token",
      "key": "***",
      "token": "npm_aBcD...7890",
      "expiry": "2026-02-03T20:06:18.920Z",
      "cidr": ["10.0.0.0/8"],
      "cidr_whitelist": ["10.0.0.0/8", "192.168.1.1/32"],
      "bypass_2fa": true,
      "revoked": null,
      "created": "2025-05-28T12:22:18.350Z",
      "updated": "2025-11-05T20:06:18.920Z",
      "accessed": "2026-02-02T08:21:34.208Z",
      "permissions": [{"name": "package", "action": "write"}, {"name": "org", "action": "read"}],
      "scopes": [
        {"name": "left-pad", "type": "package"},
        {"name": "@acme", "type": "package"},
        {"name": "acme", "type": "scope"},
        {"name": "@acme/site", "type": "package"},
        {"name": "@acme", "type": "org"}
      ],
      "id": "5bc8fb",
      "a_field_of_tomorrow": {"x": [1]}
    }
  ])");
  REQUIRE(tokens.size() == 1);
  const RegistryToken expected{
      .account = "ann",
      .key = "5bc8fb",
      .name = "publish_token",
      .first = "npm_aBcD",
      .last = "7890",
      .access = write,
      .all_packages = false,
      .scopes = {{Type::package, "left-pad"},
                 {Type::scope, "@acme"},
                 {Type::scope, "@acme"},
                 {Type::package, "@acme/site"},
                 {Type::organisation, "acme"}},
      .bypass_2fa = true,
      .classic = false,
      .revoked = false,
      .ip_ranges = {"10.0.0.0/8", "192.168.1.1/32"},
      .created_at = parse_time("2025-05-28T12:22:18Z"),
      .updated_at = parse_time("2025-11-05T20:06:18Z"),
      .accessed_at = parse_time("2026-02-02T08:21:34Z"),
      .expires_at = parse_time("2026-02-03T20:06:18Z"),
  };
  CHECK(tokens.front() == expected);
}

TEST_CASE("a classic token, as it was listed while there were any") {
  const RegistryToken token = token_with(classic_with(R"("readonly": false, "cidr_whitelist": null)"));
  const RegistryToken expected{
      .account = "ann",
      .key = "0d46",
      .first = "npm_aBcD",
      .last = "7890",
      .access = write,
      .all_packages = true,
      .classic = true,
      .created_at = parse_time("2017-10-02T07:52:24Z"),
      .updated_at = parse_time("2017-10-02T07:52:24Z"),
  };
  CHECK(token == expected);
}

TEST_CASE("a token is classic only where nothing speaks against it") {
  struct Case {
    const char* what;
    std::string fields;
    bool classic;
    PackageAccess access;
    bool bypass_2fa = false;
  };
  const Case cases[] = {
      {"a publish token", classic_with(R"("readonly": false)"), true, write},
      {"a read-only token", classic_with(R"("readonly": true)"), true, read},
      {"an automation token", classic_with(R"("automation": true, "readonly": false)"), true, write, true},
      {"automation alone", classic_with(R"("automation": false)"), true, write},
      {"neither", classic_with(R"("cidr_whitelist": [])"), false, unknown},
      {"nulls say nothing", classic_with(R"("readonly": null, "automation": null)"), false, unknown},
      {"one with a name", classic_with(R"("readonly": false, "name": "ci")"), true, write},
      {"it expires", classic_with(R"("readonly": false, "expiry": null)"), false, unknown},
      {"it has permissions", classic_with(R"("readonly": false, "permissions": [])"), false, unknown},
      {"it has scopes", classic_with(R"("readonly": false, "scopes": [])"), false, unknown},
      {"it can or cannot bypass", classic_with(R"("readonly": false, "bypass_2fa": false)"), false, unknown},
      {"the last day of classic ones", R"("readonly": false, "created": "2025-11-05T23:59:59Z")", true, write},
      {"the day after", R"("readonly": false, "created": "2025-11-06T00:00:00Z")", false, unknown},
      {"nobody knows since when", R"("readonly": false)", false, unknown},
      {"it has the newer field of ranges", classic_with(R"("readonly": false, "cidr": [])"), false, unknown},
      {"verdaccio's", classic_with(R"("readonly": false, "user": "ann", "cidr": [], "cidr_whitelist": [])"), false,
       unknown},
      {"verdaccio's, to read", R"("readonly": true, "user": "ann", "created": 1506930744838)", false, read},
  };
  for (const Case& c : cases) {
    CAPTURE(c.what);
    const RegistryToken token = token_with(c.fields);
    CHECK(token.classic == c.classic);
    CHECK(token.access == c.access);
    CHECK(token.bypass_2fa == c.bypass_2fa);
    CHECK(token.all_packages == (c.classic && c.access == write));
  }
}

TEST_CASE("access is told by the strongest field, and never guessed down") {
  const auto on_packages = [](const std::string& action) {
    return R"("permissions": [{"name": "package", "action": ")" + action + R"("}])";
  };
  struct Case {
    const char* what;
    std::string fields;
    PackageAccess access;
  };
  const Case cases[] = {
      {"read", on_packages("read"), read},
      {"write", on_packages("write"), write},
      {"in the words of npm token create", on_packages("read-write"), write},
      {"stage only", on_packages("read-write-stage-only"), stage},
      {"stage", on_packages("stage"), stage},
      {"no access", on_packages("no-access"), none},
      {"a word of tomorrow", on_packages("administer"), unknown},
      {"no word", R"("permissions": [{"name": "package"}])", unknown},
      {"the stronger of two",
       R"("permissions": [{"name": "package", "action": "write"}, {"name": "package", "action": "read"}])", write},
      {"read and a word of tomorrow",
       R"("permissions": [{"name": "package", "action": "read"}, {"name": "package", "action": "administer"}])",
       unknown},
      {"an organisation's alone", R"("permissions": [{"name": "org", "action": "write"}])", none},
      {"on something that we do not know", R"("permissions": [{"name": "galaxy", "action": "read"}])", unknown},
      {"an empty list", R"("permissions": [])", unknown},
      {"an empty list of a token that only reads", R"("permissions": [], "readonly": true)", read},
      {"a list that contradicts its flag", on_packages("write") + R"(, "readonly": true)", write},
      {"not read-only", R"("readonly": false, "expiry": "2026-02-03T20:06:18.920Z")", unknown},
      {"one word for all", R"("packages_and_scopes_permission": "read-only")", read},
      {"stage only, in one word",
       on_packages("write") + R"(, "packages_and_scopes_permission": "read-write-stage-only")", stage},
      {"nothing at all", "", unknown},
  };
  for (const Case& c : cases) {
    CAPTURE(c.what);
    CHECK(token_with(c.fields).access == c.access);
  }
}

TEST_CASE("write access is unlimited only where the list says so") {
  const std::string can_write = R"("permissions": [{"name": "package", "action": "write"}], )";
  struct Case {
    const char* what;
    std::string fields;
    bool all;
    std::size_t scopes;
  };
  const Case cases[] = {
      {"one package", can_write + R"("scopes": [{"type": "package", "name": "a"}])", false, 1},
      {"every package", can_write + R"("scopes": [{"type": "package", "name": "*"}])", true, 1},
      {"every scope", can_write + R"("scopes": [{"type": "scope", "name": "*"}])", true, 1},
      {"every package, in a field of its own", can_write + R"("packages_all": true)", true, 0},
      {"an empty list of scopes", can_write + R"("scopes": [])", true, 0},
      {"organisations do not limit packages", can_write + R"("scopes": [{"type": "org", "name": "acme"}])", true, 1},
      {"a limit that we do not know", can_write + R"("scopes": [{"type": "team", "name": "acme"}])", false, 0},
      {"no list of scopes", can_write + R"("scopes": null)", false, 0},
      {"every package, to read", R"("permissions": [{"name": "package", "action": "read"}],
                                    "scopes": [{"type": "package", "name": "*"}])",
       false, 1},
  };
  for (const Case& c : cases) {
    CAPTURE(c.what);
    const RegistryToken token = token_with(c.fields);
    CHECK(token.all_packages == c.all);
    CHECK(token.scopes.size() == c.scopes);
  }
}

TEST_CASE("keys, shown characters and other fields in their spellings") {
  struct Case {
    const char* what;
    std::string element;
    std::string key, first, last;
  };
  const std::string id = testing::uuid(1);
  const Case cases[] = {
      {"a key in full", R"("key": ")" + id + R"(", "token": "npm_aBcD...7890", "id": "5bc8fb")", id, "npm_aBcD",
       "7890"},
      {"a masked key", R"("key": "***", "token": "npm_aBcD...7890", "id": "5bc8fb")", "5bc8fb", "npm_aBcD", "7890"},
      {"both masked", R"("key": "***", "token": "npm_aBcD...7890", "id": "***")", "", "npm_aBcD", "7890"},
      {"masked, and no id", R"("key": "***", "token": "npm_aBcD...7890")", "", "npm_aBcD", "7890"},
      {"no key", R"("token": "npm_aBcD...7890")", "", "npm_aBcD", "7890"},
      {"a beginning alone", R"("key": "k", "token": "1fa9ba")", "k", "1fa9ba", ""},
      {"a beginning and dots", R"("key": "k", "token": "npm_aB...")", "k", "npm_aB", ""},
      {"with an ellipsis", R"("key": "k", "token": "npm_aBcD…7890")", "k", "npm_aBcD", "7890"},
      {"verdaccio's five and five", R"("key": "k", "token": "eyJhb...x_-9k")", "k", "eyJhb", "x_-9k"},
      {"nothing shown", R"("key": "k", "token": "[REDACTED]")", "k", "", ""},
      {"masked by npm", R"("key": "k", "token": "npm_***")", "k", "", ""},
      {"an empty text", R"("key": "k", "token": "")", "k", "", ""},
  };
  for (const Case& c : cases) {
    CAPTURE(c.what);
    const auto tokens = tokens_in("[{" + c.element + "}]");
    REQUIRE(tokens.size() == 1);
    CHECK(tokens.front().key == c.key);
    CHECK(tokens.front().first == c.first);
    CHECK(tokens.front().last == c.last);
  }
  CHECK(token_with(R"("revoked": true)").revoked);
  CHECK(token_with(R"("revoked": "2025-12-09T00:00:00.000Z")").revoked);
  CHECK_FALSE(token_with(R"("revoked": false)").revoked);
  CHECK(token_with(R"("created": 1506930744838)").created_at == parse_time("2017-10-02T07:52:24Z"));
}

TEST_CASE("lists as npm, registries and shells leave them") {
  const std::string one = R"({"token": "npm_aBcD...7890", "key": "a"})";
  const std::string two = R"({"token": "npm_aBcD...7891", "key": "b"})";
  struct Case {
    const char* what;
    std::string text;
    std::size_t tokens;
  };
  const Case cases[] = {
      {"an empty list", "[]\n", 0},
      {"two tokens", "[" + one + "," + two + "]", 2},
      {"a warning in front", "npm warn cli npm v12.2.0 does not support Node.js v20\n[" + one + "]", 1},
      {"a registry's answer", R"({"objects": [)" + one + R"(], "total": 1, "urls": {}})", 1},
      {"without a total", R"({"objects": [)" + one + R"(], "urls": {"next": null}})", 1},
      {"verdaccio's", R"({"objects": [)" + one + R"(], "urls": {"next": ""}})", 1},
      {"an empty one", R"({"objects": [], "total": 0, "urls": {}})", 0},
      {"masked keys are not the same", R"([{"token": "npm_aB", "key": "***"}, {"token": "npm_aB", "key": "***"}])", 2},
  };
  for (const Case& c : cases) {
    CAPTURE(c.what);
    CHECK(tokens_in(c.text).size() == c.tokens);
  }
}

TEST_CASE("what is no list of tokens is refused, and never quoted") {
  const std::string whole = testing::npm_token(1);
  const std::string shown = R"("token": "npm_aBcD...7890")";
  const std::string page = "one page of a longer list; ask for all of it with ?perPage=9999";
  const std::string table = "npm's table for people; add --json: `npm token list --json`";
  const std::string other = "no list of tokens; expected what `npm token list --json` prints";
  const std::string shorten =
      "element 1: token: not shortened to its first 8 and last 4 characters, as it is in each list of npm's";
  struct Case {
    const char* what;
    std::string text;
    std::string message;
  };
  const Case cases[] = {
      {"npm 6 to 9's table", "\x1b[90m┌────────\x1b[39m\n│ id     │", table},
      {"npm 10's lines", "Publish token npm_aB… with id c03241 created 2017-10-02\n", table},
      {"npm 10's lines of read-only ones", "npm warn x\nRead only token npm_aB… with id 7f3134", table},
      {"npm 12's lines", "Token npm_aBcD...7890… with id 5bc8fb name x created 2025-05-28\n", table},
      {"tabs", "key\ttoken\tcreated\treadonly\tCIDR whitelist\n", table},
      {"the documentation's table", "+--------+---------+\n", table},
      {"words", "hello\n", "no JSON; expected what `npm token list --json` prints"},
      {"npm's report", R"({"error": {"code": "EOTP"}})",
       "npm failed with EOTP: a one-time password is asked for; add --otp=CODE to `npm token list --json`"},
      {"a registry's refusal", R"({"error": "Unauthorized"})",
       "the registry's refusal instead of a list; log in with `npm login` and ask again"},
      {"a page with a next one", R"({"objects": [], "urls": {"next": "/-/npm/v1/tokens?page=1"}})", page},
      {"the last page of some", R"({"objects": [], "total": 11, "urls": {}})", page},
      {"an object", "{}", other},
      {"a new token", "{\"token\": \"" + whole + "\"}", other},
      {"objects that are no list", R"({"objects": {}})", "objects: expected a list"},
      {"a list of numbers", "[1]", "element 1: expected an object"},
      {"a list of packages", R"([{"name": "left-pad"}])", "element 1: token: expected a text, such as npm_aBcD...7890"},
      {"a token that is no text", "[{" + shown + "}, {\"token\": 1}]",
       "element 2: token: expected a text, such as npm_aBcD...7890"},
      {"a whole token", "[{\"token\": \"" + whole + "\"}]", shorten},
      {"nearly whole", "[{\"token\": \"" + whole.substr(0, 20) + "..." + whole.substr(36) + "\"}]", shorten},
      {"a whole token as a key", "[{" + shown + ", \"key\": \"" + whole + "\"}]",
       "element 1: key: holds a whole token, as no list of npm's does"},
      {"in a name", "[{" + shown + ", \"name\": \"my " + whole + "\"}]",
       "element 1: name: holds a whole token, as no list of npm's does"},
      {"a key that is no text", "[{" + shown + ", \"key\": 7}]", "element 1: key: expected a text"},
      {"a flag that is a text", "[{" + shown + ", \"readonly\": \"no\"}]",
       "element 1: readonly: expected true or false"},
      {"a flag that is a number", "[{" + shown + ", \"bypass_2fa\": 1}]",
       "element 1: bypass_2fa: expected true or false"},
      {"no time", "[{" + shown + ", \"expiry\": \"tomorrow\"}]",
       "element 1: expiry: expected a time such as 2026-11-22T05:40:38.000Z"},
      {"a time that does not exist", "[{" + shown + ", \"created\": \"2026-02-30T00:00:00Z\"}]",
       "element 1: created: expected a time such as 2026-11-22T05:40:38.000Z"},
      {"a time before all tokens", "[{" + shown + ", \"created\": -1}]",
       "element 1: created: expected a time such as 2026-11-22T05:40:38.000Z"},
      {"a time after all", "[{" + shown + ", \"created\": 253402300800000}]",
       "element 1: created: expected a time such as 2026-11-22T05:40:38.000Z"},
      {"revoked by whom", "[{" + shown + ", \"revoked\": \"ann\"}]",
       "element 1: revoked: expected true, false or a time"},
      {"ranges that are a text", "[{" + shown + ", \"cidr\": \"10.0.0.0/8\"}]",
       "element 1: cidr: expected a list of texts"},
      {"a range that is a number", "[{" + shown + ", \"cidr_whitelist\": [\"10.0.0.0/8\", 10]}]",
       "element 1: cidr_whitelist 2: expected a text"},
      {"permissions that are texts", "[{" + shown + ", \"permissions\": [\"write\"]}]",
       "element 1: permissions 1: expected an object"},
      {"an action that is a list", "[{" + shown + ", \"permissions\": [{\"name\": \"package\", \"action\": []}]}]",
       "element 1: permissions 1: action: expected a text"},
      {"scopes that are an object", "[{" + shown + ", \"scopes\": {}}]",
       "element 1: scopes: expected a list of objects"},
      {"a scope without words", "[{" + shown + ", \"scopes\": [{\"type\": 1}]}]",
       "element 1: scopes 1: type: expected a text"},
      {"a key twice", "[{" + shown + R"(, "key": "a"}, {"token": "x", "key": "b"}, {"token": "y", "key": "a"}])",
       "element 3: key: the same as of element 1"},
      {"cut off", "[{" + shown + "},\n",
       "the JSON ends in its middle, at line 1, column 31: the file was cut off; run "
       "`npm token list --json` again"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.what);
    CHECK(failure_of(c.text) == c.message);
  }
}

}  // namespace
