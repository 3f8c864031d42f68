#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <string_view>

#include "base/time.hpp"
#include "connectors/settings.hpp"
#include "connectors/ssm/parse.hpp"
#include "connectors/ssm/sightings.hpp"
#include "connectors/ssm/targets.hpp"

namespace {

using namespace std::chrono_literals;
using namespace tokensweep;
using namespace tokensweep::ssm;

constexpr std::string_view kCanary = "canary";

template <class Reader>
auto read(std::string_view body, std::size_t piece = 7) {
  Reader reader;
  reader.begin();
  for (std::size_t at = 0; at < body.size(); at += piece) {
    if (auto taken = reader.read(body.substr(at, piece)); !taken) {
      return decltype(reader.finish())(std::move(taken).error());
    }
  }
  return reader.finish();
}

const std::string kWhole = R"({"NextToken": "t/2+=", "Parameters": [
  {"Name": "/app/ci/NPM_TOKEN", "ARN": "arn:aws:ssm:eu-west-1:123456789012:parameter/app/ci/NPM_TOKEN",
   "Type": "SecureString", "KeyId": "alias/aws/ssm", "LastModifiedDate": 1.7E9, "Version": 3, "Tier": "Advanced",
   "Description": {"of": ["no", "use"]}, "DataType": "text",
   "Policies": [{"PolicyText": "{\"Type\":\"NoChangeNotification\",\"Attributes\":{\"After\":\"20\"}}",
                 "PolicyType": "NoChangeNotification", "PolicyStatus": "Pending"},
                {"PolicyText": "{\"Type\":\"Expiration\",\"Attributes\":{\"Timestamp\":\"2031-05-06T07:08:09.000Z\"}}",
                 "PolicyType": "Expiration", "PolicyStatus": "Pending"}]},
  {"Name": "plain", "Type": "String", "LastModifiedDate": 1700000000, "Version": 1, "Policies": null},
  {"Name": "list", "Type": "StringList", "LastModifiedDate": 1700000000.987, "Version": 9007199254740993}]})";

