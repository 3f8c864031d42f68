#include "scanner/value_filter.hpp"

#include <utility>

#include "scanner/sighting_matcher.hpp"

namespace tokensweep {

bool ValueFilter::may_matter(std::string_view name, std::string_view bytes, Spelling spelling) {
  // Such a name vouches for a value that no rule knows by its shape, or says how the value is read.
  if (detector_.rules.named(name) || format_of(name) != FileFormat::text) return true;
  if (spelling == Spelling::base64) return may_matter_in_base64(bytes);
  search_.literals(bytes, literals_);
  return !literals_.empty() || !detector_.prefilter.unfiltered().empty();
}

bool ValueFilter::may_matter_in_base64(std::string_view text) {
  if (!in_base64_) {
    auto made = Prefilter::compile_in_base64(detector_.rules.rules());
    if (!made) return true;
    scratch_.emplace(in_base64_.emplace(std::move(*made)));
  }
  in_base64_->find(text, *scratch_, literals_);
  return !literals_.empty() || !in_base64_->unfiltered().empty();
}

}  // namespace tokensweep
