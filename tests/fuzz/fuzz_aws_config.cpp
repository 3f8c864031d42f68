#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "connectors/aws/config_text.hpp"
#include "connectors/aws/process.hpp"
#include "tests/fuzz/require.hpp"

using namespace tokensweep;
using namespace tokensweep::aws;

using tokensweep::testing::require;

namespace {}  // namespace

/// Any bytes are sections of keys in lower case, or refused with a line; any value has sub-keys, and is a command or
/// none.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto sections = read_config(text);
  if (!sections) {
    const std::string& what = sections.error().what;
    require(what.starts_with("line ") && what.find('\n') == std::string::npos && what.size() < 100);
    return 0;
  }
  std::uint32_t line = 0;
  for (const ConfigSection& section : *sections) {
    require(!section.name.empty() && section.line > line);
    line = section.line;
    for (const auto& [key, value] : section.values) {
      require(!key.empty() && key.find_first_of("=:\n") == std::string::npos);
      for (const auto& [inner, inner_value] : nested_values(value)) {
        require(!inner.empty() && inner_value.size() < value.size());
      }
      if (const auto words = split_command(value.reveal())) {
        std::size_t letters = 0;
        for (const std::string& word : *words) letters += word.size();
        require(letters <= value.size());
      }
    }
  }
  return 0;
}
