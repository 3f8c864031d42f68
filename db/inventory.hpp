#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "model/known_version.hpp"
#include "model/model.hpp"
#include "model/registry.hpp"
#include "model/scope.hpp"

namespace tokensweep {

using SweepId = std::int64_t;
using ScopeId = std::int64_t;

enum class SweepState : std::uint8_t { running, complete, incomplete, interrupted };

struct SweepInfo {
  SweepId id = 0;
  Time started_at;
  std::optional<Time> finished_at;
  SweepState state = SweepState::running;
  std::string version;  ///< tokensweep's
  std::string rules_digest;
};

/// What a registry's list says of a hit's token, where one was imported and exactly one of its tokens fits.
struct Listing {
  std::optional<Time> created_at;
  std::optional<Time> accessed_at;  ///< its last use
  std::optional<Time> expires_at;
  bool dead = false;           ///< revoked or classic; that it expired, the clock tells
  bool shared_expiry = false;  ///< another token that is stored expires on the same day
};

/// A hit as the inventory knows it: what was found, and its history. `hit.source` and `hit.store` come from the scope
/// that saw it last.
struct HitRow {
  Hit hit;
  std::optional<std::string> token;  ///< the token's id
  Time first_seen;
  Time last_seen;               ///< never before first_seen, also where the clock went back
  std::optional<Time> gone_at;  ///< when a complete sweep first missed it; empty unless gone
  State state = State::present;
  std::optional<Time> token_first_seen;  ///< the earliest sight of the same value anywhere
  std::string source_name;               ///< the configured source's name
  std::int64_t places = 1;               ///< in how many places the same token is held now
  std::optional<Listing> listing;
};

/// Which rows a reader wants. Empty members do not restrict. What needs a computed column (overdue, older_than) is
/// filtered by the report layer.
struct HitQuery {
  std::vector<Class> classes;
  std::string source;                           ///< the connector's id or the configured source's name
  std::optional<State> state = State::present;  ///< empty: all (`unknown` counts as present: it was not seen gone)
  std::optional<ScopeFlag> flag;
  std::string id;                ///< a hit's: there is no index of these, so all of them are looked at
  std::string token;             ///< a token's id, or the beginning of one: found by index
  std::optional<SweepId> sweep;  ///< seen by this sweep and by none after it
  bool evidence = false;         ///< whether the rows bring what their place shows: it takes time
};

/// What is concluded of a token as such.
struct TokenVerdict {
  Class klass = Class::B;
  Confidence confidence = Confidence::assumed;
  std::string reason;
  std::optional<int> rank;  ///< of the most downloaded package that it can publish, where that is known
  ScopeFlags flags;         ///< that follow from the registry's list

  friend bool operator==(const TokenVerdict&, const TokenVerdict&) = default;
};

/// A token that is to be concluded: where it is held, each place with its own class, and what the registry's lists say.
struct TokenSubject {
  /// Not the gone ones; the strictest first, a thousand at the most. Where no list names the token, only the strictest
  /// class has a say: no places of another come.
  std::span<const HitRow> hits;
  std::span<const RegistryToken> listed;  ///< all that fit; one that was deleted at the registry counts as revoked
};

/// Concludes a token from its places and the lists; nothing where that is no more than what each place says by itself.
/// It is rules/classify's, handed in: the inventory knows no rules.
using JudgeToken = std::function<std::optional<TokenVerdict>(const TokenSubject&)>;

/// Concludes a place's own class and flags anew, from the evidence that is kept of it.
using JudgeHit = std::function<TokenVerdict(const HitRow&)>;

/// What was imported.
struct ListInfo {
  enum class Kind : std::uint8_t { npm_tokens, npm_packages, ranks };
  Kind kind = Kind::npm_tokens;
  std::string account;  ///< whose list it is; empty for ranks
  std::string file;     ///< where it was read from
  Time imported_at;
  std::int64_t entries = 0;
};

struct GapRow {
  SweepId sweep = 0;
  std::string store;
  Gap gap;
};

struct CoverageRow;  // db/coverage.hpp
struct EventRow;     // db/event.hpp
struct EventQuery;
class LastVisitReader;  // db/last_visits.hpp

/// The inventory on disk: one SQLite file, WAL, strict tables, values in none of them (docs/schema.md).
/// One process writes it, from one thread: `open` takes an exclusive lock (`flock` on `<file>.lock`) and waits for up
/// to `lock_wait` for another's; then it says who holds it (process id, since when). Readers need no lock and block
/// nobody.
class Inventory {
 public:
  enum class Access : std::uint8_t { read, write };
  struct Options {
    Access access = Access::read;
    std::chrono::milliseconds lock_wait{5000};
    /// `InventoryKey::id()` of the key that the fingerprints are made with. The first sweep keeps it; a writer that
    /// comes with another is refused (ErrorKind::misconfigured), because every token would get a new id. Readers need
    /// none; one that gives it is refused in the same way.
    std::string key_id;
  };