TEST_CASE("a page of parameters is read, whatever the pieces in which it comes") {
  for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, std::size_t{4096}}) {
    const auto page = read<ParameterReader>(kWhole, piece);
    REQUIRE(page);
    CHECK(page->next == "t/2+=");
    REQUIRE(page->parameters.size() == 3);
    CHECK(page->parameters[0] == Parameter{.name = "/app/ci/NPM_TOKEN",
                                           .arn = "arn:aws:ssm:eu-west-1:123456789012:parameter/app/ci/NPM_TOKEN",
                                           .type = Type::secure_string,
                                           .key = "alias/aws/ssm",
                                           .tier = "Advanced",
                                           .version = 3,
                                           .modified_at = Time(1'700'000'000s),
                                           .expires_at = parse_time("2031-05-06T07:08:09Z")});
    CHECK(page->parameters[1] == Parameter{.name = "plain", .version = 1, .modified_at = Time(1'700'000'000s)});
    CHECK(page->parameters[2].type == Type::string_list);
    CHECK(page->parameters[2].version == 9'007'199'254'740'993);
    CHECK(page->parameters[2].modified_at == Time(1'700'000'000s));
  }
}

TEST_CASE("a page of parameters that is none is refused in one line, and not quoted") {
  const struct {
    const char* what;
    std::string body;
    const char* error;
  } cases[] = {
      {"nothing", "", "nothing in place of JSON"},
      {"a web page", "<html>canary</html>", "a web page in place of JSON"},
      {"XML", "<?xml version=\"1.0\"?><canary/>", "a web page in place of JSON"},
      {"cut off", R"({"Parameters": [{"Name": "canary)", "no JSON"},
      {"an answer without the list", R"({"NextToken": "canary"})", "Parameters: expected a list"},
      {"a list that is null", R"({"Parameters": null})", "Parameters: expected a list"},
      {"a list that is none", R"({"Parameters": "canary"})", "Parameters: expected a list"},
      {"a list alone", R"(["canary"])", "the answer: expected an object"},
      {"a parameter that is none", R"({"Parameters": ["canary"]})", "a parameter: expected an object"},
      {"a token that is none", R"({"Parameters": [], "NextToken": 7})", "NextToken: expected a text"},
      {"a token that is empty", R"({"Parameters": [], "NextToken": ""})", "NextToken: expected a text"},
      {"a parameter without a name", R"({"Parameters": [{"Type": "String"}]})", "parameter 1: Name: expected a text"},
      {"a parameter without a type", R"({"Parameters": [{"Name": "canary"}]})",
       "parameter 1: Type: expected one of the types of parameters"},
      {"a type that came later", R"({"Parameters": [{"Name": "a", "Type": "canary"}]})",
       "parameter 1: Type: expected one of the types of parameters"},
      {"a name with a line break", R"({"Parameters": [{"Name": "a\ncanary", "Type": "String"}]})",
       "parameter 1: Name: expected a text of printable ASCII"},
      {"a version that is none", R"({"Parameters": [{"Name": "a", "Version": "canary"}]})",
       "parameter 1: Version: expected a whole number"},
      {"a time that is none", R"({"Parameters": [{"Name": "a", "LastModifiedDate": "canary"}]})",
       "parameter 1: LastModifiedDate: expected seconds since 1970"},
      {"a time that nobody lives to see", R"({"Parameters": [{"Name": "a", "LastModifiedDate": 1e300}]})",
       "parameter 1: LastModifiedDate: expected seconds since 1970"},
      {"a time before time", R"({"Parameters": [{"Name": "a", "LastModifiedDate": -1}]})",
       "parameter 1: LastModifiedDate: expected seconds since 1970"},
      {"the second of two", R"({"Parameters": [{"Name": "a", "Type": "String"}, {"Name": 1}]})",
       "parameter 2: Name: expected a text of printable ASCII"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.what);
    const auto page = read<ParameterReader>(c.body);
    REQUIRE_FALSE(page);
    CHECK(page.error().what == c.error);
    CHECK(page.error().what.find(kCanary) == std::string::npos);
  }
}

TEST_CASE("values come with their names, and those that are gone by name alone") {
  const auto page = read<ValueReader>(R"({"InvalidParameters": ["/gone", "too"], "Parameters": [
      {"Name": "/a", "Type": "String", "Value": "line\n\"two\"", "Version": 1, "ARN": "arn"},
      {"Value": "", "Name": "b"}]})");
  REQUIRE(page);
  REQUIRE(page->values.size() == 2);
  CHECK(page->values[0].name == "/a");
  CHECK(page->values[0].value.reveal() == "line\n\"two\"");
  CHECK(page->values[1].value.empty());
  CHECK(page->vanished == std::vector<std::string>{"/gone", "too"});

  const auto none = read<ValueReader>(R"({"Parameters": [], "InvalidParameters": null})");
  REQUIRE(none);
  CHECK(none->values.empty());
}

TEST_CASE("values that nobody can read are refused in one line, and not quoted") {
  for (const std::string body :
       {"", "<html>canary", R"({"Parameters": [{"Name": "a", "Value": "canary)", R"({"InvalidParameters": ["canary"]})",
        R"({"Parameters": [{"Name": "a", "Value": 1}]})", R"({"Parameters": [{"Name": "a", "Value": null}]})",
        R"({"Parameters": [{"Value": "canary"}]})", R"({"Parameters": [], "InvalidParameters": "canary"})"}) {
    CAPTURE(body);
    const auto page = read<ValueReader>(body);
    REQUIRE_FALSE(page);
    CHECK(page.error().what.find(kCanary) == std::string::npos);
    CHECK(page.error().what.find('\n') == std::string::npos);
  }
}

TEST_CASE("an expiration's time is read where the policy says one") {
  CHECK(expiration(R"({"Type":"Expiration","Attributes":{"Timestamp":"2031-05-06T09:08:09+02:00"}})") ==
        parse_time("2031-05-06T07:08:09Z"));
  for (const char* text : {"", "canary", "[]", "{}", R"({"Attributes": 1})", R"({"Attributes": {}})",
                           R"({"Attributes": {"Timestamp": 1}})", R"({"Attributes": {"Timestamp": "soon"}})"}) {
    CAPTURE(text);
    CHECK_FALSE(expiration(text));
  }
}

TEST_CASE("places are ARNs, and no two parameters share one") {
  const Scope own = scope_of({.account = "123456789012", .region = "eu-west-1"}, false);
  CHECK(own.prefix == "arn:aws:ssm:eu-west-1:123456789012:parameter");
  CHECK(own.store == "123456789012/eu-west-1");
  CHECK(own.realm == "aws:123456789012");
  CHECK(place_of(own.prefix, {.name = "/a/b"}) == "arn:aws:ssm:eu-west-1:123456789012:parameter/a/b");
  CHECK(place_of(own.prefix, {.name = "b"}) == "arn:aws:ssm:eu-west-1:123456789012:parameter/b");
  CHECK(place_of(own.prefix, {.name = "/b"}) == "arn:aws:ssm:eu-west-1:123456789012:parameter//b");
  const Scope shared = scope_of({.account = "123456789012", .region = "cn-north-1", .partition = "aws-cn"}, true);
  CHECK(place_of(shared.prefix, {.name = "arn:aws-cn:ssm:cn-north-1:999999999999:parameter/b"}) ==
        "arn:aws-cn:ssm:cn-north-1:123456789012:shared/arn:aws-cn:ssm:cn-north-1:999999999999:parameter/b");
}

TEST_CASE("each write is another version") {
  Parameter parameter{.version = 3, .modified_at = Time(1'700'000'000s)};
  const std::string before = version_of(parameter);
  parameter.version = 4;
  CHECK(version_of(parameter) != before);
  // Deleted and made anew, it may come to the same number.
  parameter.version = 3;
  parameter.modified_at = Time(1'700'000'001s);
  CHECK(version_of(parameter) != before);
}

TEST_CASE("a parameter says how it is kept, and since when") {
  Parameter parameter{.name = "/app/ci/NPM_TOKEN",
                      .type = Type::secure_string,
                      .key = "alias/tokens",
                      .tier = "Advanced",
                      .version = 3,
                      .modified_at = Time(1'700'000'000s),
                      .expires_at = parse_time("2031-05-06T07:08:09Z")};
  Sighting sighting = sighting_of("place", parameter);
  CHECK(sighting.locator == "/app/ci/NPM_TOKEN");
  CHECK(sighting.name == "/app/ci/NPM_TOKEN");
  CHECK(sighting.updated_at == parameter.modified_at);
  CHECK_FALSE(sighting.created_at);
  CHECK(sighting.age_basis == AgeBasis::updated_at);
  CHECK_FALSE(sighting.flags.has(ScopeFlag::unencrypted));
  CHECK(sighting.evidence.back().value ==
        "a SecureString, its key is alias/tokens, tier Advanced, deleted by its policy on 2031-05-06");

  parameter = {.name = "plain", .type = Type::string, .version = 1, .modified_at = Time(1'700'000'000s)};
  sighting = sighting_of("place", parameter);
  CHECK(sighting.flags.has(ScopeFlag::unencrypted));
  CHECK(sighting.created_at == parameter.modified_at);
  CHECK(sighting.evidence.back().value == "a String, which is not encrypted");

  sighting = sighting_of("place", {.name = "unknown age"});
  CHECK(sighting.age_basis == AgeBasis::first_seen);
}

Settings settings_of(std::vector<std::string> regions, std::vector<std::string> roles = {}) {
  Settings settings;
  if (!regions.empty()) settings.add({"regions", std::move(regions), 1});
  if (!roles.empty()) settings.add({"roles", std::move(roles), 1});
  settings.add({"external_id", std::string("acme"), 1});
  return settings;
}

TEST_CASE("targets are regions and roles, each once") {
  const auto targets = read_targets(
      settings_of({"eu-west-1", "us-gov-east-1", "eu-west-1"}, {"arn:aws:iam::210987654321:role/audit/tokensweep"}));
  REQUIRE(targets);
  CHECK(targets->regions == std::vector<std::string>{"eu-west-1", "us-gov-east-1"});
  CHECK_FALSE(targets->all_regions);
  REQUIRE(targets->roles.size() == 1);
  CHECK(targets->roles[0].external_id == "acme");
  const Holder holder = holder_of(targets->roles[0], nullptr);
  CHECK(holder.account == "210987654321");
  CHECK(holder.partition == "aws");
  CHECK(read_targets(settings_of({"*"}))->all_regions);
  CHECK(holder_of(aws::Caller{.account = "123456789012", .arn = "arn:aws-cn:iam::123456789012:user/a"}, nullptr)
            .partition == "aws-cn");
}

TEST_CASE("what is no region and no role is refused by its number") {
  const std::string role = "arn:aws:iam::210987654321:role/a";
  const struct {
    const char* what;
    Settings settings;
    const char* error;
  } cases[] = {
      {"a star among others", settings_of({"eu-west-1", "*"}),
       "regions: entry 2: expected a region, such as eu-west-1, or \"*\" alone for all"},
      {"a host", settings_of({"eu.evil.example"}),
       "regions: entry 1: expected a region, such as eu-west-1, or \"*\" alone for all"},
      {"a zone", settings_of({"eu-west-1a"}),
       "regions: entry 1: expected a region, such as eu-west-1, or \"*\" alone for all"},
      {"a role's name", settings_of({}, {"tokensweep"}),
       "roles: entry 1: expected a role's ARN, such as arn:aws:iam::123456789012:role/tokensweep"},
      {"a user", settings_of({}, {role, "arn:aws:iam::210987654322:user/a"}),
       "roles: entry 2: expected a role's ARN, such as arn:aws:iam::123456789012:role/tokensweep"},
      {"a short account", settings_of({}, {"arn:aws:iam::2109:role/a"}),
       "roles: entry 1: expected a role's ARN, such as arn:aws:iam::123456789012:role/tokensweep"},
      {"two of one account", settings_of({}, {role, role + "b"}),
       "roles: entry 2: expected a role of an account that no other is of"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.what);
    const auto targets = read_targets(c.settings);
    REQUIRE_FALSE(targets);
    CHECK(targets.error().what == c.error);
    CHECK(targets.error().kind == ErrorKind::misconfigured);
  }
}

}  // namespace
