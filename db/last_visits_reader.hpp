#pragma once

#include <set>
#include <string_view>

#include "base/result.hpp"
#include "db/last_visits.hpp"
#include "db/sqlite.hpp"

namespace tokensweep {

/// What Inventory::read_last_visits does.
Result<> read_last_visits(sqlite::Database& database, LastVisitReader& reader);

/// What Inventory::sealed_tokens does.
Result<std::set<Fingerprint>> read_sealed_tokens(sqlite::Database& database, std::string_view collector_id);

}  // namespace tokensweep