  /// Creates the file (0600, in a directory 0700 where that is missing too) or brings an older schema up to date (write
  /// access); refuses a newer one, a damaged one (the file is kept), a foreign one, one in a place where others can
  /// write. The error's line says what to do. Read access needs no lock and never creates; it works in a read-only
  /// place.
  ///
  /// Who may own what is as for sshd: the file belongs to us or root and is no symbolic link; no directory from it up
  /// to the home, or else the root, is another user's or writable for group or others, unless it has the sticky bit
  /// (`/tmp`).
  static Result<Inventory> open(const std::filesystem::path& file, const Options& options);

  Inventory(Inventory&&) noexcept;
  Inventory& operator=(Inventory&&) noexcept;
  ~Inventory();

  // Writing. After a crash the inventory holds whole calls only, in their order: several go into one transaction, which
  // is committed when it is large or a second old (by the call that finds it so), by commit(), and at the beginning and
  // the end of a sweep and of an import.
  //
  // A call that fails with ErrorKind::storage means "unknown", not "no": a COMMIT whose sync failed may be in the file
  // or not. From then on every writing call of this object fails with the same error. Open the inventory again: the
  // state of the sweep and of its scopes tells what was kept, and a new sweep goes on from there.

  /// Everything so far is on disk when this returns.
  Result<> commit();

  /// Also marks what a crash left `running` as `interrupted`, and its open scopes as incomplete. `plan` is a digest of
  /// what the sweep covers and how.
  Result<SweepId> begin_sweep(Time now, std::string_view version, std::string_view rules_digest,
                              std::string_view plan = {});
  /// Goes on with the last sweep, where it was interrupted and had the same plan and rules; nothing where it was not.
  /// `open_scope` opens its scopes again, all but those that are complete. Their gaps are forgotten: each is to be
  /// tried again.
  Result<std::optional<SweepId>> resume_sweep(std::string_view rules_digest, std::string_view plan);
  /// The scopes that were listed to their end in this sweep already: a resumed one need not look there again.
  Result<> for_each_complete_scope(SweepId sweep, const std::function<void(const Scope&)>& each) const;
  /// What the last sweep read whole in scopes that it did not finish, where it was interrupted: a resumed one need not
  /// look there again, and its hits there count as seen. Scopes without any do not come.
  Result<> for_each_tree_read(const std::function<void(const Scope&, std::vector<TreeRead>)>& each) const;
  /// The scopes of a configured source that any sweep came to. The same source is one of the same connector and name.
  Result<> for_each_scope(std::string_view connector, std::string_view source,
                          const std::function<void(const Scope&)>& each) const;
  /// What is known of the versions of places in each scope of a configured source, by mark; scopes of which nothing is
  /// known do not come.
  Result<> for_each_known(std::string_view connector, std::string_view source,
                          const std::function<void(const Scope&, std::vector<KnownVersion>)>& each) const;
  /// Opens a scope in a running sweep, once in each. The same scope has the same id in every sweep.
  Result<ScopeId> open_scope(SweepId sweep, const Scope& scope);
  /// Inserts or refreshes hits by id; the same id again replaces what it said (class, flags, locator) and moves it to
  /// this scope. `source` and `store` of a hit are the scope's; what the hit itself says there is not read.
  Result<> write(SweepId sweep, ScopeId scope, std::span<const Hit> hits, std::span<const Gap> gaps, Time now);
  /// Keeps which parts of an open scope were read whole, until the scope is complete or the sweep ends otherwise than
  /// by an interruption; one stands for all below it. What was found there was written before, and no gap lies there.
  Result<> keep_trees(SweepId sweep, ScopeId scope, std::span<const TreeRead> trees);
  /// What was read in an open scope whose store numbers the versions of its places: the marks of all that was asked
  /// for, and those places that are as they were, whose hits are seen again with nothing else said of them.
  /// `unchanged_since` gives for a place of a hit the sweep that KnownVersion::since named. Where `is_whole`, the
  /// scope was listed to its end: what it knew besides is forgotten.
  Result<> keep_versions(SweepId sweep, ScopeId scope, std::vector<Mark> read, bool is_whole,
                         const std::function<std::optional<SweepId>(std::string_view place)>& unchanged_since,
                         Time now);
  /// Closes a scope and in the same transaction settles what this sweep did not see again inside its realm and prefix
  /// (hits of enclosing or nested scopes included). A hit is `gone` only where the sweep would have seen it: the
  /// listing was complete, the hit's rule is in `end.rules`, deep places were read for a deep hit, and no gap of this
  /// scope (incomplete or not) is its place or lies above it. Otherwise it is `unknown`. What is gone stays so until it
  /// is seen again. A scope with a gap where something was missed cannot be complete: it is kept as incomplete,
  /// whatever `end` says.
  Result<> close_scope(SweepId sweep, ScopeId scope, const ScopeEnd& end, Time now);
  /// Ends the sweep, and moves everything from the WAL into the file: what is reported complete is in the file. (Where
  /// a reader stands in the way for longer than a second, it stays in the WAL, on disk as well.) Scopes that are
  /// still open become incomplete. `complete` is refused (ErrorKind::internal) where a scope is neither complete nor
  /// skipped.
  Result<> finish_sweep(SweepId sweep, SweepState state, Time now);

