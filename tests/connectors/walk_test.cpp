#include "connectors/filesystem/walk.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <thread>

#include "tests/support/temp_directory.hpp"

namespace {

using namespace tokensweep;
using namespace tokensweep::filesystem;
using tokensweep::testing::TempDirectory;
using tokensweep::testing::write_file;

/// What a walk came upon, from all its threads.
struct Seen {
  std::mutex mutex;
  std::multiset<std::string> paths;
  std::map<std::string, std::string> bytes;
  std::map<std::string, std::string> skipped;
  std::map<std::string, std::string> parents;
};

class Collector final : public Visitor {
 public:
  Collector(Seen& seen, bool everything) : seen_(seen), everything_(everything) {}
  bool selects(std::string_view name, DirectoryNames) noexcept override { return everything_ || name == ".npmrc"; }
  bool selects_irregular(std::string_view name, DirectoryNames) noexcept override { return name == ".npmrc"; }
  bool follows(std::string_view, std::string_view target) noexcept override { return !target.ends_with(".npmrc"); }
  void visit(File& file) override {
    std::string bytes;
    char piece[4096];
    for (;;) {
      const auto got = file.read(piece);
      if (!got || *got == 0) break;
      bytes.append(piece, *got);
    }
    const std::lock_guard lock(seen_.mutex);
    seen_.paths.insert(file.path());
    seen_.parents[file.path()] =
        std::string(file.directories().grandparent) + "/" + std::string(file.directories().parent);
    seen_.bytes[file.path()] = std::move(bytes);
  }
  void skipped(std::string path, Skip, std::string reason) override {
    const std::lock_guard lock(seen_.mutex);
    seen_.skipped[std::move(path)] = std::move(reason);
  }

 private:
  Seen& seen_;
  bool everything_;
};

constexpr Backend kBackends[] = {
    Backend::posix,
#if defined(__linux__)
    Backend::linux_fast,
#endif
};

void walk_into(Seen& seen, const std::string& path, WalkOptions options = {}, bool everything = false) {
  const auto root = resolve_root(path);
  REQUIRE(root);
  WalkCounters counters;
  const std::atomic<bool> stop{false};
  const auto walked =
      walk(*root, options, counters, stop, [&] { return std::make_unique<Collector>(seen, everything); });
  REQUIRE(walked);
}

int open_descriptors() {
  int open = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) open += entry.exists() ? 1 : 0;
  return open;
}

TEST_CASE("every selected file is visited once, whatever the backend, the threads and the memory") {
  const TempDirectory temp;
  std::multiset<std::string> expected;
  for (int i = 0; i < 40; ++i) {
    for (int j = 0; j < 10; ++j) {
      const std::string directory = "d" + std::to_string(i) + "/e" + std::to_string(j);
      std::filesystem::create_directories(temp.path() / directory);
      write_file(temp.path() / directory / ".npmrc", directory);
      write_file(temp.path() / directory / "other", "x");
      expected.insert(directory + "/.npmrc");
    }
  }
  const int before = open_descriptors();
  for (const Backend backend : kBackends) {
    for (const unsigned threads : {1U, 2U, 7U}) {
      for (const std::size_t in_memory : {std::size_t{1}, std::size_t{4096}}) {
        for (const int open_directories : {0, 3, 40}) {
          CAPTURE(threads);
          CAPTURE(in_memory);
          CAPTURE(open_directories);
          Seen seen;
          walk_into(seen, temp.path(),
                    {.threads = threads,
                     .backend = backend,
                     .directories_in_memory = in_memory,
                     .open_directories = open_directories});
          CHECK(seen.paths == expected);
          CHECK(seen.skipped.empty());
          CHECK(seen.bytes["d3/e4/.npmrc"] == "d3/e4");
          CHECK(seen.parents["d3/e4/.npmrc"] == "d3/e4");
        }
      }
    }
  }
  CHECK(open_descriptors() == before);
}

