#include <doctest/doctest.h>

#include <filesystem>
#include <map>
#include <string>

#include "connectors/circleci/credentials.hpp"
#include "tests/connectors/circleci_fake.hpp"
#include "tests/support/temp_directory.hpp"

namespace {

namespace fs = std::filesystem;
using namespace tokensweep;
using tokensweep::circleci::testing::CircleCiFixture;
using tokensweep::testing::TempDirectory;

/// The token that goes with the requests, or why there is none.
std::string token(CircleCiFixture& fixture) {
  fixture.script.set("/api/v2/me/collaborations", "[]");
  const auto swept = fixture.sweep();
  if (!swept) {
    const std::string& what = swept.error().what;
    CHECK(what.starts_with("ci: "));
    return what.substr(what.find(' ') + 1);
  }
  const HttpRequest request;
  const auto credential = fixture.time.run(fixture.script.options.authorizer->credential(request));
  REQUIRE(credential.has_value());
  REQUIRE((*credential)->size() == 1);
  CHECK((*credential)->front().name == "Circle-Token");
  return std::string((*credential)->front().value.reveal());
}

void write(const fs::path& file, const std::string& text) {
  fs::create_directories(file.parent_path());
  tokensweep::testing::write_file(file, text);
}

TEST_CASE("the first place that has a token wins") {
  struct Case {
    const char* what;
    std::map<std::string, std::string> environment;  ///< `~` stands for the home
    std::map<std::string, std::string> files;        ///< below the home
    std::string token;
  };
  const std::string old_file = ".circleci/cli.yml";
  const std::string new_file = ".config/circleci/config.yml";
  const std::string no_token =
      "no token: set token_env, token_file or token_command, or CIRCLE_TOKEN, or log in with `circleci setup`";
  const Case cases[] = {
      {"nothing", {}, {}, no_token},
      {"an empty variable is none", {{"CIRCLE_TOKEN", ""}}, {}, no_token},
      {"the variables in their order", {{"CIRCLE_CLI_TOKEN", "b"}, {"CIRCLECI_CLI_TOKEN", "c"}}, {}, "b"},
      {"the old program's variable", {{"CIRCLECI_CLI_TOKEN", "c"}}, {}, "c"},
      {"a variable before a file", {{"CIRCLE_TOKEN", "a"}}, {{new_file, "token: d\n"}}, "a"},
      {"the new program's file before the old one's", {}, {{new_file, "token: d\n"}, {old_file, "token: e\n"}}, "d"},
      {"the new program's file keeps it in the keyring",
       {},
       {{new_file, "host: https://circleci.com\n"}, {old_file, "token: e\n"}},
       "e"},
      {"files where XDG_CONFIG_HOME says",
       {{"XDG_CONFIG_HOME", "~/xdg"}},
       {{"xdg/circleci/config.yml", "token: f\n"}, {new_file, "token: d\n"}},
       "f"},
      {"the old program's file in XDG_CONFIG_HOME",
       {{"XDG_CONFIG_HOME", "~/xdg"}},
       {{"xdg/circleci-cli/cli.yml", "token: g\n"}},
       "g"},
      {"the old program's file in .config", {}, {{".config/circleci-cli/cli.yml", "token: h\n"}}, "h"},
      {"a file for the same host", {}, {{old_file, "host: HTTPS://CircleCI.com:443\ntoken: e\n"}}, "e"},
      {"a file that is no YAML",
       {},
       {{old_file, "token: [hidden\n"}},
       "~/.circleci/cli.yml: no YAML: line 2, column 1"},
      {"a file that is too large",
       {},
       {{old_file, std::string(70'000, '#')}},
       "~/.circleci/cli.yml: is larger than any such file"},
      {"a token that would break a header",
       {},
       {{old_file, "token: \"hid\\r\\nden\"\n"}},
       "~/.circleci/cli.yml: its token has characters that no token has"},
      {"a token for another host is not sent to this one",
       {},
       {{old_file, "host: https://circle.corp.example\ntoken: hidden\n"}},
       "~/.circleci/cli.yml: it is for another host than this source: set `host`, or name a token for this one"},
      {"a variable for another host",
       {{"CIRCLE_TOKEN", "hidden"}, {"CIRCLE_HOST", "circle.corp.example"}},
       {},
       "CIRCLE_HOST: it is for another host than this source: set `host`, or name a token for this one"},
      {"a variable for the same host", {{"CIRCLE_TOKEN", "a"}, {"CIRCLECI_CLI_HOST", "circleci.com"}}, {}, "a"},
      {"a host that is none",
       {{"CIRCLE_TOKEN", "hidden"}, {"CIRCLE_HOST", "https://circleci.com/api"}},
       {},
       "CIRCLE_HOST: its host is no host"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.what);
    const TempDirectory home;
    const auto at_home = [&](std::string text) {
      if (text.starts_with('~')) text.replace(0, 1, home.path().native());
      return text;
    };
    CircleCiFixture fixture;
    fixture.environment = {{"HOME", home.path().native()}};
    for (const auto& [name, value] : c.environment) fixture.environment[name] = at_home(value);
    for (const auto& [file, text] : c.files) write(home.path() / file, text);
    CHECK(token(fixture) == at_home(c.token));
  }
}

TEST_CASE("what the settings name goes before everything, to the host that they name") {
  CircleCiFixture fixture;
  fixture.add("token_command", std::vector<std::string>{"pass", "circleci"});
  fixture.add("host", std::string("https://circle.corp.example"));
  CHECK(token(fixture) == "from-elsewhere");
  CHECK(to_string(fixture.script.options.origin) == "https://circle.corp.example");
}

TEST_CASE("a directory in place of a file is no file") {
  const TempDirectory home;
  fs::create_directories(home.path() / ".circleci" / "cli.yml");
  CircleCiFixture fixture;
  fixture.environment = {{"HOME", home.path().native()}};
  CHECK(token(fixture) == (home.path() / ".circleci/cli.yml").native() + ": the file is not a regular file");
}

}  // namespace
