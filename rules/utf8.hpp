#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/secret.hpp"

namespace tokensweep {

/// One character of a text that may not be UTF-8, decoded as Go does it: a byte that starts no valid sequence is one
/// character U+FFFD of one byte.
struct Rune {
  std::uint32_t value = 0;
  std::size_t size = 0;
  bool valid = true;
};
Rune decode_rune(std::string_view text);

/// A text in which RE2 can look for what Go would find.
///
/// gitleaks' expressions count characters (`.{8,}`, `[^:]{3,}`) and mean Go's: UTF-8, and any byte that is none is a
/// character that `.` and negated classes take. RE2 reading Latin-1 counts bytes instead; RE2 reading UTF-8 matches
/// nothing across an invalid byte. So RE2 reads UTF-8, and in a text that is not valid, each invalid byte is first
/// replaced by DEL: one byte, so offsets stay, and like U+FFFD it is neither letter nor digit nor space. Only a class
/// that names control characters can tell the two apart. A valid text is not copied; a copy is wiped.
class SearchableText {
 public:
  explicit SearchableText(std::string_view text);
  [[nodiscard]] std::string_view view() const { return text_; }

 private:
  std::optional<WipedBuffer> copy_;
  std::string_view text_;
};

}  // namespace tokensweep
