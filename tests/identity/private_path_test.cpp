#include "identity/private_path.hpp"

#include <doctest/doctest.h>

#include "tests/support/temp_directory.hpp"

namespace tokensweep {
namespace {

namespace fs = std::filesystem;
using testing::mode_of;
using testing::TempDirectory;
using testing::Umask;
using testing::write_file;

TEST_CASE("directories that are made are private, and those that exist stay as they are") {
  const TempDirectory temp;
  fs::create_directory(temp / "open");
  ::chmod((temp / "open").c_str(), 0755);
  const Umask none(0);
  REQUIRE(make_private_directory(temp / "open/x/y"));
  CHECK(mode_of(temp / "open") == 0755);
  CHECK(mode_of(temp / "open/x") == 0700);
  CHECK(mode_of(temp / "open/x/y") == 0700);
  CHECK(make_private_directory(temp / "open/x/y"));
  CHECK(make_private_directory(""));
  write_file(temp / "file", "");
  CHECK(!make_private_directory(temp / "file/below"));
}

TEST_CASE("a directory far above counts as much as the nearest") {
  const TempDirectory temp;
  fs::create_directories(temp / "above/middle/below");
  CHECK(check_private_directory(temp / "above/middle/below"));
  ::chmod((temp / "above").c_str(), 0777);
  const auto refused = check_private_directory(temp / "above/middle/below");
  REQUIRE(!refused);
  CHECK(refused.error().what.find((temp / "above").native() + " (mode 0777)") != std::string::npos);
  CHECK(!check_private_directory(temp / "absent"));
}

TEST_CASE("what is above the home does not count") {
  const TempDirectory temp;
  fs::create_directories(temp / "above/home/below");
  ::chmod((temp / "above").c_str(), 0777);
  const std::string before = std::getenv("HOME") != nullptr ? std::getenv("HOME") : "";
  ::setenv("HOME", (temp / "above/home").c_str(), 1);
  CHECK(check_private_directory(temp / "above/home/below"));
  ::chmod((temp / "above/home").c_str(), 0777);
  CHECK(!check_private_directory(temp / "above/home/below"));
  ::setenv("HOME", before.c_str(), 1);
}

TEST_CASE("a directory that a link leads to is the one that counts") {
  const TempDirectory temp;
  fs::create_directory(temp / "loose");
  ::chmod((temp / "loose").c_str(), 0777);
  fs::create_symlink(temp / "loose", temp / "link");
  CHECK(!check_private_directory(temp / "link"));
  const auto resolved = resolve_directory(temp / "link/file");
  REQUIRE(resolved);
  CHECK(*resolved == temp / "loose/file");
  CHECK(!resolve_directory(temp / "absent/file"));
}

TEST_CASE("a file that may be read by others may still not be written by them") {
  const TempDirectory temp;
  for (const mode_t mode : {0600U, 0640U, 0644U, 0444U}) {
    write_file(temp / "file", "", 0600);
    ::chmod((temp / "file").c_str(), mode);
    CAPTURE(mode);
    CHECK(check_private_file(temp / "file", Sharing::may_be_read));
    CHECK(check_private_file(temp / "file", Sharing::none).has_value() == (mode == 0600U));
  }
  for (const mode_t mode : {0620U, 0602U, 0666U}) {
    ::chmod((temp / "file").c_str(), mode);
    CAPTURE(mode);
    CHECK(!check_private_file(temp / "file", Sharing::may_be_read));
  }
  CHECK(check_private_file(temp / "absent", Sharing::none));
}

}  // namespace
}  // namespace tokensweep
