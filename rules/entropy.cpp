#include "rules/entropy.hpp"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>

#include "rules/utf8.hpp"

namespace tokensweep {

double entropy_of(std::string_view text) {
  std::map<std::uint32_t, std::size_t> counts;
  for (std::string_view rest = text; !rest.empty();) {
    const Rune rune = decode_rune(rest);
    ++counts[rune.value];
    rest.remove_prefix(rune.size);
  }
  double entropy = 0;
  for (const auto& [character, count] : counts) {
    const double share = static_cast<double>(count) / static_cast<double>(text.size());
    entropy -= share * std::log2(share);
  }
  return entropy;
}

}  // namespace tokensweep
