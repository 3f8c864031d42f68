#include "scanner/evidence.hpp"

#include <doctest/doctest.h>

#include "tests/support/temp_directory.hpp"

namespace {

using namespace tokensweep;

TEST_CASE("the home that a path lies in") {
  const struct {
    const char* path;
    const char* own;
    std::optional<std::string> home;
  } cases[] = {
      {"/home/ann/.npmrc", "/home/ann", "/home/ann"},
      {"/home/bob/.npmrc", "/home/ann", "/home/bob"},
      {"/home/ann", "/home/ann/", "/home/ann"},
      {"/home/annette/x", "/home/ann", "/home/annette"},
      {"/Users/ann/x", "", "/Users/ann"},
      {"/root/.npmrc", "/home/ann", "/root"},
      {"/rooted/.npmrc", "/home/ann", std::nullopt},
      {"/srv/ci/.npmrc", "/home/ann", std::nullopt},
      {"/srv/ci/.npmrc", "/srv/ci", "/srv/ci"},
      {"/home/", "", std::nullopt},
      {"/etc/npmrc", "/", std::nullopt},
  };
  for (const auto& c : cases) {
    CAPTURE(c.path);
    CAPTURE(c.own);
    CHECK(home_of(c.path, c.own) == c.home);
  }
}

TEST_CASE("a build file belongs to the project above its folder") {
  const testing::TempDirectory temp;
  std::filesystem::create_directories(temp / "site/.github/workflows");
  testing::write_file(temp / "site/package.json", R"({"name": "@acme/site"})");
  testing::write_file(temp / "package.json", R"({"name": "top", "private": true})");
  const filesystem::Root root{.path = temp.path(), .is_file = false};
  PackageFinder finder(root);
  CHECK(finder.package_of("site/.npmrc").name == "@acme/site");
  CHECK(finder.package_of("site/.npmrc").file == "site/package.json");
  CHECK(finder.package_of("site/.github/workflows/release.yml").name == "@acme/site");
  CHECK(finder.package_of("site/.circleci/config.yml").name == "@acme/site");
  CHECK(finder.package_of(".npmrc").name.empty());
  CHECK(finder.package_of("elsewhere/.npmrc").name.empty());
}

}  // namespace
