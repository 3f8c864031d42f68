#pragma once

#include <algorithm>
#include <cstddef>

namespace tokensweep::kubernetes {

/// How many secrets to ask for at once, by what those before weighed: an API server holds a whole page in memory, and
/// secrets have between a hundred bytes and a megabyte.
class PageSize {
 public:
  [[nodiscard]] std::size_t limit() const { return limit_; }

  /// A page has come.
  void came(std::size_t bytes, std::size_t items) {
    if (items > 0) limit_ = std::clamp(kBytes / std::max<std::size_t>(bytes / items, 1), kLeast, kMost);
  }

  /// Twice what kubectl asks for: with each page etcd counts all that is behind it, which costs a large cluster as much
  /// as the page itself.
  static constexpr std::size_t kMost = 1000;
  /// Of names and versions, as kubectl: their size says nothing of the objects that the API server reads for them.
  static constexpr std::size_t kNames = 500;
  static constexpr std::size_t kLeast = 20;
  static constexpr std::size_t kFirst = 100;

 private:
  static constexpr std::size_t kBytes = std::size_t{8} << 20U;

  std::size_t limit_ = kFirst;
};

}  // namespace tokensweep::kubernetes
