#pragma once

#include "scanner/cli.hpp"
#include "scanner/world.hpp"

namespace tokensweep {

/// `tokensweep sources check`: what each configured source would let us read, and at what price. Sweeps nothing, writes
/// no inventory. kIncomplete where a source cannot be read, or not all of it.
int run_sources_check(const GlobalOptions& global, const SourcesCheckOptions& options, const World& world);

}  // namespace tokensweep
