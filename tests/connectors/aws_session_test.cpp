#include <doctest/doctest.h>

#include <string>

#include "connectors/aws/session.hpp"
#include "tests/connectors/aws_fake.hpp"

namespace {

using namespace tokensweep;
using namespace tokensweep::aws;
using namespace tokensweep::aws::testing;

const std::string kCaller =
    "<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::111122223333:user/x</Arn>"
    "<UserId>U</UserId><Account>111122223333</Account></GetCallerIdentityResult></GetCallerIdentityResponse>";
const std::string kIdentity = "Action=GetCallerIdentity&Version=2011-06-15 by AKIA1/eu-west-1/sts at";

/// A session with a pair of keys.
class SessionFixture : public AwsFixture {
 public:
  SessionFixture() {
    environment["AWS_ACCESS_KEY_ID"] = "AKIA1";
    environment["AWS_SECRET_ACCESS_KEY"] = "s1";
  }
  Session& open(SessionOptions options = {.region = "eu-west-1"}) {
    auto opened = Session::open(std::move(options), services);
    REQUIRE(opened);
    session_ = std::move(*opened);
    return *session_;
  }

 private:
  std::unique_ptr<Session> session_;
};

TEST_CASE("the region is the first that is named") {
  const struct {
    const char* what;
    std::optional<std::string> option;
    std::map<std::string, std::string> environment;
    std::string region;
  } cases[] = {
      {"by the setting", "a-1", {{"AWS_REGION", "b-1"}}, "a-1"},
      {"AWS_REGION", {}, {{"AWS_REGION", "b-1"}, {"AWS_DEFAULT_REGION", "c-1"}}, "b-1"},
      {"AWS_DEFAULT_REGION", {}, {{"AWS_DEFAULT_REGION", "c-1"}}, "c-1"},
      {"the profile's", {}, {}, "d-1"},
      {"another profile's", {}, {{"AWS_PROFILE", "prod"}}, "e-1"},
      {"botocore's own variable goes before", {}, {{"AWS_PROFILE", "default"}, {"AWS_DEFAULT_PROFILE", "prod"}}, "e-1"},
      {"none", {}, {{"AWS_PROFILE", "empty"}}, ""},
  };
  for (const auto& c : cases) {
    CAPTURE(c.what);
    SessionFixture fixture;
    fixture.write(".aws/config",
                  "[default]\nregion = d-1\n[profile prod]\nregion = e-1\n[profile empty]\noutput = json\n");
    for (const auto& [name, value] : c.environment) fixture.environment[name] = value;
    CHECK(fixture.open({.region = c.option}).region().value_or("") == c.region);
  }
}

TEST_CASE("a profile that a setting names goes before keys in the environment") {
  SessionFixture fixture;
  fixture.write(".aws/credentials", "[prod]\naws_access_key_id = AKIA2\naws_secret_access_key = s2\n");
  CHECK(fixture.keys(*fixture.open().keys()) == "AKIA1 s1 of AWS_ACCESS_KEY_ID");
  CHECK(fixture.keys(*fixture.open({.profile = "prod"}).keys()) == "AKIA2 s2 of profile prod, credentials file");
  const auto none = Session::open({.profile = "x"}, fixture.services);
  REQUIRE(!none);
  CHECK(none.error().what == "profile x: is in neither of AWS' files");
}

TEST_CASE("whose the keys are") {
  const std::string sts = "POST https://sts.eu-west-1.amazonaws.com/";
  const struct {
    const char* what;
    Reply reply;
    std::string caller;
    ErrorKind kind = ErrorKind::internal;
  } cases[] = {
      {"a user's", {200, kCaller}, "111122223333 arn:aws:iam::111122223333:user/x"},
      {"nobody's",
       {403, "<ErrorResponse><Error><Code>InvalidClientTokenId</Code></Error></ErrorResponse>"},
       "sts: refuses: InvalidClientTokenId",
       ErrorKind::misconfigured},
      {"a proxy's page", {200, "<!DOCTYPE html>"}, "sts: no XML: byte 10", ErrorKind::malformed},
      {"an account that is none",
       {200, "<GetCallerIdentityResult><Account>1</Account></GetCallerIdentityResult>"},
       "sts: lacks Account, or it is none",
       ErrorKind::malformed},
  };
  for (const auto& c : cases) {
    CAPTURE(c.what);
    SessionFixture fixture;
    fixture.answer(sts, c.reply);
    const Session& session = fixture.open();
    const auto caller = fixture.time.run(session.caller(session.keys()));
    CHECK((caller ? caller->account + " " + caller->arn : caller.error().what) == c.caller);
    if (!caller) CHECK(caller.error().kind == c.kind);
    CHECK(fixture.script.asked == std::vector{sts + " " + kIdentity});
  }
}

TEST_CASE("a role's keys sign for what the role may do, and are taken on once") {
  SessionFixture fixture;
  const std::string sts = "POST https://sts.eu-west-1.amazonaws.com/";
  const std::string ssm = "POST https://ssm.eu-west-2.amazonaws.com/";
  fixture.answer(sts, {200, role_answer("ASIA1")});
  fixture.answer(ssm, {200, "{}"});
  const Session& session = fixture.open();
  const auto keys =
      session.keys_of({.arn = "arn:aws:iam::444455556666:role/audit", .external_id = "e"}, session.keys());
  const auto endpoint = session.endpoint("ssm", "eu-west-2");
  REQUIRE(endpoint);
  const auto client = session.client("ssm", "eu-west-2", *endpoint, keys, {});
  REQUIRE(client);
  HttpRequest request{.method = "POST", .url = *endpoint, .body = WipedText("{}")};
  for (int i = 0; i < 2; ++i) {
    const auto answer = fixture.time.run((*client)->send(request));
    REQUIRE(answer);
    CHECK(answer->status == 200);
  }
  const std::string by_role = ssm + " {} by ASIA1/eu-west-2/ssm at X-Amz-Security-Token=ASIA1-token";
  CHECK(fixture.script.asked ==
        std::vector{sts +
                        " Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A444455556666%3Arole%2Faudit"
                        "&RoleSessionName=tokensweep&ExternalId=e by AKIA1/eu-west-1/sts at",
                    by_role, by_role});
}

TEST_CASE("the regions of an account") {
  SessionFixture fixture;
  const std::string account = "POST https://account.us-east-1.amazonaws.com/listRegions";
  const std::string asked = account + R"( {"RegionOptStatusContains":["ENABLED","ENABLED_BY_DEFAULT"],"MaxResults":50)";
  const std::string by = " by AKIA1/us-east-1/account at";
  fixture.answer(account,
                 {200, R"({"Regions":[{"RegionName":"us-west-2","RegionOptStatus":"ENABLED"}],"NextToken":"n/1="})"});
  fixture.answer(account, {200, R"({"Regions":[{"RegionName":"eu-west-1","RegionOptStatus":"ENABLED_BY_DEFAULT"}]})"});
  const Session& session = fixture.open();
  CHECK(*fixture.time.run(session.enabled_regions(session.keys())) ==
        std::vector<std::string>{"eu-west-1", "us-west-2"});
  CHECK(fixture.script.asked == std::vector{asked + "}" + by, asked + R"(,"NextToken":"n/1="})" + by});
}

TEST_CASE("lists that cannot be read") {
  const std::string account = "POST https://account.us-east-1.amazonaws.com/listRegions";
  const struct {
    const char* what;
    Reply reply;
    std::string error;
    ErrorKind kind;
  } cases[] = {
      {"not allowed",
       {403, "{}", {{"x-amzn-ErrorType", "AccessDeniedException"}}},
       "account: refuses: AccessDeniedException",
       ErrorKind::denied},
      {"something else",
       {400, R"({"__type":"ValidationException"})"},
       "account: refuses: ValidationException",
       ErrorKind::misconfigured},
      {"a web page", {200, "<html>"}, "account: a web page in place of JSON", ErrorKind::malformed},
      {"no list", {200, R"({"Regions":{}})"}, "account: lacks Regions, or it is none", ErrorKind::malformed},
      {"a name that could be a host's",
       {200, R"({"Regions":[{"RegionName":"evil.test/"}]})"},
       "account: lacks RegionName, or it is none",
       ErrorKind::malformed},
      {"a token that would end the request",
       {200, R"({"Regions":[],"NextToken":"a\"b"})"},
       "account: NextToken: characters that no token has",
       ErrorKind::malformed},
      {"pages that go round",
       {200, R"({"Regions":[],"NextToken":"a"})"},
       "account: its pages go round or never end",
       ErrorKind::malformed},
  };
  for (const auto& c : cases) {
    CAPTURE(c.what);
    SessionFixture fixture;
    fixture.answer(account, c.reply);
    const Session& session = fixture.open();
    const auto regions = fixture.time.run(session.enabled_regions(session.keys()));
    REQUIRE(!regions);
    CHECK(regions.error().what == c.error);
    CHECK(regions.error().kind == c.kind);
  }
}

