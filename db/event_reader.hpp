#pragma once

#include <functional>

#include "base/result.hpp"
#include "db/event.hpp"
#include "db/sqlite.hpp"

namespace tokensweep {

/// What Inventory::for_each_event does.
Result<> read_events(sqlite::Database& database, const EventQuery& query,
                     const std::function<bool(const EventRow&)>& each);

}  // namespace tokensweep