TEST_CASE("what is no regular file is never opened, and said where it would have been read") {
  const TempDirectory temp;
  std::filesystem::create_directories(temp / "directory/.npmrc");
  write_file(temp.path() / "directory/.npmrc/.npmrc", "in a directory of that name");
  std::filesystem::create_directories(temp / "fifo");
  REQUIRE(mkfifo((temp / "fifo/.npmrc").c_str(), 0600) == 0);
  REQUIRE(mkfifo((temp / "fifo/unselected").c_str(), 0600) == 0);
  for (const Backend backend : kBackends) {
    Seen seen;
    walk_into(seen, temp.path(), {.backend = backend}, true);
    CHECK(seen.paths == std::multiset<std::string>{"directory/.npmrc/.npmrc"});
    CHECK(seen.skipped == std::map<std::string, std::string>{{"fifo/.npmrc", "not a regular file"}});
  }
}

TEST_CASE("a selected link is followed inside the root alone, and its target is read once") {
  const TempDirectory temp;
  const TempDirectory outside;
  write_file(outside / "npmrc", "outside");
  std::filesystem::create_directories(temp / "dotfiles");
  std::filesystem::create_directories(temp / "a");
  write_file(temp / "dotfiles/npmrc", "inside");
  write_file(temp / "dotfiles/.npmrc", "read under its own name");
  std::filesystem::create_symlink("dotfiles/npmrc", temp / ".npmrc");
  std::filesystem::create_symlink(temp / "dotfiles/npmrc", temp / "a/.npmrc");
  std::filesystem::create_directories(temp / "b");
  std::filesystem::create_symlink(outside / "npmrc", temp / "b/.npmrc");
  std::filesystem::create_directories(temp / "c");
  std::filesystem::create_symlink("nowhere", temp / "c/.npmrc");
  std::filesystem::create_directories(temp / "d");
  std::filesystem::create_symlink("../dotfiles/.npmrc", temp / "d/.npmrc");
  std::filesystem::create_directories(temp / "e");
  std::filesystem::create_symlink(".npmrc", temp / "e/.npmrc");
  std::filesystem::create_directory_symlink(".", temp / "loop");
  std::filesystem::create_directory_symlink(outside.path(), temp / "away");
  for (const Backend backend : kBackends) {
    Seen seen;
    walk_into(seen, temp.path(), {.backend = backend});
    CHECK(seen.paths == std::multiset<std::string>{"dotfiles/.npmrc", "dotfiles/npmrc"});
    CHECK(seen.bytes["dotfiles/npmrc"] == "inside");
    CHECK(seen.skipped.size() == 3);
    CHECK(seen.skipped["b/.npmrc"] == "the link leads out of the root");
    CHECK(seen.skipped["c/.npmrc"] == "the link leads nowhere");
    CHECK(seen.skipped.contains("e/.npmrc"));
  }
}

TEST_CASE("trees deeper than PATH_MAX are walked with few descriptors") {
  constexpr int kLevels = 1200;
  const TempDirectory temp;
  int at = open(temp.path().c_str(), O_RDONLY | O_DIRECTORY);
  for (int i = 0; i < kLevels; ++i) {
    REQUIRE(mkdirat(at, "level", 0700) == 0);
    const int next = openat(at, "level", O_RDONLY | O_DIRECTORY);
    close(at);
    at = next;
  }
  const int file = openat(at, ".npmrc", O_WRONLY | O_CREAT, 0600);
  REQUIRE(write(file, "deep", 4) == 4);
  close(file);
  close(at);

  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  const rlimit few{64, limit.rlim_max};
  setrlimit(RLIMIT_NOFILE, &few);
  for (const Backend backend : kBackends) {
    for (const unsigned threads : {1U, 2U}) {
      Seen seen;
      walk_into(seen, temp.path(), {.threads = threads, .backend = backend});
      REQUIRE(seen.paths.size() == 1);
      CHECK(seen.paths.begin()->size() == kLevels * 6 + 6);
      CHECK(seen.bytes.begin()->second == "deep");
      CHECK(seen.skipped.empty());
    }
  }
  setrlimit(RLIMIT_NOFILE, &limit);
  // remove_all() of the standard library takes paths.
  at = open(temp.path().c_str(), O_RDONLY | O_DIRECTORY);
  for (int i = 0; i < kLevels; ++i) {
    const int next = openat(at, "level", O_RDONLY | O_DIRECTORY);
    REQUIRE(renameat(next, i + 1 < kLevels ? "level" : ".npmrc", at, "up") == 0);
    REQUIRE(unlinkat(at, "level", AT_REMOVEDIR) == 0);
    close(next);
    REQUIRE(renameat(at, "up", at, i + 1 < kLevels ? "level" : ".npmrc") == 0);
  }
  close(at);
}

