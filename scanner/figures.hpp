#pragma once

#include <vector>

#include "base/result.hpp"
#include "db/coverage.hpp"
#include "db/inventory.hpp"
#include "model/figures.hpp"
#include "model/policy.hpp"

namespace tokensweep {

/// The figures of what the inventory holds now; coverage is `sweep`'s.
Result<Figures> count_figures(const Inventory& inventory, const Policy& policy, SweepId sweep, Time now);

/// Keeps figures as those of a sweep, and reads what was kept: of the sweeps that ended, the oldest first.
Result<> keep_figures(Inventory& inventory, SweepId sweep, const Figures& figures);
Result<std::vector<Figures>> kept_figures(const Inventory& inventory);

Result<std::vector<CoverageRow>> coverage_of(const Inventory& inventory, SweepId sweep);

}  // namespace tokensweep
