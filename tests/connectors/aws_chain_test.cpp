#include <doctest/doctest.h>

#include <map>
#include <string>
#include <vector>

#include "tests/connectors/aws_fake.hpp"

namespace {

using namespace std::chrono_literals;
using namespace tokensweep;
using namespace tokensweep::aws;
using namespace tokensweep::aws::testing;

const std::string kConfig = ".aws/config";
const std::string kCredentials = ".aws/credentials";
const std::string kSts = "POST https://sts.eu-west-1.amazonaws.com/";
const std::string kMetadata = "http://169.254.169.254";
const std::string kRoles = "GET " + kMetadata + "/latest/meta-data/iam/security-credentials/";
const std::string kMetadataToken = "PUT " + kMetadata + "/latest/api/token";
const std::string kNothing =
    "no AWS keys in variables, files or a container; the instance's role: switched off by AWS_EC2_METADATA_DISABLED";

std::string keys_json(const std::string& id, const std::string& token_key = "Token",
                      const std::string& end = "2026-09-22T00:00:00Z") {
  return R"({"Code":"Success","AccessKeyId":")" + id + R"(","SecretAccessKey":")" + id + R"(-secret",")" + token_key +
         R"(":")" + id + R"(-token","Expiration":")" + end + "\"}";
}

/// The keys that a service gives, as AwsFixture::keys shows them.
std::string made(const std::string& id, const std::string& source) {
  return id + " " + id + "-secret " + id + "-token of " + source;
}

std::string role_body(const std::string& arn, const std::string& more = "", const std::string& name = "tokensweep") {
  return "Action=AssumeRole&Version=2011-06-15&RoleArn=" + percent_encoded(arn) + "&RoleSessionName=" + name + more;
}

struct Case {
  const char* what;
  std::map<std::string, std::string> environment;
  std::map<std::string, std::string> files;
  std::vector<std::pair<std::string, Reply>> replies;
  std::string keys;  ///< or why there are none
  std::vector<std::string> asked = {};
  ProfileChoice choice = {};
};

/// `~` in texts stands for the home.
void check(const std::vector<Case>& cases) {
  for (const Case& c : cases) {
    CAPTURE(c.what);
    AwsFixture fixture;
    const auto at_home = [&fixture](std::string text) {
      for (std::size_t at = text.find("~/"); at != std::string::npos; at = text.find("~/", at + 1)) {
        text.replace(at, 1, fixture.home.path().native());
      }
      return text;
    };
    fixture.environment["AWS_REGION"] = "eu-west-1";
    fixture.environment["AWS_EC2_METADATA_DISABLED"] = "true";
    for (const auto& [name, value] : c.environment) fixture.environment[name] = at_home(value);
    for (const auto& [file, text] : c.files) fixture.write(file, at_home(text));
    for (const auto& [target, reply] : c.replies) fixture.answer(target, reply);
    CHECK(fixture.keys(c.choice) == at_home(c.keys));
    CHECK(fixture.script.asked == c.asked);
  }
}

