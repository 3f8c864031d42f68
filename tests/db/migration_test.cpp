// Inventories of each older version: what a new tokensweep makes of them.
#include <doctest/doctest.h>
#include <sys/stat.h>

#include <fstream>

#include "db/last_visits.hpp"
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

/// Rows as version 2 wrote them: at least one in each table, every column with something in it somewhere.
constexpr const char* kRows2 = R"(
INSERT INTO key VALUES ('0123456789abcdef', 1769000000);
INSERT INTO sweep VALUES (1, 1769000000, 1769000009, 'incomplete', '0.1.0', 'digest', 'plan'),
  (2, 1769100000, 1769100005, 'complete', '0.1.0', 'digest', 'plan');
INSERT INTO source VALUES (1, 'filesystem', 'home');
INSERT INTO realm VALUES (1, 'filesystem', 'host');
INSERT INTO scope VALUES (1, 1, 1, 'host:/home', '/home');
INSERT INTO visit VALUES (1, 1, 'incomplete', 'some places could not be read', 1, 10, 3, 4096, 1769000000, 1769000009),
  (2, 1, 'complete', '', 0, 11, 4, 8192, 1769100000, 1769100005);
INSERT INTO gap VALUES (1, 1, 1, '/home/b', 'Permission denied', 1);
INSERT INTO token VALUES (7, x'1212121212121212121212121212121212121212121212121212121212121212', '0123456789abcdef',
  'npm-token', 'npm_aBcD…9aZ4', 'valid', 1768000000, 1769100000, 'A', 'confirmed', 'the list says so', 12, 65536, 2, 1, NULL);
INSERT INTO hit VALUES
  (1, 'h1', 1, 1, '/home/a/.npmrc', 'a/.npmrc:1', '_authToken', 7, 'A', 'D', 'inferred', 'a developer''s token', 40,
   '[{"kind":"personal"}]', 'npm-access-token', 'npm-token', 'registry.corp.example', 'npm_aBcD…9aZ4', 'valid', 1767000000,
   1768000000, 'file_mtime', 81920, 16384, 0, 'present', 1, 2, 1769000000, 1769100000, NULL),
  (2, 'h2', 1, 1, '/home/a/Dockerfile', 'a/Dockerfile:4', '', 7, 'A', 'B', 'assumed', 'a build file holds it', NULL, '[]',
   'npm-access-token', 'npm-token', NULL, NULL, 'none', NULL, NULL, 'first_seen', 65536, 0, 1, 'gone', 1, 1, 1769000000,
   1769000000, 1769100005);
INSERT INTO event VALUES (1, 2, 1769100005, 'went', 2, NULL, NULL, NULL, NULL, NULL),
  (2, NULL, 1769100009, 'class_changed', 1, NULL, 'A', 'D', NULL, NULL),
  (3, 2, 1769100005, 'flags_changed', 1, NULL, NULL, NULL, 81920, 16384);
INSERT INTO list VALUES (1, 'npm-tokens', 'ann', 'ann.json', 1769100009, 1, NULL), (2, 'ranks', '', 'r.tsv', 1769100009, 1, 'text');
INSERT INTO listed_token VALUES (3, 1, 'ann', 'key', 'laptop', 'npm_aBcD', '9aZ4', 'write', 1, 'package:left-pad', 1, 0, 0,
  '10.0.0.0/8', 1760000000, 1760000001, 1768000000, 1790000000, NULL, 'A', 'confirmed', 'the list says so', 12, 65536);
INSERT INTO fit VALUES (7, 3);
INSERT INTO writable_package VALUES ('ann', 'left-pad', 1);
INSERT INTO policy VALUES (1, 'unused_days = 30', 'tokensweep.toml', 1769000000);
INSERT INTO figure VALUES (2, 'tokens', 1);
INSERT INTO flag VALUES (14, 'world-readable'), (24, 'reference');
)";

/// An inventory as an older version made it, with its `rows`.
void make_old(const fs::path& file, int version, const char* schema, const char* rows) {
  { const std::ofstream made(file); }
  REQUIRE(::chmod(file.c_str(), 0600) == 0);
  auto database = Database::open(file, Database::Mode::write);
  REQUIRE(database);
  REQUIRE(database->execute("make", read_file(fs::path(SOURCE_ROOT) / schema).c_str()));
  REQUIRE(database->execute("fill", rows));
  REQUIRE(database->execute(
      "stamp", fmt::format("PRAGMA application_id = 0x746b7377; PRAGMA user_version = {}", version).c_str()));
}

void make_version_1(const fs::path& file) { make_old(file, 1, "tests/db/schema_1.sql", kRows1); }
void make_version_2(const fs::path& file) { make_old(file, 2, "db/schema_2.sql", kRows2); }

