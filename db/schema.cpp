#include "db/schema.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <string>

namespace tokensweep {

// As tools/embed.py puts the .sql files into the binary.
extern const std::string_view kSchema2;
extern const std::string_view kMigrate1To2Before;
extern const std::string_view kMigrate1To2After;
extern const std::string_view kSchema3;
extern const std::string_view kMigrate2To3Before;
extern const std::string_view kMigrate2To3After;
extern const std::string_view kSchema4;
extern const std::string_view kSchema5;

namespace {

constexpr std::int32_t kApplicationId = 0x746b7377;  // "tksw"

Error refused(std::string what) { return {ErrorKind::storage, std::move(what)}; }

/// Pragmas take no parameters; both figures are ours.
Result<> stamp(sqlite::Database& database, const Schema& schema) {
  return database.execute("stamp the schema", fmt::format("PRAGMA application_id = {}; PRAGMA user_version = {}",
                                                          schema.application_id, schema.version)
                                                  .c_str());
}

/// All steps in one transaction, and a look at every reference at its end.
Result<> migrate_in_transaction(sqlite::Database& database, const Schema& schema, int version) {
  TRY(auto transaction, sqlite::Transaction::begin(database));
  for (; version < schema.version; ++version) {
    const auto step = std::find_if(schema.steps.begin(), schema.steps.end(),
                                   [version](const MigrationStep& one) { return one.from == version; });
    if (step == schema.steps.end()) {
      return refused(
          fmt::format("has version {}, which no tokensweep has written: restore a copy, or use another --db", version));
    }
    for (const char* sql : {step->before, step->schema, step->after}) {
      TRY_VOID(database.execute("bring the tables up to date", sql));
    }
  }
  TRY(auto broken, database.prepare("bring the tables up to date", "PRAGMA foreign_key_check"));
  TRY(const bool any, broken.step());
  broken.reset();
  if (any) return refused("has rows that refer to what is not there: it is kept as it is; restore a copy");
  TRY_VOID(stamp(database, schema));
  return transaction.commit();
}

}  // namespace

const Schema& inventory_schema() {
  // The embedded text is a literal: a zero byte ends it, as SQLite wants.
  static const MigrationStep kSteps[] = {
      {.from = 1, .before = kMigrate1To2Before.data(), .schema = kSchema2.data(), .after = kMigrate1To2After.data()},
      {.from = 2, .before = kMigrate2To3Before.data(), .schema = kSchema3.data(), .after = kMigrate2To3After.data()},
      {.from = 3, .schema = kSchema4.data()},
      {.from = 4, .schema = kSchema5.data()}};
  static const std::string kSql = std::string(kSchema3).append(kSchema4).append(kSchema5);
  static const Schema kSchema{.application_id = kApplicationId, .version = 5, .sql = kSql.c_str(), .steps = kSteps};
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
  // Tables that are replaced keep the references to them: SQLite's own order of work (lang_altertable.html, section 7).
  TRY_VOID(
      database.execute("bring the tables up to date", "PRAGMA foreign_keys = OFF; PRAGMA legacy_alter_table = ON"));
  TRY_VOID(migrate_in_transaction(database, schema, version));
  return database.execute("bring the tables up to date", "PRAGMA legacy_alter_table = OFF; PRAGMA foreign_keys = ON");
}

}  // namespace tokensweep
