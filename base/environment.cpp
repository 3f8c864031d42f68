#include "base/environment.hpp"

#include <cstdlib>

namespace tokensweep {

std::optional<std::string> process_environment(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr) return std::nullopt;
  return value;
}

}  // namespace tokensweep
