#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "base/result.hpp"
#include "db/hit_row.hpp"
#include "db/inventory.hpp"
#include "db/sqlite.hpp"

namespace tokensweep {

/// What Inventory::for_each_hit does. The row that `each` gets is one object, filled again for each hit.
Result<> read_hits(sqlite::Database& database, const HitQuery& query, const std::function<bool(const HitRow&)>& each);

/// What Inventory::for_each_unfound does.
Result<> read_unfound(sqlite::Database& database, const std::function<bool(const HitRow&)>& each);

/// Reads where tokens are held, one token after the other: its statements and its rows serve for all of them.
class PlacesReader {
 public:
  explicit PlacesReader(sqlite::Database& database);

  /// A token's places (gone ones left out), each with its own class: the strictest `most` of them. The next call ends
  /// the rows.
  Result<std::span<const HitRow>> read(std::int64_t token, std::int64_t most);

 private:
  sqlite::Database& database_;
  HitRowReader hit_;
  sqlite::Statement rows_;
  std::vector<HitRow> hits_;  ///< never shrinks: strings keep their memory
};

}  // namespace tokensweep
