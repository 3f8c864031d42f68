#pragma once

#include <string_view>

namespace tokensweep {

/// The public npm registry: the only place where its host is spelled. A credential that names no registry is for it.
inline constexpr std::string_view kPublicRegistryHost = "registry.npmjs.org";

}  // namespace tokensweep