TEST_CASE("the environment's keys") {
  const std::map<std::string, std::string> pair{{"AWS_ACCESS_KEY_ID", "AKIA1"}, {"AWS_SECRET_ACCESS_KEY", "s1"}};
  const std::string file =
      "[default]\naws_access_key_id = AKIA2\naws_secret_access_key = s2\n[prod]\nregion = eu-west-1\n";
  auto with_token = pair;
  with_token["AWS_SESSION_TOKEN"] = "t1";
  auto with_profile = pair;
  with_profile["AWS_PROFILE"] = "default";
  check({
      {"a pair", pair, {}, {}, "AKIA1 s1 of AWS_ACCESS_KEY_ID"},
      {"temporary ones", with_token, {}, {}, "AKIA1 s1 t1 of AWS_ACCESS_KEY_ID"},
      {"go before files", with_profile, {{kCredentials, file}}, {}, "AKIA1 s1 of AWS_ACCESS_KEY_ID"},
      {"but not before a profile that was chosen",
       pair,
       {{kCredentials, file}},
       {},
       "AKIA2 s2 of profile default, credentials file",
       {},
       {"default", true}},
      {"half a pair",
       {{"AWS_ACCESS_KEY_ID", "AKIA1"}},
       {},
       {},
       "AWS_ACCESS_KEY_ID is set, and AWS_SECRET_ACCESS_KEY is not"},
      {"an id that would break a header",
       {{"AWS_ACCESS_KEY_ID", "A\r\nB"}, {"AWS_SECRET_ACCESS_KEY", "hidden"}},
       {},
       {},
       "AWS_ACCESS_KEY_ID: they are no access keys"},
      {"a token that would break a header",
       {{"AWS_ACCESS_KEY_ID", "A"}, {"AWS_SECRET_ACCESS_KEY", "s"}, {"AWS_SESSION_TOKEN", "hid\nden"}},
       {},
       {},
       "AWS_ACCESS_KEY_ID: they are no access keys"},
      {"nothing anywhere", {}, {}, {}, kNothing},
  });
}

TEST_CASE("keys in the two files") {
  check({
      {"the credentials file before the config, and before a program",
       {},
       {{kCredentials, "[default]\naws_access_key_id=AKIA1\naws_secret_access_key=s1\naws_session_token=t1\n"},
        {kConfig, "[default]\naws_access_key_id=AKIA2\naws_secret_access_key=s2\ncredential_process=false\n"}},
       {},
       "AKIA1 s1 t1 of profile default, credentials file"},
      {"the config file",
       {},
       {{kConfig, "[default]\naws_access_key_id=AKIA2\naws_secret_access_key=s2\n"}},
       {},
       "AKIA2 s2 of profile default, config file"},
      {"the profile that AWS_PROFILE names",
       {{"AWS_PROFILE", "prod"}},
       {{kCredentials, "[prod]\naws_access_key_id=AKIA1\naws_secret_access_key=s1\n"}},
       {},
       "AKIA1 s1 of profile prod, credentials file",
       {},
       {"prod", false}},
      {"half a pair",
       {},
       {{kCredentials, "[default]\naws_access_key_id=AKIA1\n"}},
       {},
       "profile default, credentials file: aws_access_key_id without aws_secret_access_key"},
      {"a profile that is not there", {}, {}, {}, "profile prod: is in neither of AWS' files", {}, {"prod", false}},
      {"a default that was chosen and is not there",
       {},
       {},
       {},
       "profile default: is in neither of AWS' files",
       {},
       {"default", true}},
      {"a file that is none",
       {},
       {{kConfig, "[default]\nhidden\n"}},
       {},
       "~/.aws/config: line 2: neither a section nor `key = value`"},
      {"login",
       {},
       {{kConfig, "[default]\nlogin_session = arn:aws:iam::1:user/x\n"}},
       {},
       "profile default: login_session is not supported: log in with `aws sso login`, or set credential_process to "
       "`aws configure export-credentials`"},
  });
}