  /// Until the sweep ends, write() concludes tokens that are new by `judge` at once, from their hits in the same call:
  /// so most are written once, and settle_classes, which is to get the same judge, has only those left whose places
  /// came in several calls. Does nothing where lists were imported; none may be while the sweep runs.
  Result<> conclude_at_once(JudgeToken judge);
  /// Concludes every token of which something changed: by `judge` where its places disagree or a list names it. What
  /// that changes of its places' class and flags is kept as events, of `sweep` or (0) of an import.
  Result<> settle_classes(SweepId sweep, const JudgeToken& judge, Time now);
  /// Concludes each place's own class and each listed token anew: after a change of policy or ranks. `settle_classes`
  /// is to follow.
  Result<> judge_anew(const JudgeHit& judge_hit, const JudgeToken& judge_token, Time now);

  /// Puts an account's list of tokens in place of the one before: what it no longer names was deleted at the registry.
  /// `judge` gives each listed token the class that it has where it is stored nowhere. `settle_classes` is to follow.
  Result<> import_tokens(const ListInfo& list, std::span<const RegistryToken> tokens, const JudgeToken& judge);
  /// The same for what an account can write; `judge_anew` is to follow.
  Result<> import_packages(const ListInfo& list, std::span<const WritablePackage> packages);
  /// Keeps a list of download ranks, as `Ranks::parse` reads it; `judge_anew` is to follow.
  Result<> import_ranks(const ListInfo& list, std::string_view text);
  /// Keeps the policy that is in force: `text` as it stands in `file`.
  Result<> keep_policy(std::string_view text, std::string_view file, Time now);
  /// Keeps the public line of the collector that tokens are sealed to.
  Result<> keep_collector(std::string_view line, Time now);
  /// Keeps a sweep's figures, by name.
  Result<> keep_figures(SweepId sweep, std::span<const std::pair<std::string_view, std::int64_t>> figures);

  // Reading. Rows stream in a fixed order, in constant memory; `each` returns false to stop, and may read, not write.

  /// By class, then the oldest first (by `updated_at`, else `created_at`, else `first_seen`), then by id. The row is
  /// one object that is filled again for each hit: copy what is to be kept.
  Result<> for_each_hit(const HitQuery& query, const std::function<bool(const HitRow&)>& each) const;
  /// In the order in which they were written.
  Result<> for_each_gap(SweepId sweep, const std::function<bool(const GapRow&)>& each) const;
  /// The oldest first.
  Result<std::vector<SweepInfo>> sweeps() const;
  /// What is stored nowhere that was looked, of the tokens that a registry lists and that are alive there: as rows with
  /// the flag `unfound`, whose `source` is `npm-registry` and whose `store` is the account.
  Result<> for_each_unfound(const std::function<bool(const HitRow&)>& each) const;
  /// Of one sweep, by source and store.
  Result<> for_each_coverage(SweepId sweep, const std::function<bool(const CoverageRow&)>& each) const;
  /// What changed after `since`, the oldest first; what came is among it.
  Result<> for_each_event(const EventQuery& query, const std::function<bool(const EventRow&)>& each) const;
  /// The listed tokens that fit a token, by its id.
  Result<std::vector<RegistryToken>> listed_for(const Fingerprint& token) const;
  /// The lists that count: the newest of each account and kind, the oldest import first.
  Result<std::vector<ListInfo>> lists() const;
  Result<std::vector<WritablePackage>> packages() const;
  /// The newest list of download ranks that was imported; empty where there is none.
  Result<std::optional<std::string>> ranks() const;
  /// The policy in force, as TOML; empty where no sweep had one.
  Result<std::optional<std::string>> policy() const;
  /// What each scope's last visit left, all of it as of one moment.
  Result<> read_last_visits(LastVisitReader& reader) const;
  /// The tokens whose box for the collector's key of this id is kept already.
  Result<std::set<Fingerprint>> sealed_tokens(std::string_view collector_id) const;
  /// The collector that the last sweep sealed to; empty where none did.
  Result<std::optional<std::string>> collector() const;
  /// The figures of the sweeps that ended, as kept, the oldest first; `each` gets the sweep, its end and one figure.
  Result<> for_each_figure(
      const std::function<bool(SweepId sweep, Time at, std::string_view name, std::int64_t value)>& each) const;

 private:
  struct Impl;  // keeps <sqlite3.h> out of everyone else's build
  explicit Inventory(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// The token's id that exports show: `t` and the first 16 hex digits of its fingerprint.
std::string token_id(const Fingerprint& fingerprint);

}  // namespace tokensweep
