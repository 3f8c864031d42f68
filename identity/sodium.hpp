#pragma once

#include <stdexcept>
#include <string_view>

/// What identity/ needs of libsodium, in one place.
namespace tokensweep {

/// libsodium fails where there is no randomness. Going on would seal with what others can guess: never.
inline void sodium_must(bool succeeded) {
  if (!succeeded) throw std::runtime_error("libsodium failed: the system gives no random bytes");
}

/// As libsodium wants bytes.
inline const unsigned char* sodium_bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

}  // namespace tokensweep
