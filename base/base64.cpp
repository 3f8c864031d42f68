#include "base/base64.hpp"

#include <cstddef>
#include <cstdint>

namespace tokensweep {
namespace {

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::size_t kGroup = 4;

/// Up to four digits that stand for three bytes.
struct Group {
  std::uint32_t bits = 0;
  std::size_t digits = 0;
  std::size_t padding = 0;

  /// False for what cannot stand here.
  bool add(char c) {
    const std::size_t digit = kAlphabet.find(c);
    if (c == '=' && digits >= 2) {
      ++padding;
    } else if (digit != std::string_view::npos && padding == 0) {
      bits |= static_cast<std::uint32_t>(digit) << (18 - 6 * digits++);
    } else {
      return false;
    }
    return digits + padding <= kGroup;
  }
  [[nodiscard]] bool whole() const { return digits + padding == kGroup; }
  /// An encoder leaves the bits zero that stand for nothing.
  [[nodiscard]] bool clean() const { return (bits & ((std::uint32_t{1} << (8 * padding)) - 1)) == 0; }
  void append_to(WipedText& out) const {
    for (std::size_t i = 0; i + 1 < digits; ++i) {
      const char byte = static_cast<char>((bits >> (16 - 8 * i)) & 0xffU);
      out.append({&byte, 1});
    }
  }
};

}  // namespace

void append_base64(WipedText& out, std::string_view bytes) {
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t group = 0;
    for (std::size_t k = 0; k < 3; ++k) {
      group = (group << 8U) | (i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0U);
    }
    for (std::size_t k = 0; k < kGroup; ++k) {
      out.append(i + k <= bytes.size() ? kAlphabet.substr((group >> (18 - 6 * k)) & 63U, 1) : "=");
    }
  }
}

std::optional<WipedText> from_base64(std::string_view text) {
  WipedText decoded;
  decoded.reserve(text.size() / kGroup * 3);
  Group group;
  bool ended = false;
  for (const char c : text) {
    if (c == '\n' || c == '\r') continue;
    if (ended || !group.add(c)) return std::nullopt;
    if (!group.whole()) continue;
    if (!group.clean()) return std::nullopt;
    group.append_to(decoded);
    ended = group.padding > 0;
    group = {};
  }
  if (group.digits + group.padding != 0) return std::nullopt;
  return decoded;
}

}  // namespace tokensweep
