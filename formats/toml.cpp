#include "formats/toml.hpp"

#include <algorithm>
#include <string>

namespace tokensweep {
namespace {

constexpr int kMostDots = 32;  // of one key

/// Where the string that begins with the quotes at `at` ends, or the text where it does not.
std::size_t end_of_string(std::string_view text, std::size_t at) {
  const std::string three(3, text[at]);
  const bool multi_line = text.substr(at).starts_with(three);
  const std::string_view closing = multi_line ? std::string_view(three) : text.substr(at, 1);
  const bool escapes = text[at] == '"';
  for (at += closing.size(); at < text.size(); ++at) {
    if (text.substr(at).starts_with(closing)) return at + closing.size();
    if (!multi_line && text[at] == '\n') return at;
    if (escapes && text[at] == '\\') ++at;
  }
  return text.size();
}

}  // namespace

bool has_overlong_keys(std::string_view text) {
  int dots = 0;
  for (std::size_t at = 0; at < text.size();) {
    const char byte = text[at];
    if (byte == '"' || byte == '\'') {
      at = end_of_string(text, at);
      continue;
    }
    if (byte == '#') at = std::min(text.find('\n', at), text.size() - 1);
    if (std::string_view("=,{}#\n").find(byte) != std::string_view::npos) dots = 0;
    if (byte == '.' && ++dots > kMostDots) return true;
    ++at;
  }
  return false;
}

}  // namespace tokensweep
