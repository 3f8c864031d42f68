#pragma once

#include "scanner/cli.hpp"
#include "scanner/world.hpp"

namespace tokensweep {

/// `tokensweep import`: takes lists into the inventory as evidence, and concludes every class that they touch. All
/// files are read before anything is written: one that is refused changes nothing. Returns the exit code.
int run_import(const GlobalOptions& global, const ImportOptions& options, const World& world);

}  // namespace tokensweep
