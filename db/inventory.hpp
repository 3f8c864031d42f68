#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "model/model.hpp"

namespace tokensweep {

using SweepId = std::int64_t;
using ScopeId = std::int64_t;

/// How a scope's listing ended. Only `complete` may call anything gone.
enum class ScopeState : std::uint8_t { open, complete, incomplete, denied, failed, skipped };

/// What a sweep covers: a root directory, a repository, a namespace, a region, a context.
struct Scope {
  std::string source;  ///< the connector's id: filesystem
  std::string name;    ///< the configured source's name; for `scan --path` the connector's id
  std::string store;   ///< as exported: host and root, org/repo, ...
  std::string realm;   ///< in which places are unique: the host, the account, ...
  /// Every place of the scope is this one or lies below it ("/home/a" holds "/home/a/x", not "/home/ab"); "/" and ""
  /// hold the whole realm. Two scopes of one realm may nest. A realm is one connector's: the same name elsewhere is
  /// another.
  std::string prefix;
};

/// How a scope ended.
struct ScopeEnd {
  ScopeState state = ScopeState::complete;
  std::string reason;              ///< empty where complete
  bool deep = false;               ///< whether the places that only a deep sweep reads were read
  std::vector<std::string> rules;  ///< ids of the rules in force: only their hits can be gone
  /// Whether the sweep would have looked at a place, where it was told to pass over some; empty: it would.
  std::function<bool(std::string_view place)> covers;
  std::uint64_t files_seen = 0;
  std::uint64_t files_read = 0;
  std::uint64_t bytes_read = 0;
};

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
  std::string token;             ///< a token's id, or the beginning of one
  std::optional<SweepId> sweep;  ///< seen by this sweep and by none after it
};

struct GapRow {
  SweepId sweep = 0;
  std::string store;
  Gap gap;
};

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
    /// none.
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

  // Writing. Each call is one transaction, on disk when it returns: after a crash the inventory holds whole calls only.
  //
  // A call that fails with ErrorKind::storage means "unknown", not "no": a COMMIT whose sync failed may be in the file
  // or not. From then on every writing call of this object fails with the same error. Open the inventory again: the
  // state of the sweep and of its scopes tells what was kept, and a new sweep goes on from there.

  /// Also marks what a crash left `running` as `interrupted`, and its open scopes as incomplete.
  Result<SweepId> begin_sweep(Time now, std::string_view version, std::string_view rules_digest);
  /// Opens a scope in a running sweep, once in each. The same scope has the same id in every sweep.
  Result<ScopeId> open_scope(SweepId sweep, const Scope& scope);
  /// Inserts or refreshes hits by id; the same id again replaces what it said (class, flags, locator) and moves it to
  /// this scope. `source` and `store` of a hit are the scope's; what the hit itself says there is not read.
  Result<> write(SweepId sweep, ScopeId scope, std::span<const Hit> hits, std::span<const Gap> gaps, Time now);
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

  // Reading. Rows stream in a fixed order, in constant memory; `each` returns false to stop, and may read, not write.

  /// By class, then the oldest first (by `updated_at`, else `created_at`, else `first_seen`), then by id. The row is
  /// one object that is filled again for each hit: copy what is to be kept.
  Result<> for_each_hit(const HitQuery& query, const std::function<bool(const HitRow&)>& each) const;
  /// In the order in which they were written.
  Result<> for_each_gap(SweepId sweep, const std::function<bool(const GapRow&)>& each) const;
  /// The oldest first.
  Result<std::vector<SweepInfo>> sweeps() const;

 private:
  struct Impl;  // keeps <sqlite3.h> out of everyone else's build
  explicit Inventory(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// The token's id that exports show: `t` and the first 16 hex digits of its fingerprint.
std::string token_id(const Fingerprint& fingerprint);

}  // namespace tokensweep
