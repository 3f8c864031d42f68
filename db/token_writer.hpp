#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "db/inventory.hpp"
#include "db/sqlite.hpp"

namespace tokensweep {

/// Where and when a hit was seen.
struct Sight {
  SweepId sweep = 0;
  ScopeId scope = 0;
  std::int64_t realm = 0;
  const Scope& where;  ///< the scope itself
  Time now;
};

/// A token that hits of one call hold.
struct HeldToken {
  std::int64_t id = 0;
  bool is_new = false;         ///< in this call: no other hit holds it
  bool settled = false;        ///< as the file has it
  bool concluded = false;      ///< in this call, from its hits there: they are written with what was concluded in force
  std::optional<Class> klass;  ///< concluded for all of them; else each keeps its own
  ScopeFlags flags;            ///< concluded besides what each of them has
};

/// What the file says of a token.
struct KnownToken {
  std::int64_t id = 0;
  bool settled = false;
  bool says_the_same = false;  ///< kind, preview and checksum are the hit's
  bool was_seen = false;       ///< its last sight is this one already
};

/// Writes the tokens of hits.
class TokenWriter {
 public:
  /// `key_id`: of the key that the fingerprints are made with.
  TokenWriter(sqlite::Database& database, std::string key_id) : database_(database), key_id_(std::move(key_id)) {}

  /// Tokens that are new are concluded by `judge` as they come, from the hits of their call; without one, none are.
  /// Nothing may be listed in the inventory.
  void conclude_with(JudgeToken judge) { judge_ = std::move(judge); }

  /// The hits of one call, which have to stay where they are until its end.
  void begin(std::span<const Hit> hits);
  /// The token of the hit `index`, which is in the file from then on; null for a hit without a value. It is this
  /// object's, until the next call begins. `known`: what the file says of it, where that was read already.
  Result<HeldToken*> of(std::size_t index, const Sight& sight, const std::optional<KnownToken>& known);
  /// Notes the last sight of those tokens of the call of which nothing else is new.
  Result<> end(const Sight& sight);

  Result<> keep_box(std::int64_t token, const SealedInner& sealed);
  /// Has the token concluded anew at the sweep's end.
  Result<> unsettle(std::int64_t token);

 private:
  /// The hits of a call that hold one token.
  struct Group {
    std::size_t begin = 0;  ///< in by_token_
    std::size_t end = 0;
    const Hit* last = nullptr;  ///< that was written; null: the token was not looked for yet
    HeldToken token;
  };
  [[nodiscard]] std::span<const std::size_t> hits_of(const Group& group) const;
  Result<std::optional<KnownToken>> find(const Hit& hit, Time now);
  Result<> see_again(HeldToken& token, const KnownToken& known, const Hit& hit, Time now);
  Result<> refresh(std::int64_t token, const Hit& hit, Time now);
  Result<> insert(Group& group, const Hit& hit, const Sight& sight);
  std::optional<TokenVerdict> conclude(const Group& group, const Sight& sight);
  std::span<const HitRow> strictest(std::span<const std::size_t> indices, const Sight& sight);

  sqlite::Database& database_;
  std::string key_id_;
  JudgeToken judge_;
  std::span<const Hit> hits_;
  std::vector<std::size_t> by_token_;  ///< the hits that hold one, by fingerprint
  std::vector<Group> groups_;
  std::vector<std::size_t> group_of_;  ///< of each hit
  std::vector<std::int64_t> seen_;     ///< ids of those of which only the sight is new
  std::vector<HitRow> rows_;           ///< what is judged; never shrinks: strings keep their memory
};

}  // namespace tokensweep
