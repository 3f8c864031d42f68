#include "identity/mark.hpp"

#include <sodium.h>

#include <cstdint>

#include "identity/sodium.hpp"

namespace tokensweep {

Mark mark_of(std::initializer_list<std::string_view> texts) {
  Mark mark{};
  crypto_generichash_state state;
  crypto_generichash_init(&state, nullptr, 0, mark.size());
  for (const std::string_view text : texts) {
    const auto size = static_cast<std::uint64_t>(text.size());
    crypto_generichash_update(&state, reinterpret_cast<const unsigned char*>(&size), sizeof size);
    crypto_generichash_update(&state, sodium_bytes(text), text.size());
  }
  crypto_generichash_final(&state, mark.data(), mark.size());
  return mark;
}

}  // namespace tokensweep
