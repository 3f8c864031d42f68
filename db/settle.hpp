#pragma once

#include <string>

#include "base/result.hpp"
#include "db/inventory.hpp"
#include "db/sqlite.hpp"

namespace tokensweep {

/// A scope at the moment when its listing ended.
struct ClosingScope {
  SweepId sweep = 0;
  ScopeId scope = 0;
  std::int64_t realm = 0;
  std::string_view prefix;  ///< as normal_prefix gives it
  bool has_gaps = true;     ///< false: no gap of this visit was written
};

/// Decides about every hit at or below the scope's prefix, in its realm, that its sweep did not see, whichever scope it
/// belongs to. `gone` only where the sweep would have seen it: the listing was complete, the hit's rule in force, deep
/// places read for a deep hit, the place covered, and no gap of this visit at or above its place. Otherwise `unknown`.
/// What is gone stays gone. Runs inside the caller's transaction.
Result<> settle(sqlite::Database& database, const ClosingScope& closing, const ScopeEnd& end, Time now);

}  // namespace tokensweep
