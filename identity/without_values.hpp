#pragma once

#include <string>
#include <string_view>

namespace tokensweep {

/// A name out of a file (a setting, a variable, a registry's path, a JSON key), with whatever in it could be a value
/// replaced by `…`: a UUID, and more than 20 letters and digits in a row that no word is. People write secrets into the
/// strangest places.
std::string without_values(std::string_view name);

}  // namespace tokensweep
