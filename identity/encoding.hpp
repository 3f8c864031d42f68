#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace tokensweep {

/// Lower-case hex digits.
std::string to_hex(std::span<const std::uint8_t> bytes);

/// Base64 in the alphabet for URLs and file names, without padding (RFC 4648, section 5).
std::string to_base64url(std::span<const std::uint8_t> bytes);

/// Fills `bytes` from exactly what `to_base64url` makes of them; false for any other text.
bool from_base64url(std::string_view text, std::span<std::uint8_t> bytes);

}  // namespace tokensweep
