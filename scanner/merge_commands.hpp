#pragma once

#include "scanner/cli.hpp"
#include "scanner/world.hpp"

/// The commands that bring laptops' inventories together (docs/merge.md). Each returns the exit code.
namespace tokensweep {

/// `collector init`: makes the collector's key pair where there is none, and prints the public line: the same one each
/// time.
int run_collector_init(const GlobalOptions& global, const CollectorInitOptions& options, const World& world);

/// `export --seal`: hands the inventory over, sealed for its collector and signed.
int run_sealed_export(const GlobalOptions& global, const ExportOptions& options, const World& world);

/// `import inventory`: merges what laptops handed over. Each file counts by itself: one that is refused changes
/// nothing, and does not keep the others out, or whoever can drop a file could stop a whole fleet.
int run_import_inventory(const GlobalOptions& global, const ImportOptions& options, const World& world);

}  // namespace tokensweep
