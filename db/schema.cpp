#include "db/schema.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <string>

namespace tokensweep {

extern const std::string_view kSchema1;  // schema_1.sql, as tools/embed.py puts it into the binary

namespace {

constexpr std::int32_t kApplicationId = 0x746b7377;  // "tksw"

Error refused(std::string what) { return {ErrorKind::storage, std::move(what)}; }

/// Pragmas take no parameters; both figures are ours.
Result<> stamp(sqlite::Database& database, const Schema& schema) {
  return database.execute("stamp the schema", fmt::format("PRAGMA application_id = {}; PRAGMA user_version = {}",
                                                          schema.application_id, schema.version)
                                                  .c_str());
}

}  // namespace

const Schema& inventory_schema() {
  // The embedded text is a literal: a zero byte ends it, as SQLite wants.
  static const Schema kSchema{.application_id = kApplicationId, .version = 1, .sql = kSchema1.data(), .steps = {}};
  return kSchema;
}

Result<> create_schema(sqlite::Database& database, const Schema& schema) {
  TRY(auto transaction, sqlite::Transaction::begin(database));
  TRY_VOID(database.execute("make the tables", schema.sql));
  TRY_VOID(stamp(database, schema));
  return transaction.commit();
}

Result<int> check_version(sqlite::Database& database, const Schema& schema) {
  TRY(const std::int64_t id, database.integer("read the application id", "PRAGMA application_id"));
  if (id != schema.application_id) {
    return refused("is a database of another program: name the inventory with --db");
  }
  TRY(const std::int64_t version, database.integer("read the version", "PRAGMA user_version"));
  if (version > schema.version) {
    return refused(
        fmt::format("was written by a newer tokensweep (inventory version {}, this one knows {}): update tokensweep, "
                    "or use another --db",
                    version, schema.version));
  }
  return static_cast<int>(version);
}

Result<> migrate(sqlite::Database& database, const Schema& schema, int version) {
  if (version == schema.version) return {};
  TRY(auto transaction, sqlite::Transaction::begin(database));
  for (; version < schema.version; ++version) {
    const auto step = std::find_if(schema.steps.begin(), schema.steps.end(),
                                   [version](const MigrationStep& one) { return one.from == version; });
    if (step == schema.steps.end()) {
      return refused(
          fmt::format("has version {}, which no tokensweep has written: restore a copy, or use another --db", version));
    }
    TRY_VOID(database.execute("bring the tables up to date", step->sql));
  }
  TRY_VOID(stamp(database, schema));
  return transaction.commit();
}

}  // namespace tokensweep
