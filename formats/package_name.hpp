#pragma once

#include <string_view>

namespace tokensweep {

/// Whether npm could have such a package: `left-pad`, `@acme/site`; 1 to 214 characters that need no escape in a URL.
/// Old packages may have capitals and any of `!~*'()`, so these pass.
bool is_package_name(std::string_view text);

}  // namespace tokensweep
