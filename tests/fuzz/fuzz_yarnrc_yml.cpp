#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "formats/readers.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto reading = tokensweep::read_yarnrc_yml(bytes);
  if (!reading) return 0;
  for (const auto& credential : reading->credentials) {
    // A credential stands on some line, has a key, and holds a value, a name for one, or a certificate's path.
    const bool empty = credential.value.empty() && !credential.reference;
    if (credential.line == 0 || credential.key.empty()) std::abort();
    if (empty && credential.auth != tokensweep::AuthKind::certificate) std::abort();
  }
  return 0;
}
