#pragma once

#include <cstdint>
#include <string_view>

namespace tokensweep {

/// What the words of a secret's or variable's name say of what it may do. A word is what `_`, `-`, `.`, a change of
/// case or a digit divides from the rest (`NPM_PUBLISH_TOKEN`, `npmReadToken`): a part of a word says nothing, nor does
/// a registry's key in an `.npmrc` (`//host/path/:_authToken`), whose words are the host's. Of two words, the one that
/// publishes counts.
enum class NameSays : std::uint8_t { nothing, publishes, reads };
NameSays said_by_name(std::string_view name);

}  // namespace tokensweep
