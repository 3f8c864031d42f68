#include <doctest/doctest.h>
#include <sys/wait.h>

#include <set>

#include "identity/fingerprint.hpp"
#include "tests/support/temp_directory.hpp"

namespace tokensweep {
namespace {

namespace fs = std::filesystem;
using testing::mode_of;
using testing::TempDirectory;
using testing::Umask;
using testing::write_file;

const std::string kBytes(InventoryKey::kSize, 'k');

TEST_CASE("a new inventory gets a key of its own, for its owner alone, whatever the umask") {
  for (const mode_t mask : {0000U, 0022U, 0077U, 0277U}) {
    CAPTURE(mask);
    const TempDirectory temp;
    const fs::path file = temp / "a/b/inventory.db.key";
    const Umask set(mask);
    const auto made = InventoryKey::load_or_create(file);
    REQUIRE(made);
    CHECK(made->root().size() == InventoryKey::kSize);
    CHECK(mode_of(file) == 0600);
    CHECK(mode_of(temp / "a") == 0700);
    CHECK(mode_of(temp / "a/b") == 0700);
    const auto again = InventoryKey::load_or_create(file);
    REQUIRE(again);
    CHECK(again->root().reveal() == made->root().reveal());
    CHECK(std::distance(fs::directory_iterator(temp / "a/b"), {}) == 1);  // no file is left over
  }
}

TEST_CASE("two keys are never the same") {
  const TempDirectory temp;
  const auto one = InventoryKey::load_or_create(temp / "1.key");
  const auto two = InventoryKey::load_or_create(temp / "2.key");
  REQUIRE((one && two));
  CHECK(one->root().reveal() != two->root().reveal());
}

TEST_CASE("a key that is missing is not replaced where the inventory exists") {
  const TempDirectory temp;
  const auto missing = InventoryKey::load(temp / "inventory.db.key");
  REQUIRE(!missing);
  CHECK(missing.error().what.find("is missing") != std::string::npos);
  CHECK(!fs::exists(temp / "inventory.db.key"));
}

TEST_CASE("a key file that others could know or change is refused, and the line says why") {
  const struct {
    const char* what;
    void (*arrange)(const TempDirectory& temp, const fs::path& file);
    const char* says;  ///< null: it is taken
  } cases[] = {
      {"0600", [](const TempDirectory&, const fs::path& f) { write_file(f, kBytes); }, nullptr},
      {"0400", [](const TempDirectory&, const fs::path& f) { write_file(f, kBytes, 0400); }, nullptr},
      {"the group may read", [](const TempDirectory&, const fs::path& f) { write_file(f, kBytes, 0640); }, "mode 0640"},
      {"all may read", [](const TempDirectory&, const fs::path& f) { write_file(f, kBytes, 0604); }, "chmod 600"},
      {"the group may write", [](const TempDirectory&, const fs::path& f) { write_file(f, kBytes, 0620); },
       "mode 0620"},
      {"all may execute", [](const TempDirectory&, const fs::path& f) { write_file(f, kBytes, 0601); }, "mode 0601"},
      {"a link to a good key",
       [](const TempDirectory& temp, const fs::path& f) {
         write_file(temp / "real", kBytes);
         fs::create_symlink(temp / "real", f);
       },
       "symbolic link"},
      {"a link to nothing", [](const TempDirectory& temp, const fs::path& f) { fs::create_symlink(temp / "no", f); },
       "symbolic link"},
      {"a directory", [](const TempDirectory&, const fs::path& f) { fs::create_directory(f); }, "not a regular file"},
      {"a FIFO", [](const TempDirectory&, const fs::path& f) { ::mkfifo(f.c_str(), 0600); }, "not a regular file"},
      {"one byte short", [](const TempDirectory&, const fs::path& f) { write_file(f, kBytes.substr(1)); }, "damaged"},
      {"one byte long", [](const TempDirectory&, const fs::path& f) { write_file(f, kBytes + "k"); }, "damaged"},
      {"empty", [](const TempDirectory&, const fs::path& f) { write_file(f, ""); }, "damaged"},
      {"a directory for the group",
       [](const TempDirectory& temp, const fs::path& f) {
         write_file(f, kBytes);
         ::chmod(temp.path().c_str(), 0770);
       },
       "others can write to directory"},
      {"a directory for all",
       [](const TempDirectory& temp, const fs::path& f) {
         write_file(f, kBytes);
         ::chmod(temp.path().c_str(), 0777);
       },
       "chmod go-w"},
      {"a directory for all with the sticky bit",
       [](const TempDirectory& temp, const fs::path& f) {
         write_file(f, kBytes);
         ::chmod(temp.path().c_str(), 01777);
       },
       nullptr},
      {"a directory that all may read",
       [](const TempDirectory& temp, const fs::path& f) {
         write_file(f, kBytes);
         ::chmod(temp.path().c_str(), 0755);
       },
       nullptr},
  };
  for (const auto& c : cases) {
    CAPTURE(c.what);
    const TempDirectory temp;
    const fs::path file = temp / "inventory.db.key";
    c.arrange(temp, file);
    for (const auto& key : {&InventoryKey::load, &InventoryKey::load_or_create}) {
      const auto loaded = key(file);
      CHECK(loaded.has_value() == (c.says == nullptr));
      if (!loaded && c.says != nullptr) {
        INFO(loaded.error().what);
        CHECK(loaded.error().what.find(c.says) != std::string::npos);
        CHECK(loaded.error().what.find("kkkk") == std::string::npos);
      }
    }
  }
}

TEST_CASE("another user's key is refused, root's is not") {
  if (geteuid() != 0) return;  // only root can give files away
  const TempDirectory temp;
  write_file(temp / "key", kBytes);
  REQUIRE(::chown((temp / "key").c_str(), 12345, 12345) == 0);
  const auto foreign = InventoryKey::load(temp / "key");
  REQUIRE(!foreign);
  CHECK(foreign.error().what.find("belongs to another user (uid 12345)") != std::string::npos);
}

TEST_CASE("processes that start together end with one key") {
  const TempDirectory temp;
  const fs::path file = temp / "inventory.db.key";
  std::vector<pid_t> children;
  for (int i = 0; i < 8; ++i) {
    const pid_t child = ::fork();
    if (child == 0) {
      const auto key = InventoryKey::load_or_create(file);
      if (key) write_file(temp.path() / ("saw" + std::to_string(i)), std::string(key->root().reveal()));
      ::_exit(key ? 0 : 1);
    }
    children.push_back(child);
  }
  for (const pid_t child : children) {
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(status == 0);
  }
  std::set<std::string> seen;
  for (int i = 0; i < 8; ++i) seen.insert(testing::read_file(temp.path() / ("saw" + std::to_string(i))));
  CHECK(seen.size() == 1);
}

}  // namespace
}  // namespace tokensweep
