#include "rules/usage.hpp"

#include <doctest/doctest.h>

namespace {

using namespace tokensweep;

TEST_CASE("a name says by its words what it is for") {
  const NameSays nothing = NameSays::nothing;
  const NameSays publishes = NameSays::publishes;
  const NameSays reads = NameSays::reads;
  const struct {
    const char* name;
    NameSays says;
  } cases[] = {
      {"NPM_TOKEN", nothing},
      {"NODE_AUTH_TOKEN", nothing},
      {"NPM_PUBLISH_TOKEN", publishes},
      {"npm-publish-token", publishes},
      {"npmPublishToken", publishes},
      {"NPM_AUTOMATION_TOKEN", publishes},
      {"NPM_RELEASE_TOKEN", publishes},
      {"NPM_TOKEN_RW", publishes},
      {"NPM_READ_TOKEN", reads},
      {"NPM_RO_TOKEN", reads},
      {"NPM_TOKEN_RO2", reads},
      {"ACME_NPM_INSTALL", reads},
      {"npmReadOnlyToken", reads},
      {"npm.read.token", reads},
      {"NPM_READ_WRITE_TOKEN", publishes},
      {"NPM_PUBLISH_AND_INSTALL", publishes},
      // Parts of words say nothing.
      {"NPM_READY_TOKEN", nothing},
      {"SPREAD_NPM_TOKEN", nothing},
      {"NPM_PROD_TOKEN", nothing},
      {"NPM_ROOT_TOKEN", nothing},
      {"REPUBLISHED_NPM_TOKEN", nothing},
      {"NPM_UNINSTALLER_TOKEN", nothing},
      {"NPM_DEPLOY_TOKEN", nothing},
      // Nor do a registry's.
      {"//registry.corp.example/npm-publish/:_authToken", nothing},
      {"registry.corp.example/read/:_password", nothing},
      {"", nothing},
  };
  for (const auto& c : cases) {
    CAPTURE(c.name);
    CHECK(said_by_name(c.name) == c.says);
  }
}

}  // namespace