TEST_CASE("keys that a program prints") {
  const struct {
    const char* what;
    std::string command;
    std::string output;
    std::string keys;
    std::vector<std::string> words;
  } cases[] = {
      {"temporary ones",
       "/opt/bin/keys --for 'the team' \"a\\\"b\"",
       "{\n  \"Version\": 1,\n" + keys_json("ASIA1", "SessionToken").substr(1),
       made("ASIA1", "profile default, credential_process"),
       {"/opt/bin/keys", "--for", "the team", "a\"b"}},
      {"a pair without an end",
       "keys",
       R"({"Version":1,"AccessKeyId":"AKIA1","SecretAccessKey":"s1"})",
       "AKIA1 s1 of profile default, credential_process",
       {"keys"}},
      {"another version",
       "keys",
       R"({"Version":2,"AccessKeyId":"hidden","SecretAccessKey":"hidden"})",
       "profile default, credential_process: prints another Version than 1",
       {"keys"}},
      {"no JSON", "keys", "hidden", "profile default, credential_process: no JSON: byte 1", {"keys"}},
      {"it fails", "keys", "", "profile default, credential_process: ended with status 1", {"keys"}},
      {"a quote that is left open",
       "keys 'x",
       "",
       "profile default, credential_process: no command, or a quote that is "
       "not closed",
       {}},
      {"keys that have ended",
       "keys",
       "{\"Version\":1," + keys_json("ASIA1", "SessionToken", "2026-09-21T15:00:00Z").substr(1),
       "profile default, credential_process: gives keys that have ended",
       {"keys"}},
  };
  for (const auto& c : cases) {
    CAPTURE(c.what);
    AwsFixture fixture;
    fixture.write(kConfig, "[default]\ncredential_process = " + c.command + "\n");
    fixture.program_output = c.output;
    CHECK(fixture.keys() == c.keys);
    std::vector<std::vector<std::string>> runs;
    if (!c.words.empty()) runs.push_back(c.words);
    CHECK(fixture.programs_run == runs);
  }
}

