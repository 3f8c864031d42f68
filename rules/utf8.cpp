#include "rules/utf8.hpp"

#include <algorithm>
#include <cstring>

namespace tokensweep {
namespace {

constexpr std::uint32_t kReplacement = 0xFFFD;
constexpr char kStandIn = 0x7F;

/// How many bytes at the front are ASCII, eight at a time.
std::size_t ascii_prefix(std::string_view text) {
  std::size_t at = 0;
  for (std::uint64_t block = 0; at + sizeof block <= text.size(); at += sizeof block) {
    std::memcpy(&block, text.data() + at, sizeof block);
    if ((block & 0x8080808080808080U) != 0) break;
  }
  while (at < text.size() && static_cast<unsigned char>(text[at]) < 0x80) ++at;
  return at;
}

/// The first invalid byte at or behind `at`, or the text's size.
std::size_t next_invalid(std::string_view text, std::size_t at) {
  while (at < text.size()) {
    at += ascii_prefix(text.substr(at));
    if (at == text.size()) break;
    const Rune rune = decode_rune(text.substr(at));
    if (!rune.valid) return at;
    at += rune.size;
  }
  return text.size();
}

}  // namespace

Rune decode_rune(std::string_view text) {
  constexpr Rune kInvalid{.value = kReplacement, .size = 1, .valid = false};
  const auto first = static_cast<unsigned char>(text[0]);
  if (first < 0x80) return {.value = first, .size = 1};
  const std::size_t size = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || text.size() < size) return kInvalid;
  std::uint32_t value = first & (0xFFU >> (size + 1));
  for (const char next : text.substr(1, size - 1)) {
    const auto byte = static_cast<unsigned char>(next);
    if ((byte & 0xC0U) != 0x80U) return kInvalid;
    value = value << 6U | (byte & 0x3FU);
  }
  constexpr std::uint32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = value >= 0xD800 && value <= 0xDFFF;
  if (value < kSmallest[size] || value > 0x10FFFF || surrogate) return kInvalid;
  return {.value = value, .size = size};
}

SearchableText::SearchableText(std::string_view text) : text_(text) {
  std::size_t at = next_invalid(text, 0);
  if (at == text.size()) return;
  copy_.emplace(text.size());
  std::copy(text.begin(), text.end(), copy_->data());
  for (; at < text.size(); at = next_invalid(text, at + 1)) copy_->data()[at] = kStandIn;
  text_ = {copy_->data(), text.size()};
}

}  // namespace tokensweep
