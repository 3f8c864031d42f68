// Inventories of each older version: what a new tokensweep makes of them.
#include <doctest/doctest.h>
#include <sys/stat.h>

#include <fstream>

#include "db/schema.hpp"
#include "db/sqlite.hpp"
#include "tests/db/fixture.hpp"

namespace tokensweep::testing {
namespace {

namespace fs = std::filesystem;
using sqlite::Database;

/// Rows as version 1 wrote them: a token in two places, one of them gone, a reference, a gap, a sweep that was killed.
constexpr const char* kRows1 = R"(
INSERT INTO key VALUES ('0123456789abcdef', 1769000000);
INSERT INTO sweep VALUES (1, 1769000000, 1769000009, 'incomplete', '0.1.0', 'digest'),
  (2, 1769100000, NULL, 'running', '0.1.0', 'digest');
INSERT INTO source VALUES (1, 'filesystem', 'filesystem');
INSERT INTO realm VALUES (1, 'filesystem', 'host');
INSERT INTO scope VALUES (1, 1, 1, 'host:/home', '/home');
INSERT INTO visit VALUES (1, 1, 'incomplete', 'some places could not be read', 0, 10, 3, 4096, 1769000000, 1769000009),
  (2, 1, 'open', '', 0, 0, 0, 0, 1769100000, NULL);
INSERT INTO gap VALUES (1, 1, 1, '/home/b', 'Permission denied', 1);
INSERT INTO token VALUES (7, x'1212121212121212121212121212121212121212121212121212121212121212', '0123456789abcdef',
  'npm-token', 'npm_aBcD…9aZ4', 'valid', 1768000000, 1769000000);
INSERT INTO hit VALUES
  (1, 'h1', 1, 1, '/home/a/.npmrc', 'a/.npmrc:1', '_authToken', 7, 'D', 'inferred', 'a developer''s token', 'npm-access-token',
   'npm-token', 'registry.corp.example', 'npm_aBcD…9aZ4', 'valid', NULL, 1768000000, 'file_mtime', 16384, 0, 'present', 1, 1,
   1769000000, 1769000000, NULL),
  (2, 'h2', 1, 1, '/home/a/Dockerfile', 'a/Dockerfile:4', 'NPM_TOKEN', 7, 'B', 'assumed', 'a build file holds it',
   'npm-access-token', 'npm-token', NULL, 'npm_aBcD…9aZ4', 'valid', NULL, 1768000000, 'file_mtime', 0, 0, 'present', 1, 1,
   1769000000, 1769000000, NULL),
  (3, 'h3', 1, 1, '/home/c/.npmrc', 'c/.npmrc:2', 'NPM_TOKEN', NULL, 'D', 'inferred', 'a developer''s', 'npm-token-reference',
   'reference', NULL, NULL, 'none', NULL, 1768000000, 'file_mtime', 16777216, 0, 'gone', 1, 1, 1769000000, 1769000000,
   1769000009);
INSERT INTO flag VALUES (14, 'world-readable'), (24, 'reference');
)";

void make_version_1(const fs::path& file) {
  { const std::ofstream made(file); }
  REQUIRE(::chmod(file.c_str(), 0600) == 0);
  auto database = Database::open(file, Database::Mode::write);
  REQUIRE(database);
  REQUIRE(database->execute("make", read_file(fs::path(SOURCE_ROOT) / "tests/db/schema_1.sql").c_str()));
  REQUIRE(database->execute("fill", kRows1));
  REQUIRE(database->execute("stamp", "PRAGMA application_id = 0x746b7377; PRAGMA user_version = 1"));
}

/// The schema as SQLite keeps it, without the quotes that renaming leaves.
std::string schema_of(const fs::path& file) {
  auto database = Database::open(file, Database::Mode::read);
  REQUIRE(database);
  return *database->text("read",
                         "SELECT group_concat(replace(sql, '\"', ''), char(10)) FROM "
                         "(SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY type, name)");
}

TEST_CASE("version 1 becomes version 2, the same schema to the letter, with all that it held") {
  const Fixture fixture;
  make_version_1(fixture.file);
  Inventory inventory = fixture.open();

  const auto hits = rows_of(inventory);
  REQUIRE(hits.size() == 3);
  const HitRow row = row_at(inventory, "/home/a/.npmrc");
  CHECK(row.hit.id == "h1");
  CHECK(row.token == "t1212121212121212");
  CHECK(row.hit.klass == Class::D);
  CHECK(row.hit.reason == "a developer's token");
  CHECK(row.hit.scope.has(ScopeFlag::world_readable));
  CHECK(row.token_first_seen == Time(std::chrono::seconds(1'768'000'000)));
  CHECK(row_at(inventory, "/home/c/.npmrc").gone_at == Time(std::chrono::seconds(1'769'000'009)));
  REQUIRE(inventory.sweeps()->size() == 2);
  int gaps = 0;
  REQUIRE(inventory.for_each_gap(1, [&gaps](const GapRow& gap) { return gaps += gap.gap.place == "/home/b", true; }));
  CHECK(gaps == 1);

  Fixture fresh;
  { const Inventory made = fresh.open(); }
  CHECK(schema_of(fixture.file) == schema_of(fresh.file));
  auto database = Database::open(fixture.file, Database::Mode::read);
  CHECK(*database->text("check", "PRAGMA integrity_check") == "ok");
  CHECK(!*database->prepare("check", "PRAGMA foreign_key_check")->step());
}

TEST_CASE("what came from version 1 is concluded with the next sweep") {
  const Fixture fixture;
  make_version_1(fixture.file);
  Inventory inventory = fixture.open();
  sweep(inventory, scope_at("/elsewhere"), {}, ended(), kNow);
  CHECK(row_at(inventory, "/home/a/.npmrc").hit.klass == Class::B);
  CHECK(row_at(inventory, "/home/a/.npmrc").places == 2);
}

TEST_CASE("references that lead nowhere stop the migration, and the file stays as it was") {
  const Fixture fixture;
  make_version_1(fixture.file);
  {
    auto database = Database::open(fixture.file, Database::Mode::write);
    REQUIRE(database->execute("break", "PRAGMA foreign_keys = OFF; DELETE FROM token"));
  }
  const auto opened = Inventory::open(fixture.file, writing());
  REQUIRE(!opened);
  CHECK(opened.error().what.find("refer to what is not there") != std::string::npos);
  auto database = Database::open(fixture.file, Database::Mode::read);
  CHECK(*database->integer("ask", "PRAGMA user_version") == 1);
  CHECK(*database->integer("ask", "SELECT count(*) FROM hit") == 3);
}

}  // namespace
}  // namespace tokensweep::testing
