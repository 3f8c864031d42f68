#pragma once

#include <cstdint>
#include <string>
#include <string_view>

/// Protocol buffers, written as the wire has them, for what reads them.
namespace tokensweep::testing {

inline std::string varint(std::uint64_t value) {
  std::string text;
  for (; value > 0x7F; value >>= 7U) text += static_cast<char>((value & 0x7FU) | 0x80U);
  return text + static_cast<char>(value);
}

inline std::string number_field(std::uint64_t number, std::uint64_t value) {
  return varint(number << 3U) + varint(value);
}

/// A text, or a message.
inline std::string bytes_field(std::uint64_t number, std::string_view bytes) {
  return varint(number << 3U | 2U) + varint(bytes.size()) + std::string(bytes);
}

}  // namespace tokensweep::testing
