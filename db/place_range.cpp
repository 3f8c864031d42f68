#include "db/place_range.hpp"

namespace tokensweep {

std::string_view normal_prefix(std::string_view prefix) {
  while (prefix.ends_with('/')) prefix.remove_suffix(1);
  return prefix;
}

bool is_at_or_below(std::string_view place, std::string_view prefix) {
  if (prefix.empty() || place == prefix) return true;
  return place.size() > prefix.size() && place.starts_with(prefix) && place[prefix.size()] == '/';
}

std::string end_of_range(std::string_view prefix) {
  constexpr char kAfterSlash = '/' + 1;
  return std::string(prefix) + kAfterSlash;
}

}  // namespace tokensweep
