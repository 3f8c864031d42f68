#pragma once

#include <openssl/evp.h>

#include <string>
#include <string_view>

namespace tokensweep::testing {

/// An unkeyed digest, as a guesser computes it: `digest_of(value, EVP_sha256())`.
inline std::string digest_of(std::string_view value, const EVP_MD* algorithm) {
  std::string bytes(EVP_MAX_MD_SIZE, '\0');
  unsigned size = 0;
  EVP_Digest(value.data(), value.size(), reinterpret_cast<unsigned char*>(bytes.data()), &size, algorithm, nullptr);
  bytes.resize(size);
  return bytes;
}

}  // namespace tokensweep::testing
