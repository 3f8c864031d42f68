#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "formats/npmrc.hpp"
#include "formats/readers.hpp"
#include "tests/support/tokens.hpp"

namespace {

using namespace tokensweep;

/// `p` shadowed by the project's file, `u` by the user's, `-` by none; one letter for each credential.
std::string letters(const std::vector<Standing>& standings) {
  std::string out;
  for (const Standing& standing : standings) {
    out += !standing.shadowed_by ? '-' : *standing.shadowed_by == NpmrcFile::project ? 'p' : 'u';
  }
  return out;
}

TEST_CASE("a project's file over the user's") {
  struct Case {
    const char* what;
    std::string project;
    std::string user;
    std::string project_standings;
    std::string user_standings;
  };
  const std::string r = "//registry.corp.example/";
  const std::string token = r + ":_authToken=t\n";
  const std::string auth = r + ":_auth=YTpi\n";
  const std::string pair = r + ":username=u\n" + r + ":_password=cA==\n";
  const std::string certificate = r + ":certfile=/c\n" + r + ":keyfile=/k\n";
  const Case cases[] = {
      {"the same key: the project's", token, token, "-", "p"},
      {"two registries", token, "//npm.example.test/:_authToken=t", "-", "-"},
      {"the stronger kind, wherever it stands", auth, token, "u", "-"},
      {"a pair under a token", token, pair, "-", "p"},
      {"a pair over an _auth", pair, auth, "u", "-"},
      {"both of the user's: the shadow within a file stays the file's matter", "", token + auth, "", "--"},
      {"a password alone is not sent", r + ":_password=cA==\n", auth, "u", "-"},
      {"a project's password with the user's name", r + ":_password=cA==\n", pair, "-", "p"},
      {"a certificate goes along", certificate, token, "-", "-"},
      {"a certificate over another", certificate, certificate, "-", "p"},
      {"a path is another registry", "//registry.corp.example/npm/:_authToken=t", token, "-", "-"},
      {"with a slash before without", "//registry.corp.example:_authToken=t", token, "u", "-"},
      {"legacy keys among themselves", "_auth=YTpi", "_authToken=t", "u", "-"},
      {"what npm cannot see takes no part", "[s]\n" + token, token, "-", "-"},
      {"nor what is commented out", ";" + token, token, "-", "-"},
      {"the registry's own address", "registry=https://a:b@registry.corp.example/",
       "registry=https://a:c@npm.example.test/", "-", "p"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.what);
    const auto project = read_npmrc(c.project);
    const auto user = read_npmrc(c.user);
    REQUIRE((project.has_value() && user.has_value()));
    const Standings standings = lay_over(*project, *user);
    CHECK(letters(standings.project) == c.project_standings);
    CHECK(letters(standings.user) == c.user_standings);
  }
}

TEST_CASE("what is sent to a registry is looked for upwards") {
  const auto project =
      read_npmrc("//registry.corp.example/npm/:_authToken=t\n//registry.corp.example/x/:_password=cA==\n");
  const auto user = read_npmrc("//registry.corp.example/:_authToken=t\n//npm.example.test/a:_auth=YTpi\n");
  REQUIRE((project.has_value() && user.has_value()));
  struct Case {
    std::string registry;
    std::string sent;  // file and index
  };
  const Case cases[] = {
      {"registry.corp.example/npm/private", "p0"},
      {"registry.corp.example/npm", "p0"},
      {"registry.corp.example", "u0"},
      {"registry.corp.example/x", "u0"},
      {"registry.corp.example/npmx", "u0"},
      {"npm.example.test/a/b", "u1"},
      {"npm.example.test", ""},
      {"", ""},
  };
  for (const Case& c : cases) {
    CAPTURE(c.registry);
    const auto sent = credential_for(c.registry, *project, *user);
    const std::string seen = sent ? (sent->file == NpmrcFile::project ? "p" : "u") + std::to_string(sent->index) : "";
    CHECK(seen == c.sent);
  }
}

}  // namespace
