#pragma once

#include <string_view>

namespace tokensweep {

/// Whether the commands of a CI file, a script or a Dockerfile publish or install packages, by words that
/// do so (a tool, an action, a package manager's verb behind any options). Comment lines do not count.
struct Commands {
  bool publishes = false;
  bool installs = false;
};
Commands commands_in(std::string_view text);

}  // namespace tokensweep
