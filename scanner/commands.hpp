#pragma once

#include "scanner/cli.hpp"
#include "scanner/world.hpp"

namespace tokensweep {

/// Does what the command line asks for. Returns the exit code.
int run_command(const CommandLine& line, const World& world);

}  // namespace tokensweep