TEST_CASE("roles that a profile takes on") {
  const std::string base = "[base]\naws_access_key_id = AKIAB\naws_secret_access_key = sb\n";
  const std::string arn = "arn:aws:iam::111122223333:role/audit";
  const std::string role = "[default]\nrole_arn = " + arn + "\nsource_profile = base\n";
  const auto ask = [](const std::string& body, const std::string& by) {
    return kSts + " " + body + " by " + by + "/eu-west-1/sts at";
  };
  check({
      {"with another profile's keys",
       {},
       {{kConfig, role}, {kCredentials, base}},
       {{kSts, {200, role_answer("ASIA1")}}},
       made("ASIA1", "profile default, assume-role"),
       {ask(role_body(arn), "AKIAB")}},
      {"with all that can be said of it",
       {},
       {{kConfig, role + "external_id = a/b\nrole_session_name = audit\nduration_seconds = 3600\n"},
        {kCredentials, base}},
       {{kSts, {200, role_answer("ASIA1")}}},
       made("ASIA1", "profile default, assume-role"),
       {ask(role_body(arn, "&DurationSeconds=3600&ExternalId=a%2Fb", "audit"), "AKIAB")}},
      {"from role to role",
       {},
       {{kConfig, role + "[profile base]\nrole_arn = arn:aws:iam::1:role/hub\nsource_profile = root\n"},
        {kCredentials, "[root]\naws_access_key_id = AKIAR\naws_secret_access_key = sr\n"}},
       {{kSts, {200, role_answer("ASIAHUB")}}, {kSts, {200, role_answer("ASIA1")}}},
       made("ASIA1", "profile default, assume-role"),
       {ask(role_body("arn:aws:iam::1:role/hub"), "AKIAR"),
        ask(role_body(arn), "ASIAHUB") + " X-Amz-Security-Token=ASIAHUB-token"}},
      {"a profile that names itself has keys",
       {},
       {{kConfig, "[default]\nrole_arn = " + arn + "\nsource_profile = default\naws_access_key_id = AKIAS\n" +
                      "aws_secret_access_key = ss\n"}},
       {{kSts, {200, role_answer("ASIA1")}}},
       made("ASIA1", "profile default, assume-role"),
       {ask(role_body(arn), "AKIAS")}},
      {"the role goes before the profile's own keys",
       {},
       {{kConfig, role + "aws_access_key_id = AKIAS\naws_secret_access_key = ss\n"}, {kCredentials, base}},
       {{kSts, {200, role_answer("ASIA1")}}},
       made("ASIA1", "profile default, assume-role"),
       {ask(role_body(arn), "AKIAB")}},
      {"the environment's keys take it on",
       {{"AWS_ACCESS_KEY_ID", "AKIAE"}, {"AWS_SECRET_ACCESS_KEY", "se"}},
       {{kConfig, "[default]\nrole_arn = " + arn + "\ncredential_source = Environment\n"}},
       {{kSts, {200, role_answer("ASIA1")}}},
       made("ASIA1", "profile default, assume-role"),
       {ask(role_body(arn), "AKIAE")},
       {"default", true}},
      {"without a region, the home of the role's partition",
       {{"AWS_REGION", ""}},
       {{kConfig, "[default]\nrole_arn = arn:aws-us-gov:iam::1:role/x\nsource_profile = base\n"}, {kCredentials, base}},
       {{"POST https://sts.us-gov-west-1.amazonaws.com/", {200, role_answer("ASIA1")}}},
       made("ASIA1", "profile default, assume-role"),
       {"POST https://sts.us-gov-west-1.amazonaws.com/ " + role_body("arn:aws-us-gov:iam::1:role/x") +
        " by AKIAB/us-gov-west-1/sts at"}},
      {"round and round",
       {},
       {{kConfig, role + "[profile base]\nrole_arn = r\nsource_profile = default\n"}},
       {},
       "profile base: its source_profile leads back to itself"},
      {"round without keys",
       {},
       {{kConfig, "[default]\nrole_arn = r\nsource_profile = default\n"}},
       {},
       "profile default: its source_profile leads back to itself"},
      {"with neither",
       {},
       {{kConfig, "[default]\nrole_arn = r\n"}},
       {},
       "profile default: role_arn wants either source_profile or credential_source"},
      {"with both",
       {},
       {{kConfig, role + "credential_source = Environment\n"}},
       {},
       "profile default: role_arn wants either source_profile or credential_source"},
      {"a source that is not there",
       {},
       {{kConfig, role}},
       {},
       "profile default: its source_profile is in neither of AWS' files"},
      {"a source that has nothing",
       {},
       {{kConfig, role + "[profile base]\nregion = eu-west-1\n"}},
       {},
       "profile base: has no keys, and is a source_profile"},
      {"a source that there is not",
       {},
       {{kConfig, "[default]\nrole_arn = r\ncredential_source = Hidden\n"}},
       {},
       "profile default: credential_source: expected Environment, Ec2InstanceMetadata or EcsContainer"},
      {"an environment without keys",
       {},
       {{kConfig, "[default]\nrole_arn = r\ncredential_source = Environment\n"}},
       {},
       "profile default: credential_source is Environment, which has no keys"},
      {"no container",
       {},
       {{kConfig, "[default]\nrole_arn = r\ncredential_source = EcsContainer\n"}},
       {},
       "profile default: credential_source is EcsContainer, and this is no container of AWS'"},
      {"no instance",
       {},
       {{kConfig, "[default]\nrole_arn = r\ncredential_source = Ec2InstanceMetadata\n"}},
       {},
       "the instance's role: switched off by AWS_EC2_METADATA_DISABLED"},
      {"a code that nobody types",
       {},
       {{kConfig, role + "mfa_serial = arn:aws:iam::1:mfa/x\n"}},
       {},
       "profile default: mfa_serial asks for a code, and nobody is there to type it: use SSO, or a role that asks for "
       "none"},
      {"a time that no role takes",
       {},
       {{kConfig, role + "duration_seconds = 60\n"}},
       {},
       "profile default: duration_seconds: expected a number from 900 to 43200"},
      {"STS refuses",
       {},
       {{kConfig, role}, {kCredentials, base}},
       {{kSts,
         {403, "<ErrorResponse><Error><Code>AccessDenied</Code><Message>hidden</Message></Error></ErrorResponse>"}}},
       "profile default, assume-role: sts: refuses: AccessDenied",
       {ask(role_body(arn), "AKIAB")}},
      {"STS answers something else",
       {},
       {{kConfig, role}, {kCredentials, base}},
       {{kSts, {200, "<html>hidden</html>"}}},
       "profile default, assume-role: lacks Credentials, or it is none",
       {ask(role_body(arn), "AKIAB")}},
      {"STS' own address can be another",
       {{"AWS_ENDPOINT_URL_STS", "https://sts.corp.example"}},
       {{kConfig, role}, {kCredentials, base}},
       {{"POST https://sts.corp.example/", {200, role_answer("ASIA1")}}},
       made("ASIA1", "profile default, assume-role"),
       {"POST https://sts.corp.example/ " + role_body(arn) + " by AKIAB/eu-west-1/sts at"}},
  });
}

