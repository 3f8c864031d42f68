#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "formats/readers.hpp"

namespace tokensweep::testing {

/// What holds of everything that a format reader makes of any bytes; aborts where it does not.
inline int check_reader(Result<Reading> (*read)(std::string_view), const std::uint8_t* data, std::size_t size) {
  const auto reading = read({reinterpret_cast<const char*>(data), size});
  if (!reading) return 0;
  for (const auto& credential : reading->credentials) {
    // A credential stands on some line, has a key, and holds a value, a name for one, or a certificate's path.
    const bool empty = credential.value.empty() && !credential.reference;
    if (credential.line == 0 || credential.key.empty()) std::abort();
    if (empty && credential.auth != AuthKind::certificate) std::abort();
  }
  return 0;
}

}  // namespace tokensweep::testing
