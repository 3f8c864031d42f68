#pragma once

#include <map>
#include <string>

#include "base/result.hpp"
#include "db/inventory.hpp"
#include "merge/sealed_export.hpp"
#include "merge/sealed_import.hpp"

namespace tokensweep {

/// Writes what a laptop handed over as a sweep of its own: started when the file was made, its `rules_digest` the
/// sender. It touches no row of another sender, nor of the collector's own sweeps. A failure half-way leaves a sweep
/// that is interrupted, has called nothing gone that the file does not, and does not keep the same file from being
/// imported again.
///
/// The classes of what changed are settled by `judge` before the sweep ends: what counts as merged is concluded, too.
Result<SweepId> merge(Inventory& inventory, const SealedInventory& laptop, const JudgeToken& judge, Time now);

/// When the newest file that was merged to its end was made, sender by sender: for `Collector::newest`.
Result<std::map<std::string, Time>> newest_merged(const Inventory& inventory);

/// Hands over what the last visits of this inventory's own file systems left; what it merged from others is theirs to
/// hand over. `sealed` is not ended.
Result<> hand_over(const Inventory& inventory, SealedExport& sealed);

}  // namespace tokensweep
