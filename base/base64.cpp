#include "base/base64.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace tokensweep {
namespace {

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::size_t kGroup = 4;

constexpr std::uint8_t kNoDigit = 64;

constexpr std::array<std::uint8_t, 256> digits_by_character() {
  std::array<std::uint8_t, 256> digits{};
  digits.fill(kNoDigit);
  for (std::size_t i = 0; i < kAlphabet.size(); ++i) {
    digits[static_cast<unsigned char>(kAlphabet[i])] = static_cast<std::uint8_t>(i);
  }
  return digits;
}
constexpr std::array<std::uint8_t, 256> kDigits = digits_by_character();

/// Up to four digits that stand for three bytes.
struct Group {
  std::uint32_t bits = 0;
  std::size_t digits = 0;
  std::size_t padding = 0;

  /// False for what cannot stand here.
  bool add(char c) {
    const std::uint8_t digit = kDigits[static_cast<unsigned char>(c)];
    if (digit != kNoDigit && padding == 0) {
      bits |= std::uint32_t{digit} << (18 - 6 * digits++);
      return true;
    }
    if (c != '=' || digits < 2) return false;
    ++padding;
    return true;
  }
  [[nodiscard]] bool whole() const { return digits + padding == kGroup; }
  /// An encoder leaves the bits zero that stand for nothing.
  [[nodiscard]] bool clean() const { return (bits & ((std::uint32_t{1} << (8 * padding)) - 1)) == 0; }
};

/// Bytes that come one by one, handed on by the piece.
class Pieces {
 public:
  explicit Pieces(WipedText& out) : out_(out) {}

  void add(const Group& group) {
    if (size_ + 3 > piece_.capacity()) flush();
    for (std::size_t i = 0; i + 1 < group.digits; ++i) {
      piece_.data()[size_++] = static_cast<char>((group.bits >> (16 - 8 * i)) & 0xffU);
    }
  }
  void flush() { out_.append({piece_.data(), std::exchange(size_, 0)}); }

 private:
  WipedText& out_;
  WipedBuffer piece_{std::size_t{3} << 10U};
  std::size_t size_ = 0;
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
  Pieces pieces(decoded);
  Group group;
  bool ended = false;
  for (const char c : text) {
    if (c == '\n' || c == '\r') continue;
    if (ended || !group.add(c)) return std::nullopt;
    if (!group.whole()) continue;
    if (!group.clean()) return std::nullopt;
    pieces.add(group);
    ended = group.padding > 0;
    group = {};
  }
  if (group.digits + group.padding != 0) return std::nullopt;
  pieces.flush();
  return decoded;
}

}  // namespace tokensweep
