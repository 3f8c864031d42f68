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

/// What a walk came upon that may be stopped: it stops itself when so many files were visited.
struct Stopping {
  std::mutex mutex;
  std::multiset<std::string> visited;
  std::set<std::string> skipped;
  TreesRead read;
  std::size_t stop_after = SIZE_MAX;
  std::atomic<bool> stop{false};
};

class StoppingVisitor final : public Visitor {
 public:
  explicit StoppingVisitor(Stopping& seen) : seen_(seen) {}
  bool selects(std::string_view, DirectoryNames) noexcept override { return true; }
  bool selects_irregular(std::string_view, DirectoryNames) noexcept override { return true; }
  bool follows(std::string_view, std::string_view) noexcept override { return true; }
  void visit(File& file) override {
    char piece[16];
    (void)file.read(piece);
    if (file.name() == "unfinished") file.unfinished();
    const std::lock_guard lock(seen_.mutex);
    seen_.visited.insert(file.path() + (file.linked_from() ? " by " + *file.linked_from() : std::string()));
    if (seen_.visited.size() >= seen_.stop_after) seen_.stop = true;
  }
  void skipped(std::string path, Skip, std::string) override {
    const std::lock_guard lock(seen_.mutex);
    seen_.skipped.insert(std::move(path));
  }

 private:
  Stopping& seen_;
};

/// Walks on behind `before`; the figures of all of it.
TreeFigures walk_on(Stopping& seen, const std::string& path, const TreesRead& before, WalkOptions options) {
  const auto root = resolve_root(path);
  REQUIRE(root);
  options.read_before = &before;
  options.on_read = [&seen](std::vector<TreeRead> trees) {
    const std::lock_guard lock(seen.mutex);
    for (TreeRead& tree : trees) seen.read.emplace(std::move(tree.place), tree.figures);
  };
  WalkCounters counters;
  REQUIRE(walk(*root, options, counters, seen.stop, [&seen] { return std::make_unique<StoppingVisitor>(seen); }));
  std::uint64_t passed_over = 0;
  for (const auto& [place, figures] : before) passed_over += figures.directories;
  CHECK(counters.directories_before == (seen.stop ? counters.directories_before.load() : passed_over));
  return {.directories = counters.directories,
          .files_seen = counters.files,
          .files_read = counters.files_read,
          .bytes_read = counters.bytes_read};
}

/// A tree with everything that has to be looked at again, at places where it hides what lies beside it.
void make_tree(const std::filesystem::path& root) {
  for (int i = 0; i < 6; ++i) {
    for (int j = 0; j < 5; ++j) {
      const std::filesystem::path directory = root / ("d" + std::to_string(i)) / ("e" + std::to_string(j)) / "f";
      std::filesystem::create_directories(directory);
      for (int k = 0; k <= j; ++k) write_file(directory / ("file" + std::to_string(k)), "some bytes");
      write_file(directory.parent_path() / "above", "x");
    }
  }
  std::filesystem::create_directories(root / "wide");
  for (int i = 0; i < 40; ++i) std::filesystem::create_directories(root / "wide" / std::to_string(i));
  write_file(root / "d1/e1/f/unfinished", "x");
  write_file(root / "d2/unfinished", "x");
  REQUIRE(::mkfifo((root / "d3/e4/fifo").c_str(), 0600) == 0);
  std::filesystem::create_symlink("../../d0/e0/above", root / "d4/e2/link");
}

