#pragma once

#include "base/result.hpp"
#include "db/inventory.hpp"
#include "db/sqlite.hpp"

namespace tokensweep {

/// A scope's last visit.
struct VisitRow {
  ScopeId id = 0;
  SweepId sweep = 0;
  std::string rules_digest;  ///< the sweep's
  Scope scope;
  /// What was in force and what was read; `rules` is empty where nobody knows, `covers` always. A visit that did not
  /// end is `incomplete`.
  ScopeEnd end;
  Time ended_at;  ///< or began, where it did not end
};

/// Takes what the last visits left: every visit, then every gap of these, then every hit that is not gone.
class LastVisitReader {
 public:
  virtual ~LastVisitReader() = default;
  virtual void visit(const VisitRow& row) = 0;
  virtual void gap(ScopeId scope, const Gap& gap) = 0;
  /// `scope` saw it last. The row has the place's own class, and its evidence; it is one object that is filled again.
  virtual void hit(ScopeId scope, const HitRow& row) = 0;
};

/// What Inventory::read_last_visits does.
Result<> read_last_visits(sqlite::Database& database, LastVisitReader& reader);

/// What Inventory::sealed_tokens does.
Result<std::set<Fingerprint>> read_sealed_tokens(sqlite::Database& database, std::string_view collector_id);

}  // namespace tokensweep