TEST_CASE("what cannot be read is said, with its reason") {
  if (geteuid() == 0) {
    // Root reads everything: the system tests run this as somebody else.
    return;
  }
  const TempDirectory temp;
  std::filesystem::create_directories(temp / "closed");
  chmod((temp / "closed").c_str(), 0);
  for (const Backend backend : kBackends) {
    Seen seen;
    walk_into(seen, temp.path(), {.backend = backend});
    CHECK(seen.skipped == std::map<std::string, std::string>{{"closed", "Permission denied"}});
  }
  chmod((temp / "closed").c_str(), 0700);
}

TEST_CASE("holes of a sparse file are passed over, and what stands between them is read") {
  const TempDirectory temp;
  const int file = open((temp / ".npmrc").c_str(), O_WRONLY | O_CREAT, 0600);
  constexpr off_t kFar = off_t{1} << 40;  // a terabyte
  REQUIRE(pwrite(file, "first", 5, 0) == 5);
  REQUIRE(pwrite(file, "middle", 6, kFar) == 6);
  REQUIRE(ftruncate(file, 2 * kFar) == 0);
  close(file);
  for (const Backend backend : kBackends) {
    Seen seen;
    walk_into(seen, temp.path(), {.backend = backend});
    const std::string& bytes = seen.bytes[".npmrc"];
    CHECK(bytes.size() < 100'000);
    CHECK(bytes.find("first") == 0);
    CHECK(bytes.find("middle") != std::string::npos);
  }
}

TEST_CASE("a file that grows while it is read comes to an end") {
  const TempDirectory temp;
  write_file(temp / ".npmrc", std::string(1000, 'a'));
  struct Growing final : Visitor {
    explicit Growing(std::string at) : path(std::move(at)) {}
    bool selects(std::string_view, DirectoryNames) noexcept override { return true; }
    bool selects_irregular(std::string_view, DirectoryNames) noexcept override { return false; }
    bool follows(std::string_view, std::string_view) noexcept override { return false; }
    void visit(File& file) override {
      char piece[100];
      for (int round = 0; round < 1000; ++round) {
        const auto got = file.read(piece);
        if (!got || *got == 0) return;
        total += *got;
        std::ofstream(path, std::ios::app) << std::string(200, 'b');
      }
    }
    void skipped(std::string, Skip, std::string) override {}
    std::string path;
    std::size_t total = 0;
  };
  const auto root = resolve_root(temp / ".npmrc");
  REQUIRE(root);
  CHECK(root->is_file);
  WalkCounters counters;
  const std::atomic<bool> stop{false};
  Growing* growing = nullptr;
  std::size_t total = 0;
  struct Keep final : Visitor {
    Keep(std::unique_ptr<Growing> visitor, std::size_t& sum) : inner(std::move(visitor)), total(sum) {}
    ~Keep() override { total = inner->total; }
    Keep(const Keep&) = delete;
    Keep& operator=(const Keep&) = delete;
    bool selects(std::string_view, DirectoryNames) noexcept override { return true; }
    bool selects_irregular(std::string_view, DirectoryNames) noexcept override { return false; }
    bool follows(std::string_view, std::string_view) noexcept override { return false; }
    void visit(File& file) override { inner->visit(file); }
    void skipped(std::string, Skip, std::string) override {}
    std::unique_ptr<Growing> inner;
    std::size_t& total;
  };
  const auto walked = walk(*root, {}, counters, stop, [&] {
    auto visitor = std::make_unique<Growing>(temp / ".npmrc");
    growing = visitor.get();
    return std::make_unique<Keep>(std::move(visitor), total);
  });
  CHECK(walked);
  CHECK(growing != nullptr);
  CHECK(total == 1200);  // what was there when its size was first asked for: after the first piece
}

TEST_CASE("a pattern without a slash is for names, one with a slash for paths") {
  const TempDirectory temp;
  for (const char* directory : {"a/node_modules/x", "b/node_modules", "a/keep"}) {
    std::filesystem::create_directories(temp / directory);
    write_file(temp.path() / directory / ".npmrc", "");
  }
  const struct {
    const char* pattern;
    std::multiset<std::string> left;
  } cases[] = {
      {"node_modules", {"a/keep/.npmrc"}},
      {"a/*", {"b/node_modules/.npmrc"}},
      {"*/node_modules", {"a/keep/.npmrc"}},
      {"nothing", {"a/keep/.npmrc", "a/node_modules/x/.npmrc", "b/node_modules/.npmrc"}},
  };
  for (const auto& c : cases) {
    CAPTURE(c.pattern);
    Seen seen;
    walk_into(seen, temp.path(), {.exclude = {c.pattern}});
    CHECK(seen.paths == c.left);
  }
}

TEST_CASE("a root has to be there, to be a file or directory, and to hold somebody's files") {
  const TempDirectory temp;
  CHECK(resolve_root(temp / "missing").error().what == "No such file or directory");
  CHECK(resolve_root("/dev/null").error().what == "neither a directory nor a regular file");
  std::filesystem::create_directories(temp / "real");
  std::filesystem::create_directory_symlink("real", temp / "link");
  CHECK(resolve_root(temp / "link")->path == (temp / "real").string());
#if defined(__linux__)
  CHECK(!resolve_root("/proc"));
#endif
}

TEST_CASE("another file system is not entered unless that is asked for, a pseudo one never") {
#if defined(__linux__)
  if (!std::filesystem::exists("/dev/shm") || !std::filesystem::exists("/dev/pts")) return;
  for (const Backend backend : kBackends) {
    for (const bool cross : {false, true}) {
      CAPTURE(cross);
      Seen seen;
      walk_into(seen, "/dev", {.cross_file_systems = cross, .backend = backend});
      CHECK(seen.skipped["pts"] == (cross ? "a pseudo file system" : "another file system"));
      CHECK(seen.skipped.contains("shm") == !cross);
    }
  }
#endif
}

TEST_CASE("a neighbour is read whole, small, and through no link") {
  const TempDirectory temp;
  write_file(temp / "package.json", "{}");
  std::filesystem::create_symlink("package.json", temp / "link");
  const Root root{.path = temp.path(), .is_file = false};
  CHECK(read_below(root, "package.json", 10) == "{}");
  CHECK(!read_below(root, "package.json", 1));
  CHECK(!read_below(root, "link", 10));
  CHECK(!read_below(root, "missing/package.json", 10));
}

TEST_CASE("a walk that is told to stop stops") {
  const TempDirectory temp;
  for (int i = 0; i < 200; ++i) std::filesystem::create_directories(temp.path() / ("d" + std::to_string(i)) / "e");
  const auto root = resolve_root(temp.path());
  Seen seen;
  WalkCounters counters;
  const std::atomic<bool> stop{true};
  CHECK(walk(*root, {}, counters, stop, [&] { return std::make_unique<Collector>(seen, true); }));
  CHECK(counters.directories.load() < 3);
}

TEST_CASE("a visitor's exception ends the walk, and comes out of it") {
  const TempDirectory temp;
  for (int i = 0; i < 50; ++i) {
    std::filesystem::create_directories(temp.path() / ("d" + std::to_string(i)));
    write_file(temp.path() / ("d" + std::to_string(i)) / "file", "x");
  }
  struct Throwing final : Visitor {
    bool selects(std::string_view, DirectoryNames) noexcept override { return true; }
    bool selects_irregular(std::string_view, DirectoryNames) noexcept override { return false; }
    bool follows(std::string_view, std::string_view) noexcept override { return false; }
    void visit(File&) override { throw std::runtime_error("no memory"); }
    void skipped(std::string, Skip, std::string) override {}
  };
  const auto root = resolve_root(temp.path());
  WalkCounters counters;
  const std::atomic<bool> stop{false};
  CHECK_THROWS_AS((void)walk(*root, {}, counters, stop, [] { return std::make_unique<Throwing>(); }),
                  std::runtime_error);
}

}  // namespace
