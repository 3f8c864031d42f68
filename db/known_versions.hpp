#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "db/hit_writer.hpp"
#include "db/sqlite.hpp"
#include "model/known_version.hpp"

/// Which versions of places were read, and their hits: `known_version`. What changes runs inside the caller's
/// transaction.
namespace tokensweep {

/// Keeps that `read` were read in a scope. Those that it knew stay as they are; where the scope was listed to its end,
/// what is not among them goes.
Result<> keep_versions(sqlite::Database& database, SweepId sweep, ScopeId scope, std::vector<Mark> read, bool is_whole);

/// What is known of a scope, by mark.
Result<std::vector<KnownVersion>> known_versions(sqlite::Database& database, ScopeId scope);

/// For each place since which sweep it is as it was; empty where that is not known.
using UnchangedSince = std::function<std::optional<SweepId>(std::string_view place)>;

/// The hits at or below `prefix` whose place is as it was are seen again, exactly so: those that are not gone, and that
/// were seen when the place was read or later. What an older reading had found there, the newer one had not.
Result<> see_again(sqlite::Database& database, const Sight& sight, std::string_view prefix,
                   const UnchangedSince& unchanged_since);

}  // namespace tokensweep