std::vector<std::string> texts(Database& database, const std::string& sql) {
  std::vector<std::string> all;
  auto rows = database.prepare("ask", sql);
  REQUIRE(rows);
  while (*rows->step()) all.emplace_back(rows->text(0));
  return all;
}

/// Each row of each table that version 2 had, with the columns that it had then.
std::map<std::string, std::vector<std::string>> rows_of_version_2(Database& database, Database& columns_from) {
  std::map<std::string, std::vector<std::string>> all;
  for (const std::string& table : texts(columns_from, "SELECT name FROM sqlite_schema WHERE type = 'table'")) {
    const auto row = columns_from.text("ask",
                                       "SELECT group_concat('quote(' || name || ')', ' || '','' || ') FROM "
                                       "pragma_table_info('" +
                                           table + "')");
    REQUIRE(row);
    all[table] = texts(database, "SELECT " + *row + " FROM " + table + " ORDER BY 1");
  }
  return all;
}

/// The schema as SQLite keeps it, without the quotes that renaming leaves.
std::string schema_of(const fs::path& file) {
  auto database = Database::open(file, Database::Mode::read);
  REQUIRE(database);
  return *database->text("read",
                         "SELECT group_concat(replace(sql, '\"', ''), char(10)) FROM "
                         "(SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY type, name)");
}

TEST_CASE("version 1 becomes version 5, the same schema to the letter, with all that it held") {
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

TEST_CASE("version 2 becomes version 5, the same schema to the letter, with every row of every table") {
  const Fixture fixture;
  const Fixture old;
  make_version_2(fixture.file);
  make_version_2(old.file);
  { const Inventory inventory = fixture.open(); }

  const Fixture fresh;
  { const Inventory made = fresh.open(); }
  CHECK(schema_of(fixture.file) == schema_of(fresh.file));
  auto database = Database::open(fixture.file, Database::Mode::read);
  auto before = Database::open(old.file, Database::Mode::read);
  const auto expected = rows_of_version_2(*before, *before);
  CHECK(expected.size() == 17);
  for (const auto& [table, rows] : expected) CHECK_MESSAGE(!rows.empty(), table);
  CHECK(rows_of_version_2(*database, *before) == expected);
  CHECK(*database->integer("ask", "PRAGMA user_version") == 5);
  CHECK(*database->text("check", "PRAGMA integrity_check") == "ok");
  CHECK(!*database->prepare("check", "PRAGMA foreign_key_check")->step());
}

TEST_CASE("versions 3 and 4 become version 5, the same schema to the letter, with every row of every table") {
  // Each is the next one without what that one adds.
  const struct {
    int version;
    const char* back;
    std::size_t tables;
  } cases[] = {{3, "DROP TABLE tree_read; DROP TABLE known_version; PRAGMA user_version = 3", 19},
               {4, "DROP TABLE tree_read; PRAGMA user_version = 4", 20}};
  const Fixture fresh;
  { const Inventory made = fresh.open(); }
  for (const auto& c : cases) {
    CAPTURE(c.version);
    const Fixture fixture;
    make_version_2(fixture.file);
    { const Inventory inventory = fixture.open(); }
    std::map<std::string, std::vector<std::string>> expected;
    {
      auto database = Database::open(fixture.file, Database::Mode::write);
      REQUIRE(database->execute("go back", c.back));
      expected = rows_of_version_2(*database, *database);
    }
    CHECK(expected.size() == c.tables);
    { const Inventory inventory = fixture.open(); }
    CHECK(schema_of(fixture.file) == schema_of(fresh.file));
    auto database = Database::open(fixture.file, Database::Mode::read);
    CHECK(*database->integer("ask", "PRAGMA user_version") == 5);
    CHECK(*database->text("check", "PRAGMA integrity_check") == "ok");
    for (const auto& [table, rows] : expected) {
      CHECK_MESSAGE(
          *database->integer("ask", "SELECT count(*) FROM " + table) == static_cast<std::int64_t>(rows.size()), table);
    }
  }
}

TEST_CASE("which rules were in force at a visit of version 2 nobody knows") {
  const Fixture fixture;
  make_version_2(fixture.file);
  const Inventory inventory = fixture.open();
  struct Rules final : LastVisitReader {
    void visit(const VisitRow& row) override { ++visits, rules += row.end.rules.size(); }
    void gap(ScopeId, const Gap&) override {}
    void hit(ScopeId, const HitRow&) override {}
    int visits = 0;
    std::size_t rules = 0;
  } reader;
  REQUIRE(inventory.read_last_visits(reader));
  CHECK(reader.visits == 1);
  CHECK(reader.rules == 0);
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
