#pragma once

#include <functional>
#include <optional>
#include <string>

namespace tokensweep {

/// Looks up an environment variable; passed in, so that what depends on the environment can be tested.
using Environment = std::function<std::optional<std::string>(const char* name)>;
std::optional<std::string> process_environment(const char* name);

}  // namespace tokensweep
