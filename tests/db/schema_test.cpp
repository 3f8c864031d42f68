// The schema: its migrations, its checks, and the queries that docs/schema.md promises.
#include "db/schema.hpp"

#include <doctest/doctest.h>
#include <sqlite3.h>

#include "db/open_inventory.hpp"
#include "db/place_range.hpp"
#include "tests/db/fixture.hpp"

namespace tokensweep::testing {
namespace {

namespace fs = std::filesystem;
using sqlite::Database;

constexpr std::int32_t kId = 77;
constexpr MigrationStep kSteps[] = {
    {.from = 2,
     .before = "ALTER TABLE thing ADD COLUMN colour TEXT",
     .schema = "",
     .after = "UPDATE thing SET colour = 'red'"},
    {.from = 1, .before = "ALTER TABLE thing RENAME COLUMN title TO name", .schema = "", .after = ""},
};
constexpr MigrationStep kBrokenSteps[] = {
    kSteps[1],
    {.from = 2, .before = "INSERT INTO thing (name) VALUES ('x')", .schema = "", .after = "SELECT nonsense"}};
const Schema kOld{.application_id = kId, .version = 1, .sql = "CREATE TABLE thing (title TEXT) STRICT", .steps = {}};
const Schema kNew{.application_id = kId, .version = 3, .sql = "", .steps = kSteps};
const Schema kBroken{.application_id = kId, .version = 3, .sql = "", .steps = kBrokenSteps};

std::string ask(const fs::path& file, std::string_view sql) {
  auto database = Database::open(file, Database::Mode::read);
  REQUIRE(database);
  const auto text = database->text("ask", sql);
  return text ? *text : text.error().what;
}

void make_old(const fs::path& file) {
  REQUIRE(open_inventory(file, writing(), kOld));
  auto database = Database::open(file, Database::Mode::write);
  REQUIRE(database);
  REQUIRE(database->execute("fill", "INSERT INTO thing VALUES ('kept')"));
}

TEST_CASE("an older schema goes up step by step, and keeps what is in it") {
  const Fixture fixture;
  make_old(fixture.file);
  REQUIRE(open_inventory(fixture.file, writing(), kNew));
  CHECK(ask(fixture.file, "PRAGMA user_version") == "3");
  CHECK(ask(fixture.file, "SELECT name || colour FROM thing") == "keptred");
  CHECK(open_inventory(fixture.file, writing(), kNew));  // and once is enough
  const auto back = open_inventory(fixture.file, writing(), kOld);
  REQUIRE(!back);
  CHECK(back.error().what.find("newer tokensweep") != std::string::npos);
}

TEST_CASE("a step that fails leaves the old schema as it was") {
  const Fixture fixture;
  make_old(fixture.file);
  CHECK(!open_inventory(fixture.file, writing(), kBroken));
  CHECK(ask(fixture.file, "PRAGMA user_version") == "1");
  CHECK(ask(fixture.file, "SELECT group_concat(title) FROM thing") == "kept");
}

TEST_CASE("a reader does not change an older schema: it says what does") {
  const Fixture fixture;
  make_old(fixture.file);
  const auto reader = open_inventory(fixture.file, {}, kNew);
  REQUIRE(!reader);
  CHECK(reader.error().what.find("run a scan") != std::string::npos);
  CHECK(ask(fixture.file, "PRAGMA user_version") == "1");
}

TEST_CASE("the schema refuses rows that make no sense") {
  const Fixture fixture;
  {
    Inventory inventory = fixture.open();
    sweep(inventory, scope_at("/"), {hit_at("/x")}, ended(), kNow);
  }
  auto database = Database::open(fixture.file, Database::Mode::write);
  REQUIRE(database);
  for (const char* sql : {"UPDATE hit SET class = 'E'", "UPDATE hit SET state = 'gone'", "UPDATE hit SET gone_at = 1",
                          "UPDATE hit SET scope = 99", "UPDATE hit SET last_seen = 0", "UPDATE hit SET flags = 'x'",
                          "UPDATE hit SET token = 99", "DELETE FROM sweep",
                          "INSERT INTO token (fingerprint, kid, kind, checksum, first_seen, last_seen) VALUES (x'00', "
                          "'0123456789abcdef', '', 'none', 0, 0)",
                          "PRAGMA writable_schema = ON; DELETE FROM sqlite_schema"}) {
    CAPTURE(sql);
    const auto done = database->execute("try", sql);
    REQUIRE(!done);
    // Never what was bound or stored: the operation and SQLite's words for its code.
    CHECK(done.error().what.find("hit") == std::string::npos);
  }
}

TEST_CASE("the flags' names in the file are the program's") {
  const Fixture fixture;
  Hit hit = hit_at("/x");
  hit.scope = ScopeFlags((std::uint64_t{1} << static_cast<unsigned>(ScopeFlag::count_)) - 1);
  {
    Inventory inventory = fixture.open();
    sweep(inventory, scope_at("/"), {hit}, ended(), kNow);
  }
  std::string all;
  for (const std::string_view name : names(hit.scope)) all.append(all.empty() ? "" : " ").append(name);
  CHECK(ask(fixture.file, "SELECT scope FROM hits") == all);
}

/// The SQL blocks of docs/schema.md.
std::vector<std::string> documented_queries() {
  const std::string text = read_file(fs::path(SOURCE_ROOT) / "docs/schema.md");
  std::vector<std::string> queries;
  constexpr std::string_view kBegin = "```sql\n";
  for (std::size_t at = text.find(kBegin); at != std::string::npos; at = text.find(kBegin, at)) {
    at += kBegin.size();
    queries.push_back(text.substr(at, text.find("```", at) - at));
  }
  return queries;
}

TEST_CASE("each query of docs/schema.md runs in plain SQLite, and finds something") {
  const Fixture fixture;
  {
    Inventory inventory = fixture.open();
    Hit one = hit_at("/home/a/.npmrc");
    one.klass = Class::A;
    one.fingerprint = fingerprint_of(0x12);
    one.updated_at = kNow - std::chrono::hours(24 * 400);
    one.scope.add(ScopeFlag::world_readable);
    Hit same = one;
    same.id = "h2";
    same.place = same.locator = "/home/b/.npmrc";
    Scope other = scope_at("/", "other host");
    sweep(inventory, other, {same}, ended(), kNow);
    sweep(inventory, scope_at("/home"), {one, hit_at("/home/gone")}, ended(), kNow);
    sweep(inventory, scope_at("/home"), {one}, ended(), kLater);
    const SweepId last = sweep(inventory, scope_at("/var"), {hit_at("/var/new")}, ended(ScopeState::incomplete),
                               kLatest, {{.place = "/var/x", .reason = "Permission denied"}});
    const std::pair<std::string_view, std::int64_t> figures[] = {{"dead", 1}};
    REQUIRE(inventory.keep_figures(last, figures));
  }
  const auto queries = documented_queries();
  REQUIRE(queries.size() >= 6);
  // As a reader's sqlite3 does it: no setting of ours.
  sqlite3* database = nullptr;
  REQUIRE(sqlite3_open_v2(fixture.file.c_str(), &database, SQLITE_OPEN_READONLY, nullptr) == SQLITE_OK);
  for (const std::string& query : queries) {
    CAPTURE(query);
    int rows = 0;
    const auto count = [](void* counter, int, char**, char**) { return ++*static_cast<int*>(counter), 0; };
    CHECK(sqlite3_exec(database, query.c_str(), count, &rows, nullptr) == SQLITE_OK);
    CHECK(rows > 0);
  }
  sqlite3_close(database);
}

TEST_CASE("every table, view and column is explained") {
  const Fixture fixture;
  { const Inventory made = fixture.open(); }
  const std::string manual = read_file(fs::path(SOURCE_ROOT) / "docs/schema.md");
  auto database = Database::open(fixture.file, Database::Mode::read);
  REQUIRE(database);
  auto tables = database->prepare(
      "list", "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite%'");
  REQUIRE(tables);
  int count = 0;
  while (*tables->step()) {
    const std::string name(tables->text(0));
    CAPTURE(name);
    CHECK(manual.find("`" + name + "`") != std::string::npos);
    ++count;
  }
  CHECK(count == 26);
  auto strict = database->integer(
      "count",
      "SELECT count(*) FROM pragma_table_list WHERE type = 'table' AND NOT strict AND name NOT LIKE 'sqlite%'");
  CHECK(*strict == 0);
}

TEST_CASE("places lie at a prefix, below it, or elsewhere") {
  CHECK(normal_prefix("/") == "");
  CHECK(normal_prefix("/a//") == "/a");
  CHECK(is_at_or_below("/a", "/a"));
  CHECK(is_at_or_below("/a/b", "/a"));
  CHECK(!is_at_or_below("/ab", "/a"));
  CHECK(!is_at_or_below("/", "/a"));
  CHECK(is_at_or_below("", ""));
  CHECK(std::string("/a/\xff\xff") < end_of_range("/a"));
}

}  // namespace
}  // namespace tokensweep::testing
