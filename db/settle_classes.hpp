#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/result.hpp"
#include "db/inventory.hpp"
#include "db/sqlite.hpp"

namespace tokensweep {

/// A token that is held in more places is concluded from the strictest of them.
inline constexpr std::size_t kMostPlaces = 1000;

/// Binds class, confidence, reason, rank and flags of a token: five columns, null and no flags without a verdict.
sqlite::Statement& bind_verdict(sqlite::Statement& statement, const std::optional<TokenVerdict>& verdict);

/// Concludes the tokens of which something changed, in the order of their ids: up to `most` of those behind `after`.
/// What changes of their places' class and flags is kept as events, but for places that `sweep` itself found.
/// Returns the last id that was looked at; nothing when there is none left.
Result<std::optional<std::int64_t>> settle_some_tokens(sqlite::Database& database, SweepId sweep,
                                                       const JudgeToken& judge, Time now, std::int64_t after,
                                                       std::int64_t most);

/// Concludes the own class of up to `most` hits behind the row `after`, from the evidence that is kept of them. Returns
/// the last row that was looked at; nothing when there is none left.
Result<std::optional<std::int64_t>> judge_some_hits(sqlite::Database& database, const JudgeHit& judge, Time now,
                                                    std::int64_t after, std::int64_t most);

}  // namespace tokensweep
