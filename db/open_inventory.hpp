#pragma once

#include <filesystem>

#include "base/result.hpp"
#include "db/inventory.hpp"
#include "db/lock_file.hpp"
#include "db/schema.hpp"
#include "db/sqlite.hpp"

namespace tokensweep {

/// An inventory file that is checked, up to date and, for writing, locked.
struct OpenInventory {
  std::filesystem::path file;  ///< with its directory resolved
  LockFile lock;               ///< before the database: given up after it is closed
  sqlite::Database database;
};

/// What Inventory::open does, with the schema as a parameter so that a test can bring an older file up to date.
Result<OpenInventory> open_inventory(const std::filesystem::path& file, const Inventory::Options& options,
                                     const Schema& schema);

}  // namespace tokensweep