TEST_CASE("web identities") {
  const std::string answer = role_answer("ASIA1", "AssumeRoleWithWebIdentity");
  const std::string body =
      "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fpod&"
      "RoleSessionName=";
  const std::string arn = "arn:aws:iam::1:role/pod";
  check({
      {"of the environment",
       {{"AWS_WEB_IDENTITY_TOKEN_FILE", "~/token"}, {"AWS_ROLE_ARN", arn}, {"AWS_ROLE_SESSION_NAME", "pod"}},
       {{"token", "a.b.c\n"}},
       {{kSts, {200, answer}}},
       made("ASIA1", "AWS_WEB_IDENTITY_TOKEN_FILE"),
       {kSts + " " + body + "pod&WebIdentityToken=a.b.c"}},
      {"of the profile",
       {},
       {{"token", "a.b.c"}, {kConfig, "[default]\nrole_arn = " + arn + "\nweb_identity_token_file = ~/token\n"}},
       {{kSts, {200, answer}}},
       made("ASIA1", "profile default, web identity"),
       {kSts + " " + body + "tokensweep&WebIdentityToken=a.b.c"}},
      {"a profile that was chosen does not take the environment's",
       {{"AWS_WEB_IDENTITY_TOKEN_FILE", "~/token"}, {"AWS_ROLE_ARN", arn}},
       {{kConfig, "[default]\nregion = eu-west-1\n"}},
       {},
       kNothing,
       {},
       {"default", true}},
      {"no role",
       {{"AWS_WEB_IDENTITY_TOKEN_FILE", "~/token"}},
       {},
       {},
       "AWS_WEB_IDENTITY_TOKEN_FILE: there is no role for it: set role_arn, or AWS_ROLE_ARN"},
      {"no file",
       {{"AWS_WEB_IDENTITY_TOKEN_FILE", "~/token"}, {"AWS_ROLE_ARN", arn}},
       {},
       {},
       "AWS_WEB_IDENTITY_TOKEN_FILE: ~/token: is not there"},
      {"a token that STS does not take",
       {{"AWS_WEB_IDENTITY_TOKEN_FILE", "~/token"}, {"AWS_ROLE_ARN", arn}},
       {{"token", "a.b.c"}},
       {{kSts, {400, "<ErrorResponse><Error><Code>InvalidIdentityToken</Code></Error></ErrorResponse>"}}},
       "AWS_WEB_IDENTITY_TOKEN_FILE: sts: refuses: InvalidIdentityToken",
       {kSts + " " + body + "tokensweep&WebIdentityToken=a.b.c"}},
  });
}

