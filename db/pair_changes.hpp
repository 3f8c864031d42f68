#pragma once

#include "base/result.hpp"
#include "db/inventory.hpp"
#include "db/sqlite.hpp"

namespace tokensweep {

/// Says what the hits that went in a sweep and those that came have to do with each other: another value under the same
/// name in the same place is a changed value; the same token in another place has moved. Each hit that came answers for
/// one that went.
Result<> pair_changes(sqlite::Database& database, SweepId sweep);

}  // namespace tokensweep
