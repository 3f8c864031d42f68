#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tokensweep {

/// The known word that `typed` is nearly (a letter or two changed, left out or too many), empty if it is near none.
/// Only known words come back: what was typed may be a secret in the wrong place.
std::string nearest(std::string_view typed, const std::vector<std::string>& known);

}  // namespace tokensweep
