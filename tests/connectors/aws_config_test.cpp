#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "connectors/aws/config_files.hpp"
#include "connectors/aws/config_text.hpp"
#include "connectors/aws/endpoints.hpp"
#include "connectors/aws/process.hpp"
#include "tests/connectors/aws_fake.hpp"

namespace {

using namespace tokensweep;
using namespace tokensweep::aws;
using namespace tokensweep::aws::testing;

/// All of it in one line, line breaks in values as `|`; or why it cannot be read.
std::string read(const std::string& text) {
  const auto sections = read_config(text);
  if (!sections) return sections.error().what;
  std::string all;
  for (const ConfigSection& section : *sections) {
    all += "[" + section.name + "]";
    for (const auto& [key, value] : section.values) {
      std::string shown(value.reveal());
      std::ranges::replace(shown, '\n', '|');
      all += " " + key + "=" + shown + ";";
    }
  }
  return all;
}

TEST_CASE("files are read as botocore reads them") {
  const struct {
    const char* what;
    std::string text;
    std::string read;
  } cases[] = {
      {"nothing", "", ""},
      {"a section", "[default]\nregion = eu-west-1\noutput=json\n", "[default] output=json; region=eu-west-1;"},
      {"a colon in place of the sign", "[a]\nregion: eu-west-1\nurl = http://x:1/?a=b\n",
       "[a] region=eu-west-1; url=http://x:1/?a=b;"},
      {"keys are in lower case, names are not", "[Prod]\nRegion = EU\n", "[Prod] region=EU;"},
      {"comments stand on lines of their own", "# x\n[a]\n; y\n  # z\nk = v # is the value\n",
       "[a] k=v # is the value;"},
      {"a value goes on where it is indented", "[a]\nk = one\n  two\n\n\tthree\nl = x\n", "[a] k=one|two||three; l=x;"},
      {"sub-keys", "[services s]\nssm =\n  endpoint_url = https://ssm.corp.example\nsts =\n",
       "[services s] ssm=|endpoint_url = https://ssm.corp.example; sts=;"},
      {"a first key may be indented", "[a]\n  k = v\n  l = w\n", "[a] k=v; l=w;"},
      {"what follows a section's name is passed over", "[a] # x\nk=v", "[a] k=v;"},
      {"Windows' line ends and a byte-order mark", "\xEF\xBB\xBF[a]\r\nk = v\r\n", "[a] k=v;"},
      {"a key without a sign", "[a]\nhidden\n", "line 2: neither a section nor `key = value`"},
      {"a sign without a key", "[a]\n= hidden\n", "line 2: neither a section nor `key = value`"},
      {"something before the first section", "hidden = 1\n", "line 1: something before the first section"},
      {"a section without a name", "[]\n", "line 1: a section without a name"},
      {"a section without its end", "[hidden\n", "line 1: a section without a name"},
      {"a section twice", "[a]\n[b]\n[a]\n", "line 3: a section that is there twice"},
      {"a key twice", "[a]\nk=1\nK=hidden\n", "line 3: a key that is there twice"},
      {"an escape", "[a]\nk=\x1B[2J\n", "line 2: a control character"},
      {"a NUL", std::string("[a]\nk=\0\n", 8), "line 2: a control character"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.what);
    CHECK(read(c.text) == c.read);
  }
  std::string many;
  for (int i = 0; i <= 10'000; ++i) many += "[" + std::to_string(i) + "]\n";
  CHECK(read(many) == "line 10001: more sections than any such file has");
}

TEST_CASE("profiles come from both files, the credentials before the config") {
  AwsFixture fixture;
  fixture.write(".aws/config",
                "[default]\nregion = eu-west-1\n[profile prod]\nregion = eu-west-2\noutput = json\n[profile \"a "
                "b\"]\nregion = x\n"
                "[profile c d]\nregion = y\n[other]\nregion = z\n[sso-session corp]\nsso_region = eu-north-1\n"
                "[services s]\nssm =\n  endpoint_url = https://ssm.corp.example\n",
                0644);
  fixture.write(".aws/credentials", "[prod]\nregion = eu-west-3\n[other]\nregion = w\n");
  const auto files = ConfigFiles::read(fixture.look_up);
  REQUIRE(files);
  const auto region = [&files](std::string_view name) {
    const Profile* const profile = files->profile(name);
    return profile == nullptr ? "none" : profile->text("region").value_or("empty");
  };
  CHECK(region("default") == "eu-west-1");
  CHECK(region("prod") == "eu-west-3");
  CHECK(files->profile("prod")->text("output") == "json");
  CHECK(region("a b") == "x");
  CHECK(region("c d") == "none");
  CHECK(region("other") == "w");  // of the config, only what calls itself a profile
  CHECK(text_of(*files->sso_session("corp"), "sso_region") == "eu-north-1");
  CHECK(text_of(nested_values(files->services("s")->at("ssm")), "endpoint_url") == "https://ssm.corp.example");
  CHECK(files->services("corp") == nullptr);
}

TEST_CASE("files are where the variables say, and for their owner alone") {
  const struct {
    const char* what;
    const char* file;
    mode_t mode;
    std::map<std::string, std::string> environment;
    std::string outcome;  ///< the region, or why there is none; `~` stands for the home
  } cases[] = {
      {"in the home", ".aws/config", 0600, {}, "r"},
      {"a config that others may read", ".aws/config", 0644, {}, "r"},
      {"a config that others may write",
       ".aws/config",
       0666,
       {},
       "~/.aws/config: others can write the file (mode 0666): chmod 600 it, after asking who has used it"},
      {"credentials that others may read", ".aws/credentials", 0644, {}, ""},
      {"another config", "conf", 0600, {{"AWS_CONFIG_FILE", "~/conf"}}, "r"},
      {"other credentials", "creds", 0600, {{"AWS_SHARED_CREDENTIALS_FILE", "~/creds"}}, "r"},
      {"an empty variable names nothing", ".aws/config", 0600, {{"AWS_CONFIG_FILE", ""}}, "r"},
      {"a file that is not there", "x", 0600, {{"AWS_CONFIG_FILE", "~/y"}}, "none"},
      {"no home", ".aws/config", 0600, {{"HOME", ""}}, "none"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.what);
    AwsFixture fixture;
    fixture.write(c.file, "[default]\nregion = r\n", c.mode);
    for (const auto& [name, value] : c.environment) fixture.environment[name] = value;
    const auto files = ConfigFiles::read(fixture.look_up);
    std::string outcome = "none";
    if (!files) {
      outcome = files.error().what;
      CHECK(files.error().kind == ErrorKind::misconfigured);
      const std::string home = fixture.home.path().native();
      CHECK(outcome.starts_with(home));
      outcome.replace(0, home.size(), "~");
    } else if (const Profile* const profile = files->profile("default")) {
      outcome = profile->text("region").value_or("");
    }
    if (c.outcome.empty()) {
      CHECK(outcome.starts_with("~/.aws/credentials: "));
    } else {
      CHECK(outcome == c.outcome);
    }
  }
}

TEST_CASE("commands are split as a shell splits them") {
  using Words = std::vector<std::string>;
  const struct {
    std::string command;
    std::optional<Words> words;
  } cases[] = {
      {"", Words{}},
      {"  a\tb  ", Words{"a", "b"}},
      {"'a b' \"c d\"e ''", Words{"a b", "c de", ""}},
      {"a\\ b \"\\\"\\\\\\n\" '\\'", Words{"a b", "\"\\\\n", "\\"}},
      {"$HOME `x` | y", Words{"$HOME", "`x`", "|", "y"}},
      {"'a", std::nullopt},
      {"\"a", std::nullopt},
      {"a\\", std::nullopt},
  };
  for (const auto& c : cases) {
    CAPTURE(c.command);
    CHECK(split_command(c.command) == c.words);
  }
}

TEST_CASE("services' own addresses are those of botocore") {
  const struct {
    const char* service;
    const char* region;
    EndpointOptions options;
    const char* address;
  } cases[] = {
      {"ssm", "eu-west-1", {}, "https://ssm.eu-west-1.amazonaws.com"},
      {"ssm", "eu-west-1", {.fips = true}, "https://ssm-fips.eu-west-1.amazonaws.com"},
      {"ssm", "eu-west-1", {.dual_stack = true}, "https://ssm.eu-west-1.api.aws"},
      {"ssm", "eu-west-1", {.fips = true, .dual_stack = true}, "https://ssm-fips.eu-west-1.api.aws"},
      {"ssm", "cn-north-1", {}, "https://ssm.cn-north-1.amazonaws.com.cn"},
      {"ssm", "cn-north-1", {.dual_stack = true}, "https://ssm.cn-north-1.api.amazonwebservices.com.cn"},
      {"ssm", "us-gov-west-1", {}, "https://ssm.us-gov-west-1.amazonaws.com"},
      {"ssm", "us-gov-west-1", {.fips = true}, "https://ssm.us-gov-west-1.amazonaws.com"},
      {"ssm", "us-gov-west-1", {.fips = true, .dual_stack = true}, "https://ssm-fips.us-gov-west-1.api.aws"},
      {"ssm", "eusc-de-east-1", {.fips = true}, "https://ssm-fips.eusc-de-east-1.amazonaws.eu"},
      {"ssm", "us-iso-east-1", {}, "https://ssm.us-iso-east-1.c2s.ic.gov"},
      {"ssm", "us-isob-east-1", {.dual_stack = true}, "https://ssm.us-isob-east-1.api.aws.scloud"},
      {"sts", "us-gov-west-1", {.fips = true}, "https://sts.us-gov-west-1.amazonaws.com"},
      {"sts", "us-east-1", {.fips = true}, "https://sts-fips.us-east-1.amazonaws.com"},
      {"account", "eu-west-1", {}, "https://account.us-east-1.amazonaws.com"},
      {"account", "cn-north-1", {}, "https://account.cn-northwest-1.amazonaws.com.cn"},
      {"account", "us-gov-east-1", {.fips = true}, "https://account-fips.us-gov-west-1.amazonaws.com"},
      {"organizations", "eu-west-1", {}, "https://organizations.us-east-1.amazonaws.com"},
      {"organizations",
       "us-gov-west-1",
       {.fips = true, .dual_stack = true},
       "https://organizations.us-gov-west-1.api.aws"},
      {"organizations", "eusc-de-east-1", {}, "https://organizations.eusc-de-east-1.amazonaws.eu"},
      {"sso", "eu-west-1", {}, "https://portal.sso.eu-west-1.amazonaws.com"},
      {"sso", "us-east-1", {.fips = true}, "https://portal.sso-fips.us-east-1.amazonaws.com"},
      {"sso-oidc", "cn-north-1", {}, "https://oidc.cn-north-1.amazonaws.com.cn"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.service);
    CAPTURE(c.region);
    CHECK(to_string(aws_origin(c.service, c.region, c.options)) == c.address);
  }
}

TEST_CASE("the first place that names an address wins") {
  const std::string services =
      "[default]\nservices = s\n[services s]\nssm =\n  endpoint_url = https://section.test\nsts=\n";
  const std::string profile = "[default]\nendpoint_url = https://profile.test\n";
  const struct {
    const char* what;
    std::map<std::string, std::string> environment;
    std::string config;
    std::string address;  ///< of ssm in eu-west-1, or why there is none
  } cases[] = {
      {"AWS' own", {}, "", "https://ssm.eu-west-1.amazonaws.com/"},
      {"the service's variable",
       {{"AWS_ENDPOINT_URL_SSM", "http://localhost:1"}, {"AWS_ENDPOINT_URL", "https://all.test"}},
       services,
       "http://localhost:1/"},
      {"the variable for all", {{"AWS_ENDPOINT_URL", "https://all.test/base"}}, services, "https://all.test/base"},
      {"another service's variable",
       {{"AWS_ENDPOINT_URL_STS", "https://sts.test"}},
       "",
       "https://ssm.eu-west-1.amazonaws.com/"},
      {"the services section", {}, services + "[x]\n", "https://section.test/"},
      {"the profile", {}, profile, "https://profile.test/"},
      {"none of them",
       {{"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true"}, {"AWS_ENDPOINT_URL", "https://all.test"}},
       profile,
       "https://ssm.eu-west-1.amazonaws.com/"},
      {"none, says the profile",
       {{"AWS_ENDPOINT_URL", "https://all.test"}},
       "[default]\nignore_configured_endpoint_urls = true\n",
       "https://ssm.eu-west-1.amazonaws.com/"},
      {"FIPS", {{"AWS_USE_FIPS_ENDPOINT", "TRUE"}}, "", "https://ssm-fips.eu-west-1.amazonaws.com/"},
      {"the variable before the profile",
       {{"AWS_USE_FIPS_ENDPOINT", "false"}},
       "[default]\nuse_fips_endpoint = true\n",
       "https://ssm.eu-west-1.amazonaws.com/"},
      {"dual stack", {}, "[default]\nuse_dualstack_endpoint = true\n", "https://ssm.eu-west-1.api.aws/"},
      {"a switch that is none",
       {{"AWS_USE_FIPS_ENDPOINT", "hidden"}},
       "",
       "AWS_USE_FIPS_ENDPOINT: expected true or false"},
      {"a section that is not there",
       {},
       "[default]\nservices = hidden\n",
       "the profile's services: there is no such section"},
      {"no address",
       {{"AWS_ENDPOINT_URL_SSM", "hidden"}},
       "",
       "AWS_ENDPOINT_URL_SSM: not an address: it begins with neither https: nor http:"},
      {"an address with a query",
       {{"AWS_ENDPOINT_URL_SSM", "https://x.test/?hidden"}},
       "",
       "AWS_ENDPOINT_URL_SSM: no query may be there"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.what);
    AwsFixture fixture;
    fixture.environment.insert(c.environment.begin(), c.environment.end());
    fixture.write(".aws/config", c.config);
    const auto files = *ConfigFiles::read(fixture.look_up);
    const auto endpoints = Endpoints::read(fixture.look_up, files, files.profile("default"));
    if (!endpoints) {
      CHECK(endpoints.error().what == c.address);
      continue;
    }
    const auto url = endpoints->of("ssm", "eu-west-1");
    CHECK((url ? to_string(*url) : url.error().what) == c.address);
  }
}

TEST_CASE("what is no region never becomes part of an address") {
  for (const char* region : {"", "eu-west-1.evil.test/", "EU-WEST-1", "-eu", "eu-", "eu west", "a@b"}) {
    CAPTURE(region);
    CHECK_FALSE(is_region(region));
    AwsFixture fixture;
    const auto endpoints = *Endpoints::read(fixture.look_up, *ConfigFiles::read(fixture.look_up), nullptr);
    CHECK(endpoints.of("ssm", region).error().what == "the region is no region's name");
  }
  CHECK(is_region("us-gov-west-1"));
}

}  // namespace