TEST_CASE("a walk that was stopped anywhere goes on, and both together saw what one sees") {
  const TempDirectory temp;
  make_tree(temp.path());
  Stopping whole;
  const TreeFigures all = walk_on(whole, temp.path(), {}, {});
  REQUIRE(whole.visited.size() == 123);
  for (const Backend backend : kBackends) {
    for (const unsigned threads : {1U, 3U}) {
      for (const std::uint64_t steps : {std::uint64_t{1}, std::uint64_t{9}, std::uint64_t{60}}) {
        for (std::size_t stop_after = 1; stop_after < whole.visited.size(); stop_after += 7) {
          CAPTURE(threads);
          CAPTURE(steps);
          CAPTURE(stop_after);
          const WalkOptions options{.threads = threads,
                                    .backend = backend,
                                    .directories_in_memory = stop_after % 2 == 0 ? std::size_t{3} : std::size_t{4096},
                                    .steps_between_telling = steps};
          Stopping first;
          first.stop_after = stop_after;
          walk_on(first, temp.path(), {}, options);
          const auto below_read = [&first](const std::string& path) {
            for (std::size_t slash = path.find('/'); slash != std::string::npos; slash = path.find('/', slash + 1)) {
              if (first.read.contains(path.substr(0, slash))) return true;
            }
            return false;
          };
          std::multiset<std::string> rest;
          for (const std::string& path : whole.visited) {
            if (!below_read(path) || path.find(" by ") != std::string::npos) {
              rest.insert(path);
            } else {
              CHECK_MESSAGE(first.visited.contains(path), path);
            }
          }
          for (const std::string& path : whole.skipped) CHECK_MESSAGE(!below_read(path), path);

          TreesRead outermost;
          for (const auto& [place, figures] : first.read) {
            if (!below_read(place)) outermost.emplace(place, figures);
          }
          Stopping second;
          CHECK(walk_on(second, temp.path(), outermost, options) == all);
          CHECK(second.visited == rest);
          CHECK(second.skipped == whole.skipped);
        }
      }
    }
  }
}

TEST_CASE("little is told of a walk, little is lost, and never what has to be looked at again") {
  const TempDirectory temp;
  make_tree(temp.path());
  const auto told = [&temp](std::uint64_t steps) {
    Stopping seen;
    walk_on(seen, temp.path(), {}, {.threads = 1, .steps_between_telling = steps});
    return seen.read;
  };
  for (const auto& [place, figures] : told(1)) {
    CHECK_MESSAGE(place != "d1/e1/f", place);
    CHECK_MESSAGE(place != "d2", place);
    CHECK_MESSAGE(place != "d3/e4", place);
    CHECK_MESSAGE(place != "d4", place);
  }
  CHECK(told(1).contains("d3/e4/f"));  // beside the FIFO
  CHECK(told(1).at("d0") == TreeFigures{.directories = 11, .files_seen = 20, .files_read = 20, .bytes_read = 155});
  CHECK(told(20).contains("wide"));  // by itself, its children before it in two pieces
  CHECK(told(20).contains("wide/7"));
  CHECK(!told(60).contains("wide/7"));
  CHECK(told(1'000'000).empty());
}

TEST_CASE("a directory whose list a stop cut off was not read") {
  const TempDirectory temp;
  std::filesystem::create_directories(temp.path() / "large");
  for (int i = 0; i < 4000; ++i) write_file(temp.path() / "large" / (std::string(100, 'x') + std::to_string(i)), "x");
  for (const Backend backend : kBackends) {
    Stopping seen;
    seen.stop_after = 5;
    walk_on(seen, temp.path(), {}, {.threads = 1, .backend = backend, .steps_between_telling = 1});
    CHECK(seen.visited.size() < 4000);
    CHECK(seen.read.empty());
  }
}

TEST_CASE("a tree that is absurdly deep costs no more to go on with") {
  const TempDirectory temp;
  std::string path = temp.path();
  const int root = ::open(path.c_str(), O_RDONLY | O_DIRECTORY);
  int at = root;
  for (int i = 0; i < 400; ++i) {
    const std::string name(200, 'x');
    REQUIRE(::mkdirat(at, name.c_str(), 0700) == 0);
    const int next = ::openat(at, name.c_str(), O_RDONLY | O_DIRECTORY);
    ::close(at);
    at = next;
  }
  REQUIRE(::mkfifoat(at, "fifo", 0600) == 0);
  REQUIRE(::mkdirat(at, "beside", 0700) == 0);
  ::close(at);
  Stopping seen;
  CHECK(walk_on(seen, temp.path(), {}, {.threads = 1, .steps_between_telling = 1}).directories == 402);
  CHECK(seen.skipped.size() == 1);
  for (const auto& [place, figures] : seen.read) CHECK(place.size() < 8192);
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
