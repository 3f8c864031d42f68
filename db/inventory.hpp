#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
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
  std::string prefix;  ///< every place of the scope is this one or begins with it; two scopes of one realm may nest
};

/// How a scope ended.
struct ScopeEnd {
  ScopeState state = ScopeState::complete;
  std::string reason;               ///< empty where complete
  bool deep = false;                ///< whether the places that only a deep sweep reads were read
  std::vector<std::string> rules;   ///< ids of the rules in force: only their hits can be gone
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
  std::string version;        ///< tokensweep's
  std::string rules_digest;
};

/// A hit as the inventory knows it: what was found, and its history. `realm` and `store` come from its scope.
struct HitRow {
  Hit hit;
  std::optional<std::string> token;  ///< the token's id
  Time first_seen;
  Time last_seen;
  std::optional<Time> gone_at;
  State state = State::present;
  std::optional<Time> token_first_seen;  ///< the earliest sight of the same value anywhere
};

/// Which rows a reader wants. Empty members do not restrict. What needs a computed column (overdue, older_than) is filtered by the report layer.
struct HitQuery {
  std::vector<Class> classes;
  std::string source;
  std::optional<State> state = State::present;  ///< empty: all (`unknown` counts as present: it was not seen gone)
  std::optional<ScopeFlag> flag;
  std::string token;  ///< a token's id, or the beginning of one
  std::optional<SweepId> sweep;  ///< seen by this sweep
};

struct GapRow {
  SweepId sweep = 0;
  std::string store;
  Gap gap;
};

/// The inventory on disk: one SQLite file, WAL, strict tables, values in none of them.
/// One process writes it, from one thread: `open` takes an exclusive lock (`flock` on `<file>.lock`) and waits for up to `lock_wait`
/// for another's; then it says who holds it (process id, since when).
class Inventory {
 public:
  enum class Access : std::uint8_t { read, write };
  struct Options {
    Access access = Access::read;
    std::chrono::milliseconds lock_wait{5000};
  };

  /// Creates the file (0600, in a directory 0700) or brings an older schema up to date (write access); refuses a newer one, a damaged one,
  /// a foreign one, one in a place where others can write. The error's line says what to do. Read access needs no lock and never creates.
  static Result<Inventory> open(const std::filesystem::path& file, const Options& options);

  Inventory(Inventory&&) noexcept;
  Inventory& operator=(Inventory&&) noexcept;
  ~Inventory();

  // Writing. Each call is one transaction: after a crash the inventory holds whole calls only.
  Result<SweepId> begin_sweep(Time now, std::string_view version, std::string_view rules_digest);
  Result<ScopeId> open_scope(SweepId sweep, const Scope& scope);
  /// Inserts or refreshes hits by id; the same id again replaces what it said (class, flags, locator, store).
  Result<> write(SweepId sweep, ScopeId scope, std::span<const Hit> hits, std::span<const Gap> gaps, Time now);
  /// Closes a scope and in the same transaction settles what this sweep did not see again inside its realm and prefix (hits of
  /// enclosing or nested scopes included): `gone` where the listing was complete, `unknown` where it was not.
  Result<> close_scope(SweepId sweep, ScopeId scope, const ScopeEnd& end, Time now);
  /// Ends the sweep, and moves everything from the WAL into the file: what is reported complete is in the file.
  Result<> finish_sweep(SweepId sweep, SweepState state, Time now);

  // Reading. Rows stream in a fixed order (class, then oldest first, then id), in constant memory; `each` returns false to stop.
  Result<> for_each_hit(const HitQuery& query, const std::function<bool(const HitRow&)>& each) const;
  Result<> for_each_gap(SweepId sweep, const std::function<bool(const GapRow&)>& each) const;
  Result<std::vector<SweepInfo>> sweeps() const;

 private:
  struct Impl;  // keeps <sqlite3.h> out of everyone else's build
  explicit Inventory(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// The token's id that exports show: `t` and the first 16 hex digits of its fingerprint.
std::string token_id(const Fingerprint& fingerprint);

}  // namespace tokensweep
