// What files the inventory opens, makes and refuses, and how it says so.
#include <doctest/doctest.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <random>

#include "db/file_system.hpp"
#include "db/open_inventory.hpp"
#include "tests/db/fixture.hpp"

namespace tokensweep::testing {
namespace {

namespace fs = std::filesystem;

/// Runs statements on a file as any SQLite user could.
void run_sql(const fs::path& file, const char* sql) {
  sqlite3* database = nullptr;
  REQUIRE(sqlite3_open(file.c_str(), &database) == SQLITE_OK);
  char* message = nullptr;
  const int code = sqlite3_exec(database, sql, nullptr, nullptr, &message);
  INFO((message != nullptr ? message : ""));
  CHECK(code == SQLITE_OK);
  sqlite3_close(database);
}

std::string pragma(const fs::path& file, const char* name) {
  auto database = sqlite::Database::open(file, sqlite::Database::Mode::read);
  REQUIRE(database);
  const auto text = database->text("ask", name);
  REQUIRE(text);
  return *text;
}

void make_inventory(const Fixture& fixture) {
  Inventory inventory = fixture.open();
  std::vector<Hit> hits;
  for (int i = 0; i < 50; ++i) hits.push_back(hit_at("/home/" + std::to_string(i)));
  sweep(inventory, scope_at("/home"), hits, ended(), kNow);
}

std::string refusal(const fs::path& file, const Inventory::Options& options) {
  const auto opened = Inventory::open(file, options);
  if (opened) return "opened";
  CHECK(opened.error().what.find('\n') == std::string::npos);
  return opened.error().what;
}

bool contains(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

/// Acts as an ordinary user until the end of the block where the test runs as root, for whom nothing is read-only.
class OrdinaryUser {
 public:
  explicit OrdinaryUser(const fs::path& owns) : was_root_(::geteuid() == 0) {
    if (!was_root_) return;
    for (const auto& entry : fs::recursive_directory_iterator(owns)) give(entry.path());
    give(owns);
    if (::seteuid(kNobody) != 0) FAIL("seteuid");
  }
  OrdinaryUser(const OrdinaryUser&) = delete;
  OrdinaryUser& operator=(const OrdinaryUser&) = delete;
  ~OrdinaryUser() {
    if (was_root_ && ::seteuid(0) != 0) std::abort();
  }

 private:
  static constexpr uid_t kNobody = 65534;
  static void give(const fs::path& path) {
    if (::chown(path.c_str(), kNobody, kNobody) != 0) FAIL("chown");
  }
  bool was_root_;
};

TEST_CASE("a new inventory and all beside it are for their owner alone, whatever the umask") {
  for (const mode_t mask : {0000U, 0022U, 0077U}) {
    CAPTURE(mask);
    const Umask set(mask);
    const Fixture fixture;
    const fs::path file = fixture.temp / "new/deep/inventory.db";
    auto inventory = Inventory::open(file, writing());
    REQUIRE(inventory);
    REQUIRE(inventory->begin_sweep(kNow, "", ""));
    CHECK(mode_of(fixture.temp / "new") == 0700);
    CHECK(mode_of(file.parent_path()) == 0700);
    int files = 0;
    for (const auto& entry : fs::directory_iterator(file.parent_path())) {
      CAPTURE(entry.path().native());
      CHECK(mode_of(entry.path()) == 0600);
      ++files;
    }
    CHECK(files == 4);  // the file, its lock, its WAL, its shared memory
  }
}

TEST_CASE("the file says whose it is, and is in WAL mode with all that was committed in it at the end") {
  const Fixture fixture;
  {
    Inventory inventory = fixture.open();
    sweep(inventory, scope_at("/"), {hit_at("/x")}, ended(), kNow);
    CHECK(fs::file_size(fixture.temp / "inventory.db-wal") == 0);
    fs::copy_file(fixture.file, fixture.temp / "copy.db");
  }
  CHECK(pragma(fixture.file, "PRAGMA application_id") == "1953198967");
  CHECK(pragma(fixture.file, "PRAGMA user_version") == "5");
  CHECK(pragma(fixture.file, "PRAGMA journal_mode") == "wal");
  CHECK(pragma(fixture.file, "PRAGMA integrity_check") == "ok");
  CHECK(!fs::exists(fixture.temp / "inventory.db-wal"));
  CHECK(!fs::exists(fixture.temp / "inventory.db.new"));
  const auto copy = Inventory::open(fixture.temp / "copy.db", {});
  REQUIRE(copy);
  CHECK(rows_of(*copy).size() == 1);
}

TEST_CASE("reading makes nothing and leaves nothing behind") {
  const Fixture fixture;
  CHECK(contains(refusal(fixture.file, {}), "run `tokensweep scan` first"));
  CHECK(fs::is_empty(fixture.temp.path()));
  make_inventory(fixture);
  const std::string before = read_file(fixture.file);
  {
    const auto inventory = Inventory::open(fixture.file, {});
    REQUIRE(inventory);
    CHECK(rows_of(*inventory).size() == 50);
  }
  CHECK(read_file(fixture.file) == before);
  CHECK(std::distance(fs::directory_iterator(fixture.temp.path()), {}) == 2);  // with its lock
}

TEST_CASE("an empty file becomes an inventory") {
  const Fixture fixture;
  write_file(fixture.file, "");
  make_inventory(fixture);
  CHECK(mode_of(fixture.file) == 0600);
}

TEST_CASE("what a crash left of a new inventory is thrown away") {
  const Fixture fixture;
  write_file(fixture.temp / "inventory.db.new", "half of it");
  write_file(fixture.temp / "inventory.db.new-wal", "log of it");
  make_inventory(fixture);
  CHECK(std::distance(fs::directory_iterator(fixture.temp.path()), {}) == 2);
}

TEST_CASE("a log without its inventory is not played into a new one") {
  const Fixture fixture;
  write_file(fixture.temp / "inventory.db-wal", "what was committed");
  CHECK(contains(refusal(fixture.file, writing()), "is missing, but its inventory.db-wal is here"));
  CHECK(read_file(fixture.temp / "inventory.db-wal") == "what was committed");
  write_file(fixture.temp / "inventory.db-wal", "");
  make_inventory(fixture);
}

TEST_CASE("each file that is no inventory of ours is refused with its reason, and kept byte for byte") {
  const struct {
    const char* what;
    void (*arrange)(const fs::path& file);
    const char* says;
  } cases[] = {
      {"a newer version", [](const fs::path& f) { run_sql(f, "PRAGMA user_version = 6"); },
       "a newer tokensweep (inventory version 6, this one knows 5)"},
      {"another program's", [](const fs::path& f) { run_sql(f, "PRAGMA application_id = 1"); },
       "a database of another program"},
      {"no id at all", [](const fs::path& f) { run_sql(f, "PRAGMA application_id = 0"); },
       "a database of another program"},
      {"a text", [](const fs::path& f) { write_file(f, std::string(8192, 'x')); }, "the file is damaged"},
      {"a short text", [](const fs::path& f) { write_file(f, "hello"); }, "the file is damaged"},
      {"cut off", [](const fs::path& f) { fs::resize_file(f, fs::file_size(f) / 2); }, "the file is damaged"},
      {"a page of noise",
       [](const fs::path& f) {
         std::string bytes = read_file(f);
         std::fill(bytes.end() - 8192, bytes.end(), '\xaa');
         write_file(f, bytes);
       },
       "the file is damaged"},
      {"a version that never was", [](const fs::path& f) { run_sql(f, "PRAGMA user_version = 0"); }, "has version 0"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.what);
    const Fixture fixture;
    make_inventory(fixture);
    c.arrange(fixture.file);
    const std::string before = read_file(fixture.file);
    const std::string line = refusal(fixture.file, writing());
    CAPTURE(line);
    CHECK(contains(line, c.says));
    CHECK(contains(line, fixture.file.native()));
    CHECK(contains(line, "--db"));
    CHECK(read_file(fixture.file) == before);
  }
}

TEST_CASE("an inventory is written with its own key alone") {
  const Fixture fixture;
  make_inventory(fixture);
  auto other = writing();
  other.key_id = "fedcba9876543210";
  const auto refused = Inventory::open(fixture.file, other);
  REQUIRE(!refused);
  CHECK(refused.error().kind == ErrorKind::misconfigured);
  CHECK(contains(refused.error().what, "put its own key file back"));
  CHECK(Inventory::open(fixture.file, writing()));
  CHECK(Inventory::open(fixture.file, {}));
}

TEST_CASE("files and directories that others could have made or changed are refused") {
  const struct {
    const char* what;
    void (*arrange)(const Fixture& fixture);
    const char* says;  ///< null: it is taken
  } cases[] = {
      {"a link",
       [](const Fixture& f) {
         fs::rename(f.file, f.temp / "real.db");
         fs::create_symlink(f.temp / "real.db", f.file);
       },
       "symbolic link"},
      {"a link to nothing",
       [](const Fixture& f) {
         fs::remove(f.file);
         fs::create_symlink(f.temp / "victim", f.file);
       },
       "symbolic link"},
      {"a link for its log",
       [](const Fixture& f) { fs::create_symlink(f.temp / "victim", f.temp / "inventory.db-wal"); }, "symbolic link"},
      {"a link for its lock",
       [](const Fixture& f) {
         fs::remove(f.temp / "inventory.db.lock");
         fs::create_symlink(f.temp / "victim", f.temp / "inventory.db.lock");
       },
       "symbolic link"},
      {"the group may write it", [](const Fixture& f) { ::chmod(f.file.c_str(), 0660); }, "mode 0660"},
      {"the group may read it", [](const Fixture& f) { ::chmod(f.file.c_str(), 0640); }, nullptr},
      {"a directory",
       [](const Fixture& f) {
         fs::remove(f.file);
         fs::create_directory(f.file);
       },
       "not a regular file"},
      {"the group may write its directory", [](const Fixture& f) { ::chmod(f.temp.path().c_str(), 0770); },
       "others can write to directory"},
      {"all may write its directory", [](const Fixture& f) { ::chmod(f.temp.path().c_str(), 0777); },
       "others can write to directory"},
      {"a directory such as /tmp", [](const Fixture& f) { ::chmod(f.temp.path().c_str(), 01777); }, nullptr},
      {"all may read its directory", [](const Fixture& f) { ::chmod(f.temp.path().c_str(), 0755); }, nullptr},
  };
  for (const auto& c : cases) {
    CAPTURE(c.what);
    const Fixture fixture;
    make_inventory(fixture);
    c.arrange(fixture);
    const std::string line = refusal(fixture.file, writing());
    CAPTURE(line);
    CHECK((c.says == nullptr ? line == "opened" : contains(line, c.says)));
    CHECK(!fs::exists(fixture.temp / "victim"));
  }
}

TEST_CASE("another user's inventory is refused") {
  if (::geteuid() != 0) return;  // only root can give files away
  const Fixture fixture;
  make_inventory(fixture);
  REQUIRE(::chown(fixture.file.c_str(), 12345, 12345) == 0);
  CHECK(contains(refusal(fixture.file, writing()), "belongs to another user (uid 12345)"));
  CHECK(contains(refusal(fixture.file, {}), "belongs to another user (uid 12345)"));
}

TEST_CASE("in a read-only place an inventory can be read and not be written") {
  const Fixture fixture;
  make_inventory(fixture);
  fs::remove(fixture.temp / "inventory.db.lock");
  const OrdinaryUser user(fixture.temp.path());
  REQUIRE(::chmod(fixture.file.c_str(), 0400) == 0);
  REQUIRE(::chmod(fixture.temp.path().c_str(), 0500) == 0);
  const std::string line = refusal(fixture.file, writing());
  CAPTURE(line);
  CHECK(contains(line, "Permission denied"));
  CHECK(contains(refusal(fixture.temp / "new.db", writing()), "Permission denied"));
  {
    const auto inventory = Inventory::open(fixture.file, {});
    if (!inventory) FAIL(inventory.error().what);
    CHECK(rows_of(*inventory).size() == 50);
  }
  ::chmod(fixture.temp.path().c_str(), 0700);
}

/// Another process that holds the inventory until its pipe is closed.
class Holder {
 public:
  explicit Holder(const fs::path& file) {
    int pair[2] = {-1, -1};
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
    child_ = ::fork();
    if (child_ == 0) {
      ::close(pair[0]);
      char byte = 0;
      {
        const auto inventory = Inventory::open(file, writing());
        if (::write(pair[1], inventory ? "y" : "n", 1) != 1) ::_exit(1);
        if (::read(pair[1], &byte, 1) < 0) ::_exit(1);
      }
      ::_exit(0);
    }
    ::close(pair[1]);
    end_ = pair[0];
    char answer = 0;
    REQUIRE(::read(end_, &answer, 1) == 1);
    REQUIRE(answer == 'y');
  }
  Holder(const Holder&) = delete;
  Holder& operator=(const Holder&) = delete;
  ~Holder() {
    ::close(end_);
    ::waitpid(child_, nullptr, 0);
  }
  [[nodiscard]] pid_t pid() const { return child_; }
  void kill() const { ::kill(child_, SIGKILL); }

 private:
  pid_t child_ = -1;
  int end_ = -1;
};

TEST_CASE("a second writer waits, then says who holds the inventory and since when; readers do not care") {
  const Fixture fixture;
  make_inventory(fixture);
  {
    const Holder holder(fixture.file);
    const auto start = std::chrono::steady_clock::now();
    const std::string line = refusal(fixture.file, writing(100));
    CHECK(std::chrono::steady_clock::now() - start >= std::chrono::milliseconds(100));
    CAPTURE(line);
    CHECK(
        contains(line, fmt::format("{} is being written by process {} since 20", fixture.file.native(), holder.pid())));
    CHECK(contains(line, "Z; wait for it or use another --db"));
    CHECK(refusal(fixture.file, {}) == "opened");
  }
  CHECK(refusal(fixture.file, writing()) == "opened");
}

TEST_CASE("a lock ends with its process, however it ends, and waiting pays") {
  const Fixture fixture;
  make_inventory(fixture);
  const Holder holder(fixture.file);
  holder.kill();
  CHECK(refusal(fixture.file, writing(5000)) == "opened");
}

TEST_CASE("a lock file that says nonsense gives no terminal escapes to the message") {
  const Fixture fixture;
  make_inventory(fixture);
  const Holder holder(fixture.file);
  write_file(fixture.temp / "inventory.db.lock", "1\033[2J x\n");
  const std::string line = refusal(fixture.file, writing());
  CHECK(contains(line, "is being written by another process;"));
}

TEST_CASE("two inventories are two locks") {
  const Fixture fixture;
  make_inventory(fixture);
  const Holder holder(fixture.file);
  CHECK(refusal(fixture.temp / "other.db", writing()) == "opened");
}

TEST_CASE("a reader that began before a sweep sees its own moment, and keeps the sweep from nothing") {
  const Fixture fixture;
  make_inventory(fixture);
  const auto reader = Inventory::open(fixture.file, {});
  REQUIRE(reader);
  std::size_t rows = 0;
  REQUIRE(reader->for_each_hit({.state = std::nullopt}, [&](const HitRow& row) {
    if (rows++ == 0) {
      Inventory writer = fixture.open();
      const auto id = writer.begin_sweep(kLater, "", "");
      const auto scope = writer.open_scope(*id, scope_at("/home"));
      const Hit hit = hit_at("/home/new");
      REQUIRE(writer.write(*id, *scope, {&hit, 1}, {}, kLater));
      REQUIRE(writer.close_scope(*id, *scope, ended(), kLater));
    }
    CHECK(row.state == State::present);
    return true;
  }));
  CHECK(rows == 50);
  CHECK(rows_of(*reader).size() == 51);
}

/// Lets no file of this process grow beyond `bytes`, until the end of the block: a disk that is full.
class FullDisk {
 public:
  explicit FullDisk(rlim_t bytes) {
    before_ = ::signal(SIGXFSZ, SIG_IGN);
    REQUIRE(::getrlimit(RLIMIT_FSIZE, &limit_) == 0);
    const rlimit full{.rlim_cur = bytes, .rlim_max = limit_.rlim_max};
    REQUIRE(::setrlimit(RLIMIT_FSIZE, &full) == 0);
  }
  FullDisk(const FullDisk&) = delete;
  FullDisk& operator=(const FullDisk&) = delete;
  ~FullDisk() {
    ::setrlimit(RLIMIT_FSIZE, &limit_);
    ::signal(SIGXFSZ, before_);
  }

 private:
  rlimit limit_{};
  void (*before_)(int) = nullptr;
};

TEST_CASE("a full disk is said in one line, ends the writing, and loses nothing") {
  const Fixture fixture;
  make_inventory(fixture);
  std::string line;
  {
    Inventory inventory = fixture.open();
    const auto id = inventory.begin_sweep(kLater, "", "");
    const auto scope = inventory.open_scope(*id, scope_at("/home"));
    REQUIRE(scope);
    const FullDisk full(fs::file_size(fixture.file) + 65536);
    std::vector<Hit> hits(100, hit_at("/home/big"));
    for (int i = 0; line.empty() && i < 1000; ++i) {
      for (std::size_t k = 0; k < hits.size(); ++k) hits[k] = hit_at(fmt::format("/home/big/{}/{}", i, k));
      const auto written = inventory.write(*id, *scope, hits, {}, kLater);
      if (!written) line = written.error().what;
    }
    // What is unknown stays so: this object writes no more, and says the same.
    const auto after = inventory.close_scope(*id, *scope, ended(), kLater);
    REQUIRE(!after);
    CHECK(after.error().what == line);
    CHECK(after.error().kind == ErrorKind::storage);
  }
  CAPTURE(line);
  CHECK(contains(line, "the disk is full: make room and run again"));
  CHECK(contains(line, fixture.file.native()));
  CHECK(pragma(fixture.file, "PRAGMA integrity_check") == "ok");
  Inventory inventory = fixture.open();
  for (const HitRow& row : rows_of(inventory)) REQUIRE(row.state == State::present);
  CHECK(rows_of(inventory).size() % 50 == 0);
  REQUIRE(inventory.begin_sweep(kLatest, "", ""));
  CHECK((*inventory.sweeps())[1].state == SweepState::interrupted);
}

TEST_CASE("a disk that is full from the beginning leaves nothing") {
  const Fixture fixture;
  {
    const FullDisk full(4096);
    CHECK(contains(refusal(fixture.file, writing()), "the disk is full"));
  }
  CHECK(!fs::exists(fixture.file));
  CHECK(!fs::exists(fixture.temp / "inventory.db.new"));
  make_inventory(fixture);
}

TEST_CASE("an inventory with random bytes changed is refused or whole, and never a crash") {
  const Fixture original;
  make_inventory(original);
  const std::string sound = read_file(original.file);
  std::mt19937 random(11);
  int refused = 0;
  for (int copy = 0; copy < 60; ++copy) {
    CAPTURE(copy);
    const Fixture fixture;
    std::string bytes = sound;
    for (const int changes : {1, 8, 64}) {
      if (copy % 3 != (changes == 1 ? 0 : changes == 8 ? 1 : 2)) continue;
      for (int i = 0; i < changes; ++i) bytes[random() % bytes.size()] = static_cast<char>(random());
    }
    write_file(fixture.file, bytes);
    auto inventory = Inventory::open(fixture.file, writing());
    if (!inventory) {
      ++refused;
      CHECK(inventory.error().kind != ErrorKind::internal);
      CHECK(read_file(fixture.file) == bytes);
    } else {
      // quick_check took it: then all of it can be read and written, or an error says that it cannot.
      (void)inventory->for_each_hit({.state = std::nullopt}, [](const HitRow&) { return true; });
      const auto id = inventory->begin_sweep(kLater, "", "");
      if (id) (void)inventory->finish_sweep(*id, SweepState::complete, kLater);
    }
    const auto reader = Inventory::open(fixture.file, {});
    if (reader) (void)reader->for_each_hit({.state = std::nullopt}, [](const HitRow&) { return true; });
  }
  CHECK(refused > 10);
  CHECK(refused < 60);
}

TEST_CASE("file systems of the network are told from the others") {
  CHECK(is_network_file_system(0x6969));
  CHECK(is_network_file_system(0xFF534D42));
  CHECK(is_network_file_system(0xFFFFFFFFFF534D42));  // sign-extended
  CHECK(!is_network_file_system(0xEF53));             // ext4
  CHECK(!is_network_file_system(0x01021994));         // tmpfs
  CHECK(is_on_network("/absent/for/sure"));
}

TEST_CASE("a file in rollback journal mode, as it is on a network file system, works and goes back to WAL") {
  const Fixture fixture;
  make_inventory(fixture);
  run_sql(fixture.file, "PRAGMA journal_mode = DELETE");
  CHECK(rows_of(*Inventory::open(fixture.file, {})).size() == 50);
  make_inventory(fixture);
  CHECK(pragma(fixture.file, "PRAGMA journal_mode") == "wal");
}

}  // namespace
}  // namespace tokensweep::testing