TEST_CASE("SSO") {
  const std::string by_session =
      "[default]\nsso_session = corp\nsso_account_id = 111122223333\nsso_role_name = Audit Role\n"
      "[sso-session corp]\nsso_start_url = https://corp.awsapps.example/start\nsso_region = eu-north-1\n";
  const std::string old_form =
      "[default]\nsso_start_url = https://corp.awsapps.example/start\nsso_region = eu-north-1\n"
      "sso_account_id = 111122223333\nsso_role_name = Audit\n";
  // sha1sum of `corp`, and of the address.
  const std::string cache = ".aws/sso/cache/ee0bfd2552fbd840c02cc48b6e823320543c450f.json";
  const std::string old_cache = ".aws/sso/cache/1667e2e8d0e47b926b6e3048caee923410901ca4.json";
  const auto token = [](const std::string& end, const std::string& more = "") {
    return R"({"accessToken":"login","expiresAt":")" + end + "\"" + more + "}";
  };
  const std::string refresh =
      R"(,"refreshToken":"again","clientId":"c1","clientSecret":"cs","registrationExpiresAt":"2026-12-01T00:00:00Z")";
  const std::string good = "2026-09-21T20:00:00Z";
  const std::string bad = "2026-09-21T15:00:00Z";
  const std::string portal = "GET https://portal.sso.eu-north-1.amazonaws.com/federation/credentials?role_name=";
  const std::string get = portal + "Audit%20Role&account_id=111122223333";
  const std::string old_get = portal + "Audit&account_id=111122223333";
  const std::string oidc = "POST https://oidc.eu-north-1.amazonaws.com/token";
  const std::string keys =
      R"({"roleCredentials":{"accessKeyId":"ASIA1","secretAccessKey":"ASIA1-secret","sessionToken":"ASIA1-token",)"
      R"("expiration":1790100000000}})";
  const std::string asked_refresh =
      oidc + R"( {"grantType":"refresh_token","clientId":"c1","clientSecret":"cs","refreshToken":"again"})";
  const std::string source = "profile default, SSO";
  const std::string advice = ": run `aws sso login --profile default`";
  check({
      {"by a session",
       {},
       {{kConfig, by_session}, {cache, token(good)}},
       {{get, {200, keys}}},
       made("ASIA1", source),
       {get + " x-amz-sso_bearer_token=login"}},
      {"by the old form",
       {},
       {{kConfig, old_form}, {old_cache, token("2026-09-21T20:00:00UTC")}},
       {{old_get, {200, keys}}},
       made("ASIA1", source),
       {old_get + " x-amz-sso_bearer_token=login"}},
      {"a login that has ended is refreshed",
       {},
       {{kConfig, by_session}, {cache, token(bad, refresh)}},
       {{oidc, {200, R"({"accessToken":"fresh","expiresIn":28800,"tokenType":"Bearer"})"}}, {get, {200, keys}}},
       made("ASIA1", source),
       {asked_refresh, get + " x-amz-sso_bearer_token=fresh"}},
      {"or cannot be",
       {},
       {{kConfig, by_session}, {cache, token(bad, refresh)}},
       {{oidc, {400, R"({"error":"invalid_grant"})"}}},
       source + ": the login cannot be refreshed" + advice,
       {asked_refresh}},
      {"without what that takes",
       {},
       {{kConfig, by_session}, {cache, token(bad)}},
       {},
       source + ": the login has ended" + advice},
      {"with a registration that has ended",
       {},
       {{kConfig, by_session},
        {cache,
         token(
             bad,
             R"(,"refreshToken":"a","clientId":"c","clientSecret":"s","registrationExpiresAt":"2026-01-01T00:00:00Z")")}},
       {},
       source + ": the login has ended" + advice},
      {"the old form is never refreshed",
       {},
       {{kConfig, old_form}, {old_cache, token(bad, refresh)}},
       {},
       source + ": the login has ended" + advice},
      {"nobody has logged in", {}, {{kConfig, by_session}}, {}, source + ": nobody has logged in" + advice},
      {"a cache that is none",
       {},
       {{kConfig, by_session}, {cache, "{\"hidden\""}},
       {},
       source + ": ~/" + cache + ": no JSON: byte 10" + advice},
      {"a login that is not taken any more",
       {},
       {{kConfig, by_session}, {cache, token(good)}},
       {{get, {401, "{}"}}},
       source + ": the login is not accepted any more" + advice,
       {get + " x-amz-sso_bearer_token=login"}},
      {"a role that one may not have",
       {},
       {{kConfig, by_session}, {cache, token(good)}},
       {{get, {403, R"({"__type":"com.amazonaws.switchboard.portal#ForbiddenException"})"}}},
       source + ": sso: refuses the role: ForbiddenException",
       {get + " x-amz-sso_bearer_token=login"}},
      {"a section that is not there",
       {},
       {{kConfig, "[default]\nsso_session = x\nsso_account_id = 1\nsso_role_name = r\n"}},
       {},
       source + ": there is no such sso-session section"},
      {"no role",
       {},
       {{kConfig, "[default]\nsso_session = corp\nsso_account_id = 1\n"}},
       {},
       source + ": sso_role_name is missing"},
      {"no account",
       {},
       {{kConfig, "[default]\nsso_session = corp\nsso_role_name = r\n"}},
       {},
       source + ": sso_account_id is missing"},
      {"no region",
       {},
       {{kConfig, "[default]\nsso_start_url = u\nsso_account_id = 1\nsso_role_name = r\n"}},
       {},
       source + ": sso_region is missing"},
      {"a session alone gives no keys", {}, {{kConfig, "[default]\nsso_session = corp\n"}}, {}, kNothing},
  });
}

TEST_CASE("a container's role") {
  const std::string ecs = "GET http://169.254.170.2/v2/credentials/x";
  const std::string eks = "GET http://169.254.170.23/v1/credentials";
  const std::string relative = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI";
  const std::string full = "AWS_CONTAINER_CREDENTIALS_FULL_URI";
  const std::string token = "AWS_CONTAINER_AUTHORIZATION_TOKEN";
  const std::string file = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE";
  const std::string source = "the container's role";
  check({
      {"ECS", {{relative, "/v2/credentials/x"}}, {}, {{ecs, {200, keys_json("ASIA1")}}}, made("ASIA1", source), {ecs}},
      {"EKS, with a token in a file",
       {{full, "http://169.254.170.23/v1/credentials"}, {file, "~/token"}},
       {{"token", "a.b.c"}},
       {{eks, {200, keys_json("ASIA1")}}},
       made("ASIA1", source),
       {eks + " Authorization=a.b.c"}},
      {"a token in a variable",
       {{full, "http://localhost:1338/x"}, {token, "Basic x"}},
       {},
       {{"GET http://localhost:1338/x", {200, keys_json("ASIA1")}}},
       made("ASIA1", source),
       {"GET http://localhost:1338/x Authorization=Basic x"}},
      {"https may be anywhere",
       {{full, "https://keys.corp.example/x"}},
       {},
       {{"GET https://keys.corp.example/x", {200, keys_json("ASIA1")}}},
       made("ASIA1", source),
       {"GET https://keys.corp.example/x"}},
      {"another machine without TLS",
       {{full, "http://10.0.0.1/x"}, {token, "hidden"}},
       {},
       {},
       full + ": neither https, nor an address on this host"},
      {"a host that only begins like one",
       {{full, "http://169.254.170.2.evil.test/x"}},
       {},
       {},
       full + ": neither https, nor an address on this host"},
      {"no path", {{relative, "@evil.test/x"}}, {}, {}, relative + ": expected a path"},
      {"no address",
       {{full, "169.254.170.2"}},
       {},
       {},
       full + ": not an address: it begins with neither https: nor http:"},
      {"a token that would break a header",
       {{full, "http://localhost/x"}, {token, "hid\r\nden"}},
       {},
       {},
       source + ": " + token + ": holds a line break or another control character"},
      {"no file", {{full, "http://localhost/x"}, {file, "~/token"}}, {}, {}, source + ": " + file + ": is not there"},
      {"it has none",
       {{relative, "/x"}},
       {},
       {{"GET http://169.254.170.2/x", {404, "hidden"}}},
       source + ": HTTP 404",
       {"GET http://169.254.170.2/x"}},
      {"it does not answer",
       {{relative, "/x"}},
       {},
       {{"GET http://169.254.170.2/x", {.body = keys_json("ASIA1"), .headers = {}, .after = 1h}}},
       source + ": no answer in 2 s",
       {"GET http://169.254.170.2/x"}},
      {"it answers something else",
       {{relative, "/x"}},
       {},
       {{"GET http://169.254.170.2/x", {200, "hidden"}}},
       source + ": no JSON: byte 1",
       {"GET http://169.254.170.2/x"}},
  });
}

TEST_CASE("an instance's role") {
  const std::string source = "no AWS keys in variables, files or a container; the instance's role";
  const std::map<std::string, std::string> on{{"AWS_EC2_METADATA_DISABLED", "false"}};
  auto only_2 = on;
  only_2["AWS_EC2_METADATA_V1_DISABLED"] = "true";
  auto by_6 = on;
  by_6["AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE"] = "IPv6";
  auto elsewhere = on;
  elsewhere["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = "http://127.0.0.1:1338";
  auto far_away = on;
  far_away["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = "http://10.0.0.1";
  const std::string at_home = "http://127.0.0.1:1338/latest/";
  const std::string by_token = " x-aws-ec2-metadata-token=T";
  check({
      {"by version 2",
       on,
       {},
       {{kMetadataToken, {200, "T"}}, {kRoles, {200, "audit\n"}}, {kRoles + "audit", {200, keys_json("ASIA1")}}},
       made("ASIA1", source),
       {kMetadataToken, kRoles + by_token, kRoles + "audit" + by_token}},
      {"by version 1, where there is no other",
       on,
       {},
       {{kMetadataToken, {404}}, {kRoles, {200, "audit"}}, {kRoles + "audit", {200, keys_json("ASIA1")}}},
       made("ASIA1", source),
       {kMetadataToken, kRoles, kRoles + "audit"}},
      {"but not where that is switched off",
       only_2,
       {},
       {{kMetadataToken, {405}}},
       source + ": gives no token: HTTP 405",
       {kMetadataToken}},
      {"nor for other failures",
       on,
       {},
       {{kMetadataToken, {400}}},
       source + ": gives no token: HTTP 400",
       {kMetadataToken}},
      {"no role",
       on,
       {},
       {{kMetadataToken, {200, "T"}}, {kRoles, {404}}},
       source + ": the instance has no role",
       {kMetadataToken, kRoles + by_token}},
      {"a role without keys",
       on,
       {},
       {{kMetadataToken, {200, "T"}}, {kRoles, {200, "audit"}}, {kRoles + "audit", {200, R"({"Code":"Failed"})"}}},
       source + ": has no keys at the moment",
       {kMetadataToken, kRoles + by_token, kRoles + "audit" + by_token}},
      {"no such host",
       on,
       {},
       {{kMetadataToken, {.body = "T", .headers = {}, .after = 1h}}},
       source + ": no answer in 1 s",
       {kMetadataToken}},
      {"elsewhere on this machine",
       elsewhere,
       {},
       {{"PUT " + at_home + "api/token", {200, "T"}},
        {"GET " + at_home + "meta-data/iam/security-credentials/", {200, "a/b"}},
        {"GET " + at_home + "meta-data/iam/security-credentials/a%2Fb", {200, keys_json("ASIA1")}}},
       made("ASIA1", source),
       {"PUT " + at_home + "api/token", "GET " + at_home + "meta-data/iam/security-credentials/" + by_token,
        "GET " + at_home + "meta-data/iam/security-credentials/a%2Fb" + by_token}},
      {"by IPv6",
       by_6,
       {},
       {{"PUT http://[fd00:ec2::254]/latest/api/token", {400}}},
       source + ": gives no token: HTTP 400",
       {"PUT http://[fd00:ec2::254]/latest/api/token"}},
      {"another machine is not asked without TLS",
       far_away,
       {},
       {},
       source + ": instance: http://10.0.0.1: a credential travels by https: only"},
      {"for a role",
       on,
       {{kConfig, "[default]\nrole_arn = r\ncredential_source = Ec2InstanceMetadata\n"}},
       {{kMetadataToken, {400}}},
       "profile default, assume-role: sts: the instance's role: gives no token: HTTP 400",
       {kMetadataToken}},
      {"a switch that is none",
       {{"AWS_EC2_METADATA_DISABLED", "yes"}},
       {},
       {},
       "AWS_EC2_METADATA_DISABLED: expected true or false"},
  });
}

}  // namespace
