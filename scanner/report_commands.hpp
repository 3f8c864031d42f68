#pragma once

#include "scanner/cli.hpp"
#include "scanner/world.hpp"

/// The commands that tell what an inventory holds, besides its hits. Each returns the exit code.
namespace tokensweep {

int run_diff(const GlobalOptions& global, const DiffOptions& options, const World& world);
int run_report(const GlobalOptions& global, const ReportOptions& options, const World& world);
int run_classify(const GlobalOptions& global, const ClassifyOptions& options, const World& world);

}  // namespace tokensweep
