#pragma once

#include <optional>
#include <string_view>

#include "base/wiped_text.hpp"

/// Base64 in the common alphabet with padding (RFC 4648, section 4), for bytes that may be secret.
namespace tokensweep {

void append_base64(WipedText& out, std::string_view bytes);

/// What `text` stands for; nothing where it is no base64 from end to end. Line breaks are passed over: files are
/// wrapped.
std::optional<WipedText> from_base64(std::string_view text);

}  // namespace tokensweep
