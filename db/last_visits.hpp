#pragma once

#include "db/inventory.hpp"

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

}  // namespace tokensweep
