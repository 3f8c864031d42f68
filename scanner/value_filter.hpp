#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "connectors/connector.hpp"
#include "rules/prefilter.hpp"
#include "scanner/text_search.hpp"

namespace tokensweep {

/// Tells values that could hold what is looked for from the others, at the price of one look at each byte. For one
/// thread.
class ValueFilter {
 public:
  explicit ValueFilter(const Detector& detector) : detector_(detector), search_(detector) {}

  /// As Sink::may_matter has it.
  bool may_matter(std::string_view name, std::string_view bytes, Spelling spelling);

 private:
  bool may_matter_in_base64(std::string_view text);

  const Detector& detector_;
  TextSearch search_;
  std::vector<LiteralHit> literals_;
  std::optional<Prefilter> in_base64_;  ///< made when the first such value comes
  std::optional<Prefilter::Scratch> scratch_;
};

}  // namespace tokensweep
