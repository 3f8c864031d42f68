#pragma once

#include <functional>
#include <optional>
#include <string>

#include "base/result.hpp"
#include "db/inventory.hpp"
#include "merge/sealed_import.hpp"

namespace tokensweep {

/// Writes what a laptop handed over as a sweep of its own: started when the file was made, its `rules_digest` the
/// sender. It touches no row of another sender, nor of the collector's own sweeps. A failure half-way leaves a sweep
/// that is interrupted, has called nothing gone that the file does not, and does not keep the same file from being
/// imported again.
Result<SweepId> merge(Inventory& inventory, const SealedInventory& laptop, Time now);

/// When the newest file that was merged to its end was made, sender by sender: for `Collector::newest`.
Result<std::function<std::optional<Time>(const std::string& sender)>> newest_merged(const Inventory& inventory);

}  // namespace tokensweep
