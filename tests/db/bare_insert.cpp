// The floor of writing hits: the same bytes, each hit one INSERT into one table without an index, a check or a
// reference, as durable (WAL, synchronous=FULL) and in transactions as large as the inventory's. `bare_insert FILE HITS
// SCOPES`.
#include <sqlite3.h>

#include <cstdlib>
#include <span>

#include "tests/db/bench_hits.hpp"

namespace {

using namespace tokensweep;

constexpr std::uint64_t kTransaction = 32'000;

void must(sqlite3* database, bool done) {
  if (done) return;
  fmt::print(stderr, "bare_insert: {}\n", sqlite3_errmsg(database));
  std::exit(1);
}

void execute(sqlite3* database, const char* sql) {
  must(database, sqlite3_exec(database, sql, nullptr, nullptr, nullptr) == SQLITE_OK);
}

void insert(sqlite3_stmt* statement, const Hit& hit) {
  int column = 0;
  const auto text = [&](std::string_view value) {
    sqlite3_bind_text(statement, ++column, value.data(), static_cast<int>(value.size()), SQLITE_STATIC);
  };
  for (const std::string* value : {&hit.id, &hit.place, &hit.locator, &hit.name, &hit.reason, &hit.rule, &hit.kind,
                                   &*hit.registry, &*hit.preview}) {
    text(*value);
  }
  for (const std::string_view word : {to_string(hit.klass), to_string(hit.confidence), to_string(hit.checksum),
                                      to_string(hit.age_basis), std::string_view("present"), std::string_view("[]")}) {
    text(word);
  }
  sqlite3_bind_blob(statement, ++column, hit.fingerprint->data(), static_cast<int>(hit.fingerprint->size()),
                    SQLITE_STATIC);
  for (const Time time : {*hit.updated_at, bench::kNow, bench::kNow}) {
    sqlite3_bind_int64(statement, ++column, time.time_since_epoch().count());
  }
  must(sqlite3_db_handle(statement), sqlite3_step(statement) == SQLITE_DONE && sqlite3_reset(statement) == SQLITE_OK);
}

}  // namespace

int main(int argc, char** argv) {
  const std::span<char*> arguments(argv, static_cast<std::size_t>(argc));
  if (arguments.size() < 4) return 2;
  const std::uint64_t hits = std::strtoull(arguments[2], nullptr, 10);
  const std::uint64_t size = hits / std::max<std::uint64_t>(std::strtoull(arguments[3], nullptr, 10), 1);
  sqlite3* database = nullptr;
  must(database, sqlite3_open(arguments[1], &database) == SQLITE_OK);
  execute(database, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -16384");
  execute(database, "CREATE TABLE hit (a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s)");
  sqlite3_stmt* statement = nullptr;
  must(database, sqlite3_prepare_v2(database, "INSERT INTO hit VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)", -1,
                                    &statement, nullptr) == SQLITE_OK);
  Hit hit;
  for (std::uint64_t i = 0; i < hits; ++i) {
    if (i % kTransaction == 0) execute(database, i == 0 ? "BEGIN" : "COMMIT; BEGIN");
    bench::fill(hit, i, fmt::format("/home/someone/{:07}", i / std::max<std::uint64_t>(size, 1)));
    insert(statement, hit);
  }
  execute(database, "COMMIT");
  sqlite3_finalize(statement);
  must(database, sqlite3_close(database) == SQLITE_OK);
}
