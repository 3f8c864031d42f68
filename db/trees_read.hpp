#pragma once

#include <span>
#include <vector>

#include "base/result.hpp"
#include "db/inventory.hpp"
#include "db/sqlite.hpp"

/// Which directories of unfinished scopes were read whole: `tree_read`. What changes runs inside the caller's
/// transaction.
namespace tokensweep {

/// Keeps that they were read; what is known of directories below them goes.
Result<> keep_trees(sqlite::Database& database, ScopeId scope, std::span<const TreeRead> trees);

/// What is known of a scope, by place.
Result<std::vector<TreeRead>> trees_read(sqlite::Database& database, ScopeId scope);

/// Nobody has to go on with this scope.
Result<> forget_trees(sqlite::Database& database, ScopeId scope);

/// Nobody has to go on with any.
Result<> forget_all_trees(sqlite::Database& database);

}  // namespace tokensweep
