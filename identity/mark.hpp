#pragma once

#include <initializer_list>
#include <string_view>

#include "model/known_version.hpp"

namespace tokensweep {

/// The mark of some texts in their order: BLAKE2b-128 over each with its length, so that no two lists of texts share
/// one, whoever makes them up.
Mark mark_of(std::initializer_list<std::string_view> texts);

}  // namespace tokensweep
