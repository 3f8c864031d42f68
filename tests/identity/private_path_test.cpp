#include "identity/private_path.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>

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

TEST_CASE("an open file is judged by itself, whatever its name leads to now") {
  const TempDirectory temp;
  const struct {
    const char* what;
    mode_t mode;
    uid_t owner;
    gid_t group;
    Sharing sharing;
    bool fine;
  } cases[] = {
      {"a file of ours", 0600, 0, 0, Sharing::none, true},
      {"one that is never written", 0400, 0, 0, Sharing::none, true},
      {"one that systemd hands to a service", 0440, 0, 0, Sharing::none, true},
      {"one that a group of people can read", 0440, 0, 12345, Sharing::none, false},
      {"the same, where reading is fine", 0440, 0, 12345, Sharing::may_be_read, true},
      {"one that everybody can read", 0444, 0, 0, Sharing::none, false},
      {"one that root's group can write", 0660, 0, 0, Sharing::none, false},
      {"one that others can write", 0622, 0, 0, Sharing::may_be_read, false},
      {"another user's", 0600, 12345, 0, Sharing::may_be_read, false},
  };
  for (const auto& c : cases) {
    CAPTURE(c.what);
    write_file(temp / "file", "", c.mode);
    const int opened = ::open((temp / "file").c_str(), O_RDONLY | O_CLOEXEC);
    REQUIRE(opened >= 0);
    // Only root can give files away; what others may do to their own is the same for both.
    const bool given = ::fchown(opened, c.owner, c.group) == 0;
    fs::remove(temp / "file");
    if (given) CHECK(check_private_descriptor(opened, "it", c.sharing).has_value() == c.fine);
    ::close(opened);
  }
}

}  // namespace
}  // namespace tokensweep
