#pragma once

#include <atomic>
#include <cstdint>
#include <variant>
#include <vector>

#include "model/model.hpp"
#include "model/scope.hpp"
#include "scanner/bounded_queue.hpp"
#include "scanner/inspection.hpp"
#include "scanner/version_memory.hpp"

namespace tokensweep {

/// What sources tell the writer: a scope begins, what was found in it, how it ended. Those of one scope come in this
/// order, versions right before the end; what was read whole comes after what was found there. Scopes may overlap. A
/// scope is called by a number of this sweep's.
struct SweepEvent {
  std::uint32_t scope = 0;
  std::variant<Scope, Hit, Gap, std::vector<TreeRead>, PlaceVersions, ScopeEnd> what;
};

using SweepQueue = BoundedQueue<SweepEvent>;

/// Gives each scope of a sweep its number, whichever thread begins it.
using ScopeNumbers = std::atomic<std::uint32_t>;

/// Puts what the inspectors of one scope find into the queue.
class ScopeSink final : public FindingSink {
 public:
  ScopeSink(SweepQueue& queue, std::uint32_t scope) : queue_(queue), scope_(scope) {}
  void found(Hit hit) override { queue_.push({scope_, std::move(hit)}); }
  void gap(Gap gap) override { queue_.push({scope_, std::move(gap)}); }

 private:
  SweepQueue& queue_;
  std::uint32_t scope_;
};

}  // namespace tokensweep
