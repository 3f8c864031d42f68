#include <doctest/doctest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "tests/report/rows.hpp"

namespace tokensweep::testing {

std::string file_content(const std::string& file) {
  std::ostringstream out;
  out << std::ifstream(file, std::ios::binary).rdbuf();
  return out.str();
}

void check_golden(std::string_view name, std::string_view text) {
  const std::string file = std::string(TOKENSWEEP_GOLDEN "/").append(name);
  if (const char* accept = std::getenv("TOKENSWEEP_ACCEPT"); accept != nullptr && *accept != '\0') {
    std::ofstream(file, std::ios::binary) << text;
  }
  INFO("if the new text is right: TOKENSWEEP_ACCEPT=1 meson test, then review the difference of ", file);
  CHECK(std::string(text) == file_content(file));
}

}  // namespace tokensweep::testing
