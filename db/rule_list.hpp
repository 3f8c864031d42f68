#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "db/sqlite.hpp"

namespace tokensweep {

/// Writes lists of rules that were in force together, each once: a hundred thousand scopes of a sweep share one.
class RuleLists {
 public:
  explicit RuleLists(sqlite::Database& database) : database_(database) {}

  /// The row of `rule_list` that holds these ids, made where it is new.
  Result<std::int64_t> row_of(const std::vector<std::string>& rules);

 private:
  sqlite::Database& database_;
  std::string text_;  ///< of the list that was asked for last
  std::int64_t row_ = 0;
};

/// The way back from `rule_list.rules`.
Result<std::vector<std::string>> read_rule_list(sqlite::Database& database, std::string_view text);

}  // namespace tokensweep
