#pragma once

#include <stdexcept>
#include <string_view>

#include "base/secret.hpp"

/// What identity/ needs of libcrypto, in one place.
namespace tokensweep {

/// 32 bytes that HKDF-SHA-256 derives from a root key for one `purpose`. Keys of two purposes tell nothing about each
/// other.
Secret derive_key(const Secret& root, std::string_view purpose);

/// libcrypto fails where there is no memory or no provider. Going on would store fingerprints of nothing: never.
inline void crypto_must(bool succeeded) {
  if (!succeeded) throw std::runtime_error("libcrypto failed: out of memory, or its default provider is missing");
}

}  // namespace tokensweep
