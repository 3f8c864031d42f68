#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/result.hpp"
#include "db/sqlite.hpp"

namespace tokensweep {

/// The way from one version of the schema to the next: old tables step aside, the next version is made as in a new file
/// (so that an old inventory and a new one have the same schema to the letter), and the rows move over. Each part may
/// be several statements. References are checked at the end, not on the way.
struct MigrationStep {
  int from = 0;
  const char* before = "";
  const char* schema = "";  ///< of the version that it leads to, or what that one adds
  const char* after = "";
};

/// A schema: how a new file is made, and how an older one is brought up to date.
struct Schema {
  std::int32_t application_id = 0;
  int version = 0;
  const char* sql = nullptr;
  std::span<const MigrationStep> steps;  ///< one for each older version
};

/// The inventory's: db/schema_3.sql, then db/schema_4.sql and db/schema_5.sql. A new version N that only adds tables
/// adds a `schema_N.sql` of those; another one comes with all of the schema, and
/// `migrate_(N-1)_to_N_{before,after}.sql`.
const Schema& inventory_schema();

/// Makes the schema in an empty database, in one transaction.
Result<> create_schema(sqlite::Database& database, const Schema& schema);

/// Refuses a database that is not ours or that a newer tokensweep made; the version of one that is.
Result<int> check_version(sqlite::Database& database, const Schema& schema);

/// Goes from `version` to the schema's, all steps in one transaction: after a crash the file is old or new, never
/// between.
Result<> migrate(sqlite::Database& database, const Schema& schema, int version);

}  // namespace tokensweep
