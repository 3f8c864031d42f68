#pragma once

#include <functional>

#include "base/result.hpp"
#include "db/inventory.hpp"
#include "db/sqlite.hpp"

namespace tokensweep {

/// What Inventory::for_each_hit does. The row that `each` gets is one object, filled again for each hit.
Result<> read_hits(sqlite::Database& database, const HitQuery& query, const std::function<bool(const HitRow&)>& each);

/// What Inventory::for_each_unfound does.
Result<> read_unfound(sqlite::Database& database, const std::function<bool(const HitRow&)>& each);

}  // namespace tokensweep
