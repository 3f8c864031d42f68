#include "scanner/value_filter.hpp"

#include <doctest/doctest.h>

#include <fstream>
#include <string>

#include "scanner/scan.hpp"
#include "tests/support/temp_directory.hpp"
#include "tests/support/tokens.hpp"

using namespace tokensweep;
using tokensweep::testing::base64;

namespace {

std::string in_utf16(const std::string& text) {
  std::string wide;
  for (const char letter : text) wide.append(1, letter).append(1, '\0');
  return wide;
}

}  // namespace

TEST_CASE("what may hold a token matters, at any place in base64 as well") {
  const Detector detector = std::move(*load_detector({}));
  ValueFilter filter(detector);
  const std::string token = tokensweep::testing::npm_token(91);
  const std::string old_token = tokensweep::testing::uuid(92);
  const struct {
    const char* what;
    std::string name;
    std::string value;
    bool matters;
  } cases[] = {
      {"a token", "ANYTHING", token, true},
      {"a token in base64", "ANYTHING", base64(token), true},
      {"a token in settings", "config", "//registry.corp.example/:_authToken=" + token + "\n", true},
      {"an old token in settings", "config", "//registry.corp.example/:_authToken=" + old_token + "\n", true},
      {"a password in settings", "config", "//registry.corp.example/:_password=" + base64("correct horse") + "\n",
       true},
      {"settings of Yarn", "config", "npmAuthToken: " + old_token + "\n", true},
      {"a docker configuration", ".dockerconfigjson",
       R"({"auths":{"registry.corp.example":{"auth":")" + base64("ci:" + token) + R"("}}})", true},
      {"a token in JSON", "config.json", R"({"a":[{"b":")" + token + R"("}]})", true},
      {"a token that Windows wrote", "config", in_utf16("x=" + token), true},
      {"an old token, whose name vouches for it", "NPM_TOKEN", old_token, true},
      {"settings, by their name", ".npmrc", "color=always\n", true},
      {"the same behind a path", "/ci/build/.npmrc", "color=always\n", true},
      {"an old token under any name", "DEPLOYMENT_ID", old_token, false},
      {"no token", "password", "correct horse battery staple", false},
      {"nothing", "password", "", false},
  };
  for (const auto& c : cases) {
    CAPTURE(c.what);
    CHECK(filter.may_matter(c.name, c.value, Spelling::plain) == c.matters);
    for (std::size_t before = 0; before < 6; ++before) {
      CAPTURE(before);
      CHECK(filter.may_matter(c.name, base64(std::string(before, ' ') + c.value), Spelling::base64) == c.matters);
    }
  }
}

TEST_CASE("a token in base64 twice matters, at each alignment of both") {
  const Detector detector = std::move(*load_detector({}));
  ValueFilter filter(detector);
  for (std::size_t outer = 0; outer < 3; ++outer) {
    for (std::size_t inner = 0; inner < 3; ++inner) {
      const std::string once = base64(std::string(inner, '.') + tokensweep::testing::npm_token(93));
      CHECK(filter.may_matter("x", base64(std::string(outer, ' ') + once), Spelling::base64));
      CHECK(filter.may_matter("x", base64(base64(std::string(outer, ' ') + once)), Spelling::base64));
    }
  }
}

TEST_CASE("to a rule without a literal everything may matter") {
  const tokensweep::testing::TempDirectory temp;
  const auto file = temp / "own.toml";
  std::ofstream(file) << "[[rules]]\nid = \"own\"\ndescription = \"x\"\nregex = 'own[0-9]+'\nkeywords = [\"own\"]\n";
  const Detector detector = std::move(*load_detector({.files = {file}}));
  ValueFilter filter(detector);
  CHECK(filter.may_matter("x", base64("OwN1"), Spelling::base64));
  CHECK(filter.may_matter("x", "OwN1", Spelling::plain));
  CHECK(!filter.may_matter("x", "else", Spelling::plain));
}
