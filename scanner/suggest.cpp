#include "scanner/suggest.hpp"

#include <algorithm>
#include <utility>

namespace tokensweep {
namespace {

/// How many letters have to change, come or go to make `b` of `a`.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t corner = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t changed = corner + (a[i - 1] == b[j - 1] ? 0 : 1);
      corner = std::exchange(row[j], std::min({row[j] + 1, row[j - 1] + 1, changed}));
    }
  }
  return row.back();
}

}  // namespace

std::string nearest(std::string_view typed, const std::vector<std::string>& known) {
  constexpr std::size_t kNear = 2;
  constexpr std::size_t kLongestTyped = 32;
  if (typed.size() > kLongestTyped) return {};
  std::string best;
  std::size_t least = kNear + 1;
  for (const std::string& word : known) {
    const std::size_t steps = distance(typed, word);
    if (steps < least && steps < word.size()) least = steps, best = word;
  }
  return best;
}

}  // namespace tokensweep
