#pragma once

#include <functional>
#include <vector>

#include "base/result.hpp"
#include "db/inventory.hpp"
#include "db/sqlite.hpp"

namespace tokensweep {

/// What Inventory::for_each_hit does. The row that `each` gets is one object, filled again for each hit.
Result<> read_hits(sqlite::Database& database, const HitQuery& query, const std::function<bool(const HitRow&)>& each);

/// What Inventory::for_each_unfound does.
Result<> read_unfound(sqlite::Database& database, const std::function<bool(const HitRow&)>& each);

/// Where a token is held (gone places left out), each with its own class: the strictest `most` of them.
Result<> read_own_classes(sqlite::Database& database, std::int64_t token, std::int64_t most, std::vector<HitRow>& hits);

}  // namespace tokensweep
