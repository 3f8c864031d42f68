#pragma once

#include <string_view>

namespace tokensweep {

/// Shannon's entropy as gitleaks takes it: over the characters' counts, but divided by the length in bytes. For ASCII
/// it is the bits per character.
double entropy_of(std::string_view text);

}  // namespace tokensweep
