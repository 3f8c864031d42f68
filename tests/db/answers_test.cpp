#include "db/answers.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <fstream>

#include "tests/support/temp_directory.hpp"

using namespace tokensweep;

namespace {

constexpr Time kNow{std::chrono::seconds(1'800'000'000)};

Answers open_answers(const std::filesystem::path& file, Time now = kNow) {
  auto answers = Answers::open(file, now);
  REQUIRE(answers);
  return std::move(*answers);
}

}  // namespace

TEST_CASE("an answer that is kept is found the next time") {
  const testing::TempDirectory directory;
  const auto file = directory.path() / "answers";
  {
    Answers answers = open_answers(file);
    CHECK(!answers.find("a"));
    answers.keep("a", {.etag = "\"1\"", .headers = "Link: x\n", .body = std::string("{\0}", 3)});
    answers.keep("b", {.etag = "\"2\"", .headers = "", .body = ""});
    answers.keep("a", {.etag = "\"3\"", .headers = "Link: y\n", .body = std::string("[\0]", 3)});
    CHECK(answers.find("a")->etag == "\"3\"");
  }
  Answers again = open_answers(file);
  const auto found = again.find("a");
  REQUIRE(found);
  CHECK(found->etag == "\"3\"");
  CHECK(found->headers == "Link: y\n");
  CHECK(found->body == std::string("[\0]", 3));
  CHECK(again.find("b")->body.empty());
  struct stat facts {};
  REQUIRE(::stat(file.c_str(), &facts) == 0);
  CHECK((facts.st_mode & 0777U) == 0600U);
}

TEST_CASE("an answer that nobody used for 90 days goes") {
  const testing::TempDirectory directory;
  const auto file = directory.path() / "answers";
  for (const char* key : {"used", "unused"}) open_answers(file).keep(key, {.etag = "1", .headers = "", .body = "x"});
  CHECK(open_answers(file, kNow + std::chrono::hours(24 * 60)).find("used"));
  Answers later = open_answers(file, kNow + std::chrono::hours(24 * 100));
  CHECK(later.find("used"));
  CHECK(!later.find("unused"));
}

TEST_CASE("a damaged file is made anew, a file of others is refused") {
  const testing::TempDirectory directory;
  const auto file = directory.path() / "answers";
  open_answers(file).keep("a", {.etag = "1", .headers = "", .body = "x"});
  std::ofstream(file, std::ios::binary) << std::string(8192, 'x');
  Answers answers = open_answers(file);
  CHECK(!answers.find("a"));
  answers.keep("b", {.etag = "1", .headers = "", .body = "x"});
  CHECK(answers.find("b"));
  const auto readable = directory.path() / "readable";
  std::ofstream(readable) << "";
  REQUIRE(::chmod(readable.c_str(), 0644) == 0);
  CHECK(!Answers::open(readable, kNow));
  std::filesystem::create_symlink(file, directory.path() / "link");
  CHECK(!Answers::open(directory.path() / "link", kNow));
}
