#include "formats/package_json.hpp"

#include <doctest/doctest.h>

#include <string>

namespace {

using namespace tokensweep;

TEST_CASE("a package can be published if it says its name and is not private") {
  CHECK(publishable_name(R"({"name": "@acme/site"})") == "@acme/site");
  CHECK(publishable_name(R"({"name": "site", "private": false})") == "site");
  for (const char* none : {R"({"name": "site", "private": true})", R"({"name": 1})", R"({})", R"([])", R"({"name": "")",
                           "", R"({"name": ""})", "<html>"}) {
    CAPTURE(none);
    CHECK(!publishable_name(none));
  }
  CHECK(!publishable_name(R"({"name": ")" + std::string(300, 'a') + R"("})"));
}

}  // namespace
