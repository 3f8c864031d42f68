#pragma once

#include <optional>
#include <span>
#include <string>

#include "base/result.hpp"
#include "db/inventory.hpp"
#include "db/sqlite.hpp"

namespace tokensweep {

/// Where and when a hit was seen.
struct Sight {
  SweepId sweep = 0;
  ScopeId scope = 0;
  std::int64_t realm = 0;
  Time now;
};

/// Writes hits and the tokens that they hold, and keeps what changed as events. Its statements are prepared once: a
/// sweep runs them a million times.
class HitWriter {
 public:
  /// `key_id`: of the key that the fingerprints are made with.
  HitWriter(sqlite::Database& database, std::string key_id) : database_(database), key_id_(std::move(key_id)) {}

  Result<> write(std::span<const Hit> hits, const Sight& sight);

 private:
  struct Token {
    std::int64_t id = 0;
    bool is_new = false;
    bool settled = false;
  };
  struct Known {
    std::int64_t row = 0;
    bool gone = false;
    ScopeFlags flags;
    std::string klass;  ///< in force
    std::optional<std::int64_t> token;
  };
  Result<> write(const Hit& hit, const Sight& sight);
  /// Neighbours often hold the same token: then the last one's row serves again.
  Result<std::optional<Token>> token_of(const Hit& hit, const Sight& sight);
  Result<Token> write_token(const Hit& hit, Time now);
  /// Whether the hit was there, exactly so: then its last sight is noted.
  Result<bool> refresh(const Hit& hit, const Sight& sight, const std::optional<Token>& token);
  /// Whether it was not there: then it is.
  Result<bool> insert(const Hit& hit, const Sight& sight, const std::optional<Token>& token);
  Result<Known> find(const Hit& hit, const Sight& sight);
  Result<> replace(const Hit& hit, const Sight& sight, const std::optional<Token>& token);
  Result<> keep_box(std::int64_t token, const SealedInner& sealed);
  Result<> unsettle(std::int64_t token);
  Result<> note_changes(const Hit& hit, const Sight& sight, const std::optional<Token>& token, const Known& known);
  Result<sqlite::Statement*> prepared(sqlite::Statement& statement, std::string_view operation, std::string_view sql);
  void bind(sqlite::Statement& statement, const Hit& hit, const Sight& sight, const std::optional<Token>& token);

  sqlite::Database& database_;
  std::string key_id_;
  std::string evidence_;  // of the hit that is being written
  bool last_was_new_ = false;
  const Hit* last_hit_ = nullptr;  // of the hits that are being written, the last one with a token
  Token last_token_;
  sqlite::Statement find_token_;
  sqlite::Statement refresh_token_;
  sqlite::Statement insert_token_;
  sqlite::Statement keep_box_;
  sqlite::Statement unsettle_;
  sqlite::Statement refresh_;
  sqlite::Statement find_;
  sqlite::Statement insert_;
  sqlite::Statement replace_;
  sqlite::Statement event_;
};

}  // namespace tokensweep
