#include "report/output.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "tests/report/rows.hpp"

namespace {

using namespace tokensweep;
using tokensweep::testing::file_content;
namespace fs = std::filesystem;

/// A directory of its own, removed at the end.
struct Directory {
  fs::path path;
  Directory() {
    std::string name = (fs::temp_directory_path() / "tokensweep-output-XXXXXX").native();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path = name;
  }
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;
  ~Directory() { fs::remove_all(path); }

  [[nodiscard]] auto entries() const { return std::distance(fs::directory_iterator(path), fs::directory_iterator()); }
};

void put(const fs::path& file, std::string_view text) { std::ofstream(file) << text; }

unsigned mode(const fs::path& file) {
  struct stat status {};
  REQUIRE(::lstat(file.c_str(), &status) == 0);
  return status.st_mode & 07777;
}

TEST_CASE("a file appears whole, for its owner alone") {
  const Directory directory;
  const fs::path target = directory.path / "out.csv";
  const mode_t before = ::umask(0);
  {
    auto output = FileOutput::create(target);
    REQUIRE(bool(output));
    (*output)->write("half");
    CHECK(!fs::exists(target));
    for (const auto& entry : fs::directory_iterator(directory.path)) CHECK(mode(entry.path()) == 0600);
    (*output)->write(" and half");
    CHECK(bool((*output)->finish()));
  }
  ::umask(before);
  CHECK(file_content(target) == "half and half");
  CHECK(mode(target) == 0600);
  CHECK(directory.entries() == 1);
}

TEST_CASE("a file for everybody can be read by everybody, once it is whole") {
  const Directory directory;
  const fs::path target = directory.path / "figures.prom";
  const mode_t before = ::umask(077);
  auto output = FileOutput::create(target, FileOutput::Readers::everybody);
  ::umask(before);
  REQUIRE(bool(output));
  (*output)->write("tokensweep_tokens 1\n");
  REQUIRE(bool((*output)->finish()));
  CHECK(mode(target) == 0644);
}

TEST_CASE("an export that is not finished leaves the old file and nothing else") {
  const Directory directory;
  const fs::path target = directory.path / "out.csv";
  put(target, "old");
  {
    auto output = FileOutput::create(target);
    REQUIRE(bool(output));
    (*output)->write("new");
  }
  CHECK(file_content(target) == "old");
  CHECK(directory.entries() == 1);
}

TEST_CASE("only an ordinary file is replaced") {
  const Directory directory;
  const fs::path victim = directory.path / "victim";
  put(victim, "untouched");
  fs::create_symlink(victim, directory.path / "link");
  fs::create_symlink(directory.path / "nowhere", directory.path / "dangling");
  fs::create_directory(directory.path / "folder");
  REQUIRE(::mkfifo((directory.path / "fifo").c_str(), 0600) == 0);
  const auto entries = directory.entries();
  for (const char* name :
       {"link", "dangling", "folder", "fifo", "missing/out.csv", "victim/out.csv", ".", "..", "folder/", ""}) {
    CAPTURE(name);
    const auto output = FileOutput::create(directory.path / name);
    REQUIRE(!output);
    CHECK(output.error().kind == ErrorKind::misconfigured);
    CHECK(output.error().what.find('\n') == std::string::npos);
  }
  CHECK(file_content(victim) == "untouched");
  CHECK(directory.entries() == entries);
}

TEST_CASE("a link that takes the target's place meanwhile is replaced, not followed") {
  const Directory directory;
  const fs::path victim = directory.path / "victim";
  put(victim, "untouched");
  auto output = FileOutput::create(directory.path / "out");
  REQUIRE(bool(output));
  (*output)->write("new");
  fs::create_symlink(victim, directory.path / "out");
  CHECK(bool((*output)->finish()));
  CHECK(file_content(victim) == "untouched");
  CHECK(fs::is_regular_file(fs::symlink_status(directory.path / "out")));
}

TEST_CASE("a full disk is told at the end and leaves nothing") {
  const int full = ::open("/dev/full", O_WRONLY | O_CLOEXEC);
  REQUIRE(full >= 0);
  DescriptorOutput output(full);
  output.write("bytes");
  CHECK(output.failed());
  output.write("more");
  const auto finished = output.finish();
  REQUIRE(!finished);
  CHECK(finished.error().kind == ErrorKind::storage);
  CHECK(finished.error().what == "cannot write to standard output: No space left on device");
  ::close(full);
}

TEST_CASE("a reader that went away is an error, not a death") {
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  ::close(ends[0]);
  const auto before = std::signal(SIGPIPE, SIG_IGN);
  DescriptorOutput output(ends[1]);
  output.write("bytes");
  const auto finished = output.finish();
  std::signal(SIGPIPE, before);
  ::close(ends[1]);
  REQUIRE(!finished);
  CHECK(finished.error().what == "cannot write to standard output: Broken pipe");
}

}  // namespace
