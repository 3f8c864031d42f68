#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "db/sqlite.hpp"
#include "db/token_writer.hpp"

namespace tokensweep {

/// The hits of one call that are in the file exactly as they were found again: most hits of most sweeps. One walk over
/// their places finds them, and one statement notes the sight of neighbours.
class KnownHits {
 public:
  explicit KnownHits(sqlite::Database& database) : database_(database) {}

  /// Finds them; of several with the same id only the first can be known. The hits have to stay where they are until
  /// the next call.
  Result<> find(std::span<const Hit> hits, const Sight& sight);
  [[nodiscard]] bool has(std::size_t index) const { return known_[index].row != 0; }
  /// The token of such a hit; nothing where it has no value.
  [[nodiscard]] const std::optional<KnownToken>& token_of(std::size_t index) const { return known_[index].token; }
  /// Notes the last sight of all that were found.
  Result<> refresh(const Sight& sight);

 private:
  struct Known {
    std::int64_t row = 0;  ///< 0: it is not known, or not exactly so
    std::optional<KnownToken> token;
  };
  Result<> walk(const Sight& sight);
  bool is_as_found(const sqlite::Statement& row, const Hit& hit, const Sight& sight);

  sqlite::Database& database_;
  std::span<const Hit> hits_;
  std::vector<std::size_t> by_place_;
  std::vector<Known> known_;  ///< by hit
  std::vector<std::int64_t> rows_;
  std::string evidence_;  ///< of the hit that is compared
};

}  // namespace tokensweep
