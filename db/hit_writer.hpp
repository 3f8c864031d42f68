#pragma once

#include <optional>
#include <span>
#include <string>

#include "base/result.hpp"
#include "db/inventory.hpp"
#include "db/known_hits.hpp"
#include "db/sqlite.hpp"
#include "db/token_writer.hpp"

namespace tokensweep {

/// Writes hits and the tokens that they hold, and keeps what changed as events.
class HitWriter {
 public:
  /// `key_id`: of the key that the fingerprints are made with.
  HitWriter(sqlite::Database& database, std::string key_id)
      : database_(database), tokens_(database, std::move(key_id)), known_(database) {}

  /// As TokenWriter has it.
  void conclude_with(JudgeToken judge) { tokens_.conclude_with(std::move(judge)); }

  Result<> write(std::span<const Hit> hits, const Sight& sight);

 private:
  struct Known {
    std::int64_t row = 0;
    bool gone = false;
    ScopeFlags flags;
    std::string klass;  ///< in force
    std::optional<std::int64_t> token;
  };
  /// What is not known exactly so.
  Result<> write(const Hit& hit, const Sight& sight, HeldToken* token);
  /// Whether the hit was there, exactly so: then its last sight is noted.
  Result<bool> refresh(const Hit& hit, const Sight& sight, const HeldToken* token);
  /// Whether it was not there: then it is.
  Result<bool> insert(const Hit& hit, const Sight& sight, const HeldToken* token);
  Result<Known> find(const Hit& hit, const Sight& sight);
  Result<> replace(const Hit& hit, const Sight& sight, const HeldToken* token);
  Result<> note_changes(const Hit& hit, const Sight& sight, const HeldToken* token, const Known& known);
  void bind(sqlite::Statement& statement, const Hit& hit, const Sight& sight, const HeldToken* token);

  sqlite::Database& database_;
  TokenWriter tokens_;
  KnownHits known_;
  std::string evidence_;  // of the hit that is being written
  bool last_was_new_ = false;
};

}  // namespace tokensweep
