#pragma once

#include <string>
#include <string_view>

#include "model/model.hpp"
#include "rules/rule.hpp"

namespace tokensweep {

/// The six characters that `body` calls for: its CRC-32 (IEEE), most significant digit first, in base 62 with the
/// alphabet 0-9A-Za-z, padded with zeros. Of an `npm_` token the body is the 30 characters behind the prefix.
std::string crc32_base62(std::string_view body);

/// Whether `secret` carries the checksum that its rule says it has. A secret too short to hold one is `invalid`.
Checksum verify_checksum(ChecksumKind kind, std::string_view secret);

}  // namespace tokensweep
