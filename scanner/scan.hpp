#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "scanner/cli.hpp"
#include "scanner/config.hpp"
#include "scanner/text_search.hpp"
#include "scanner/world.hpp"

namespace tokensweep {

/// The configuration's sources, or those that are named; `misconfigured` where a name is none of them, or where there
/// is none at all.
Result<std::vector<const SourceConfig*>> chosen_sources(const Config& config, std::span<const std::string> names);

/// `tokensweep scan`: sweeps, writes the inventory, prints what was found. Returns the exit code.
int run_scan(const GlobalOptions& global, const ScanOptions& options, const World& world);

/// `tokensweep rules test FILE`: what the rules find in one file. Writes no inventory.
int run_rules_test(const RulesTestOptions& options, const World& world);

/// The rules in force.
Result<Detector> load_detector(const RuleOptions& options);

}  // namespace tokensweep
