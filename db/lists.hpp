#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "db/inventory.hpp"
#include "db/sqlite.hpp"
#include "model/registry.hpp"

namespace tokensweep {

/// Writes an account's list of tokens in place of the one before: what it no longer names was deleted at the registry.
/// Tokens that are stored and may be meant are to be settled anew.
Result<> write_token_list(sqlite::Database& database, const ListInfo& list, std::span<const RegistryToken> tokens,
                          const JudgeToken& judge);

/// Writes an account's list of packages in place of the one before.
Result<> write_package_list(sqlite::Database& database, const ListInfo& list,
                            std::span<const WritablePackage> packages);

/// Keeps a list of download ranks, whole: its text says its date.
Result<> write_rank_list(sqlite::Database& database, const ListInfo& list, std::string_view text);

/// Concludes every listed token anew, as if it were stored in a place that says nothing, and has every stored one that
/// fits a list settled again.
Result<> judge_listed(sqlite::Database& database, const JudgeToken& judge);

/// The listed tokens that fit what is known of a stored one: by its first and last characters.
struct ListedRow {
  std::int64_t id = 0;
  RegistryToken token;
};
class ListedReader {
 public:
  explicit ListedReader(sqlite::Database& database) : database_(database) {}

  /// Whether any list was imported: without one nothing can fit.
  Result<bool> any();
  /// `preview`: as a stored `npm_` token shows itself, its beginning and end around an ellipsis.
  Result<std::vector<ListedRow>> that_fit(std::string_view preview);
  /// By what was found to fit when the token was settled.
  Result<std::vector<ListedRow>> of_token(std::int64_t token);

 private:
  sqlite::Database& database_;
  sqlite::Statement by_mask_;
  sqlite::Statement by_token_;
};

/// What the reader of a listed token's columns wants selected, in this order.
extern const std::string_view kListedColumns;
RegistryToken listed_token_of(const sqlite::Statement& row, int first_column);

}  // namespace tokensweep
