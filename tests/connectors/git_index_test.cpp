#include "connectors/filesystem/git_index.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <thread>

namespace fs = std::filesystem;
using tokensweep::filesystem::IndexReader;
using tokensweep::filesystem::TrackedFiles;

namespace {

// A directory with git in it, untouched by the configuration of whoever runs the tests.
class Sandbox {
 public:
  Sandbox() {
    std::string name = (fs::temp_directory_path() / "tokensweep-git-XXXXXX").native();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    root = fs::canonical(name);
  }
  Sandbox(const Sandbox&) = delete;
  Sandbox& operator=(const Sandbox&) = delete;
  ~Sandbox() {
    std::error_code ignored;
    fs::remove_all(root, ignored);
  }

  void git(const std::string& arguments, const std::string& where = "") const {
    const std::string command =
        "env -i PATH=\"$PATH\" HOME=/nonexistent GIT_CONFIG_NOSYSTEM=1 git -C '" + (root / where).native() +
        "' -c user.name=t -c user.email=t@example.test -c protocol.file.allow=always " + arguments + " >/dev/null 2>&1";
    CAPTURE(arguments);
    REQUIRE(std::system(command.c_str()) == 0);  // NOLINT(cert-env33-c): a test's own command line
  }
  void write(const std::string& path, const std::string& text = "text\n") const {
    fs::create_directories((root / path).parent_path());
    std::ofstream(root / path, std::ios::binary) << text;
  }
  [[nodiscard]] std::string read(const std::string& path) const {
    std::ifstream in(root / path, std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
  }
  [[nodiscard]] std::string at(const std::string& path) const { return (root / path).native(); }

  fs::path root;
};

IndexReader::Source source_of(std::string_view text, std::size_t piece) {
  return [text, piece](std::span<char> into) mutable {
    const std::size_t size = std::min({text.size(), piece, into.size()});
    std::copy_n(text.begin(), size, into.begin());
    text.remove_prefix(size);
    return size;
  };
}

struct Names {
  std::set<std::string> names;
  bool malformed = false;
};

Names names_in(std::string_view index, std::size_t hash_size, std::size_t piece = 1 << 16) {
  IndexReader reader(source_of(index, piece), hash_size);
  Names found;
  while (const auto name = reader.next()) found.names.emplace(*name);
  found.malformed = reader.malformed();
  return found;
}

// A repository with names of each length, so that each width of padding occurs, and deep common prefixes.
std::set<std::string> add_many(const Sandbox& box) {
  std::set<std::string> names{"sub/.npmrc", "sub/deeper/.npmrc", "sub/deeper/.npmrc2", "name with spaces", "n\nl"};
  for (std::size_t length = 1; length <= 24; ++length) names.insert(std::string(length, 'a'));
  for (int number = 0; number < 300; ++number) names.insert("many/" + std::to_string(number));
  for (const std::string& name : names) box.write(name);
  box.git("add -A");
  return names;
}

}  // namespace

TEST_CASE("each version of the index, and each kind of hash, is read") {
  const struct {
    std::string what, init, then;
    char version;
    std::size_t hash_size;
  } cases[] = {
      {"version 2", "init", "update-index --index-version 2 --force-write-index", 2, 20},
      {"version 3: an entry with more flags", "init", "update-index --skip-worktree aaa", 3, 20},
      {"version 4: names without the beginning that they share", "init", "update-index --index-version 4", 4, 20},
      {"version 2 with SHA-256", "init --object-format=sha256", "update-index --index-version 2", 2, 32},
      {"version 4 with SHA-256", "init --object-format=sha256", "update-index --index-version 4", 4, 32},
  };
  for (const auto& c : cases) {
    CAPTURE(c.what);
    const Sandbox box;
    box.git(c.init);
    const std::set<std::string> names = add_many(box);
    box.git(c.then);
    box.write("sub/untracked");

    const std::string index = box.read(".git/index");
    REQUIRE(index.size() > 8);
    CHECK(index[7] == c.version);
    for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, std::size_t{1} << 16}) {
      const Names found = names_in(index, c.hash_size, piece);
      CHECK_FALSE(found.malformed);
      CHECK(found.names == names);
    }
    TrackedFiles files(box.root.native());
    for (const std::string& name : names) CHECK(files.tracked(box.at(name)));
    for (const char* name : {"sub/untracked", "sub", "sub/", ".git/index", "", "/", "many/300", "sub/deeper/.npmrc3"}) {
      CAPTURE(name);
      CHECK_FALSE(files.tracked(box.at(name)));
    }
  }
}

