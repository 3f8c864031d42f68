#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace tokensweep {

/// The name in a `package.json` that can be published: valid JSON, a name, not `"private": true`.
std::optional<std::string> publishable_name(std::string_view package_json);

}  // namespace tokensweep
