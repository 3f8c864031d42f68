#pragma once

#include <cstdint>
#include <set>

#include "base/result.hpp"
#include "db/inventory.hpp"
#include "db/lists.hpp"
#include "db/sqlite.hpp"

namespace tokensweep {

/// Reads hits with what belongs to them: source, token, what a registry lists. One reader reads either single rows or a
/// selection.
class HitRowReader {
 public:
  enum class Classes : std::uint8_t {
    in_force,  ///< the token's where one was concluded, else the place's own
    own,       ///< the place's own, without the registry's list
  };
  HitRowReader(sqlite::Database& database, Classes classes, bool evidence)
      : database_(database), classes_(classes), evidence_(evidence), listed_(database) {}

  /// Fills `out`, whose strings keep their memory from row to row.
  Result<> read(std::int64_t row, HitRow& out);

  /// Begins to read the hits that `which` is about (made of literals: WHERE …, ORDER BY …, of hit, scope, source and
  /// token). Its parameters are to be bound before the first next().
  Result<sqlite::Statement*> select(std::string_view which);
  /// Fills `out` with the next of them; false where there is none left.
  Result<bool> next(HitRow& out);

 private:
  Result<> read_listing(std::int64_t token, HitRow& out);

  sqlite::Database& database_;
  Classes classes_;
  bool evidence_;  ///< whether to read what the place shows
  ListedReader listed_;
  sqlite::Statement select_;
  bool any_listed_ = false;
  std::set<std::int64_t> shared_days_;  ///< days since 1970 on which more than one stored token expires
};

/// One transaction: what another process writes between two statements must not show in half of the rows.
class Snapshot {
 public:
  static Result<Snapshot> take(sqlite::Database& database);
  Snapshot(Snapshot&& other) noexcept : database_(std::exchange(other.database_, nullptr)) {}
  Snapshot& operator=(Snapshot&&) = delete;
  ~Snapshot();

 private:
  explicit Snapshot(sqlite::Database* database) : database_(database) {}
  sqlite::Database* database_;
};

/// A row that says what no tokensweep writes.
Error strange_row();

/// Refills what is there: a string keeps its memory from row to row.
void refill_text(std::optional<std::string>& text, const sqlite::Statement& row, int column);
std::optional<Time> time_or_null(const sqlite::Statement& row, int column);
std::optional<std::string> token_id_or_null(const sqlite::Statement& row, int column);

}  // namespace tokensweep
