#pragma once

#include <string_view>

namespace tokensweep {

/// Whether the commands of a CI file, a script or a Dockerfile publish or install packages, by words that
/// do so (a tool, an action, a package manager's verb behind any options). Comment lines do not count.
struct Commands {
  bool publishes = false;
  bool installs = false;
  // The first words that said so, such as `npm publish`; empty where none did. They are ours, never a piece of the
  // text.
  std::string_view publishing = {};
  std::string_view installing = {};
};
Commands commands_in(std::string_view text);

/// Whether a text names publishing, in whatever case: what no known command does may be done by something of that name.
bool speaks_of_publishing(std::string_view text);

}  // namespace tokensweep