TEST_CASE("the accounts of an organisation are those that are active") {
  SessionFixture fixture;
  const std::string organizations = "POST https://organizations.us-east-1.amazonaws.com/";
  const std::string by = " by AKIA1/us-east-1/organizations at";
  fixture.answer(organizations, {200, R"({"Accounts":[{"Id":"222222222222","Name":"b","Status":"ACTIVE"},)"
                                      R"({"Id":"333333333333","Name":"c","Status":"SUSPENDED"}],"NextToken":"n"})"});
  fixture.answer(organizations, {200, R"({"Accounts":[{"Id":"111111111111","Name":"a","State":"ACTIVE"},)"
                                      R"({"Id":"444444444444","Name":"d","State":"CLOSED","Status":"ACTIVE"}]})"});
  const Session& session = fixture.open();
  const auto accounts = fixture.time.run(session.accounts(session.keys()));
  REQUIRE(accounts);
  std::string shown;
  for (const Account& account : *accounts) shown += account.id + account.name + " ";
  CHECK(shown == "111111111111a 222222222222b ");
  CHECK(fixture.script.asked == std::vector{organizations + R"( {"MaxResults":20})" + by,
                                            organizations + R"( {"MaxResults":20,"NextToken":"n"})" + by});
}

TEST_CASE("AWS_CA_BUNDLE and the profile say whom to trust, where the setting does not") {
  const struct {
    const char* what;
    std::optional<std::filesystem::path> option;
    std::map<std::string, std::string> environment;
    std::string file;
  } cases[] = {
      {"the setting", "/a.pem", {{"AWS_CA_BUNDLE", "/b.pem"}}, "/a.pem"},
      {"the variable", {}, {{"AWS_CA_BUNDLE", "/b.pem"}}, "/b.pem"},
      {"the profile", {}, {}, "/c.pem"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.what);
    SessionFixture fixture;
    fixture.write(".aws/config", "[default]\nca_bundle = /c.pem\n");
    fixture.environment.insert(c.environment.begin(), c.environment.end());
    const Session& session = fixture.open({.region = "eu-west-1", .ca_file = c.option});
    CHECK(!fixture.time.run(session.caller(session.keys())));
    CHECK(fixture.clients.ca_files == std::vector{c.file});
  }
}

}  // namespace