TEST_CASE("the repository of a file is found as git finds it") {
  const Sandbox box;
  box.write("outer/.npmrc");
  box.write("outer/inner/.npmrc");
  box.write("outer/inner/untracked");
  box.write("outer/plain/.npmrc");
  box.write("outer/plain/.git/config");  // no HEAD: git passes it over
  box.write("outer2/.npmrc");
  box.write("free/.npmrc");
  box.git("init", "outer");
  box.git("init", "outer/inner");
  box.git("add .npmrc plain/.npmrc", "outer");
  box.git("commit -m one", "outer");
  box.git("add .npmrc", "outer/inner");
  box.git("worktree add ../linked", "outer");
  box.git("init super");
  box.git("submodule add ../outer part", "super");
  box.write("linked/only-here");
  box.git("add only-here", "linked");
  box.write("hostile/.npmrc");
  box.write("hostile/.git", "gitdir: /dev\n");
  box.write("nowhere/.npmrc");
  box.write("nowhere/.git", "gitdir: ../gone\n");
  REQUIRE(::mkfifo(box.at("fifo").c_str(), 0600) == 0);
  box.write("waits/.npmrc");
  box.write("waits/.git/HEAD");
  fs::rename(box.at("fifo"), box.at("waits/.git/index"));

  const struct {
    std::string what, path;
    bool tracked;
  } cases[] = {
      {"a file at the top", "outer/.npmrc", true},
      {"a file in a repository inside another one", "outer/inner/.npmrc", true},
      {"the inner repository alone counts", "outer/inner/untracked", false},
      {"a .git that is no repository is passed over", "outer/plain/.npmrc", true},
      {"a directory that begins alike", "outer2/.npmrc", false},
      {"no repository at all", "free/.npmrc", false},
      {"a linked work tree", "linked/.npmrc", true},
      {"a linked work tree has an index of its own", "linked/only-here", true},
      {"and so has the main one", "outer/only-here", false},
      {"a submodule", "super/part/.npmrc", true},
      {"a .git file that names no repository", "hostile/.npmrc", false},
      {"a .git file that names nothing", "nowhere/.npmrc", false},
      {"an index that is a FIFO", "waits/.npmrc", false},
  };
  for (const char* root : {"", "outer", "outer/inner", "outer/plain"}) {
    CAPTURE(root);
    TrackedFiles files(fs::canonical(box.at(root)).native());
    for (const auto& c : cases) {
      CAPTURE(c.what);
      CHECK(files.tracked(box.at(c.path)) == c.tracked);
    }
  }
}

TEST_CASE("an index that was cut short or changed at any byte never does harm") {
  for (const char* version : {"2", "4"}) {
    const Sandbox box;
    box.git("init");
    for (const char* name : {".npmrc", "a/.npmrc", "a/b/.npmrc"}) box.write(name);
    box.git("add -A");
    box.git(std::string("update-index --force-write-index --index-version ") + version);
    const std::string index = box.read(".git/index");

    const std::size_t entries_end = index.find("TREE") == std::string::npos ? index.size() - 20 : index.find("TREE");
    for (std::size_t size = 0; size < index.size(); ++size) {
      CHECK(names_in(std::string_view(index).substr(0, size), 20).malformed == (size < entries_end));
    }
    for (std::size_t at = 0; at < index.size(); ++at) {
      for (const char byte : {'\0', '\1', '\x7f', '\xff'}) {
        std::string changed = index;
        changed[at] = byte;
        CHECK(names_in(changed, 20).names.size() <= index.size() / 62);
      }
    }

    box.write(".git/index", index.substr(0, entries_end - 1));
    CHECK_FALSE(TrackedFiles(box.root.native()).tracked(box.at(".npmrc")));
  }
}

TEST_CASE("more repositories than are kept all answer right, from several threads") {
  const Sandbox box;
  constexpr int kRepositories = 12;
  for (int number = 0; number < kRepositories; ++number) {
    const std::string name = std::to_string(number);
    box.write(name + "/tracked");
    box.write(name + "/untracked");
    box.git("init", name);
    box.git("add tracked", name);
  }
  TrackedFiles files(box.root.native());
  std::atomic<int> wrong = 0;
  const auto ask = [&](int first) {
    for (int round = 0; round < 5 * kRepositories; ++round) {
      const std::string name = std::to_string((first + round) % kRepositories);
      if (!files.tracked(box.at(name + "/tracked"))) ++wrong;
      if (files.tracked(box.at(name + "/untracked"))) ++wrong;
    }
  };
  std::thread other(ask, kRepositories / 2);
  ask(0);
  other.join();
  CHECK(wrong == 0);
}

TEST_CASE("an index with more paths than are kept is read again for each question") {
  const Sandbox box;
  constexpr int kPaths = 530'000;
  const auto name_of = [](int number) { return std::to_string(1'000'000 + number); };
  std::string list;
  for (int number = 0; number < kPaths; ++number) {
    list += "100644 " + std::string(40, '1') + "\t" + name_of(number) + "\n";
  }
  box.write("list", list);
  box.git("init");
  box.git("-c index.version=4 update-index --index-info < '" + box.at("list") + "'");
  TrackedFiles files(box.root.native());
  CHECK(files.tracked(box.at(name_of(0))));
  CHECK(files.tracked(box.at(name_of(kPaths - 1))));
  CHECK_FALSE(files.tracked(box.at(name_of(kPaths))));
}
