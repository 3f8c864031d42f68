#include "formats/package_name.hpp"

#include <algorithm>
#include <cstddef>

namespace tokensweep {
namespace {

constexpr std::size_t kLongest = 214;  // npm's own limit

/// What JavaScript's encodeURIComponent leaves as it is, which is npm's rule (validate-npm-package-name).
bool is_plain(char character) {
  constexpr std::string_view kSigns = "-_.!~*'()";
  const bool letter = (character | 0x20) >= 'a' && (character | 0x20) <= 'z';
  const bool digit = character >= '0' && character <= '9';
  return letter || digit || kSigns.find(character) != std::string_view::npos;
}

bool is_part(std::string_view text) { return !text.empty() && std::ranges::all_of(text, is_plain); }

}  // namespace

bool is_package_name(std::string_view text) {
  if (text.size() > kLongest) return false;
  if (!text.starts_with('@')) return is_part(text);
  const std::size_t slash = text.find('/');
  return slash != std::string_view::npos && is_part(text.substr(1, slash - 1)) && is_part(text.substr(slash + 1));
}

}  // namespace tokensweep
