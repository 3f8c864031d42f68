#pragma once

#include <string>
#include <string_view>

namespace CLI {
class App;
}

/// Everything that describes the command line in words, made from the App that parses it: an option cannot be missing
/// here.
///
/// What the App says in its own fields: an option's type name is shown behind it, and tells completions what to offer:
/// `FILE`, `DIR`, or words separated by `|`. A command's footer holds its examples. A command whose group is empty is
/// not shown.
namespace tokensweep {

/// `--help` of `command`, which is `app` itself or one below it. `app` has the options that all commands take.
std::string help_text(const CLI::App& app, const CLI::App& command);

/// The manual page, in roff with the man macros. `more` is roff that goes before the examples: what no option can tell.
std::string man_page(const CLI::App& app, std::string_view version, std::string_view more);

std::string bash_completion(const CLI::App& app);
std::string zsh_completion(const CLI::App& app);
std::string fish_completion(const CLI::App& app);

}  // namespace tokensweep
