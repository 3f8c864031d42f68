#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

/// Tokens for tests, made when they run: no file of this project holds a string that looks like a leak.
namespace tokensweep::testing {

/// SplitMix64: the same seed gives the same token on every machine.
class Random {
 public:
  explicit constexpr Random(std::uint64_t seed) : state_(seed) {}
  constexpr std::uint64_t next() {
    state_ += 0x9E3779B97F4A7C15ULL;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    return z ^ (z >> 31);
  }
  constexpr std::size_t below(std::size_t limit) { return static_cast<std::size_t>(next() % limit); }

 private:
  std::uint64_t state_;
};

inline constexpr std::string_view kBase62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// The last six characters of a token whose 30 in the middle are `body`: CRC-32 in base62, padded with zeros.
inline std::string npm_checksum(std::string_view body) {
  std::uint32_t crc = 0xFFFFFFFFU;
  for (const char c : body) {
    crc ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ (0xEDB88320U & (0U - (crc & 1U)));
  }
  crc = ~crc;
  std::string digits(6, '0');
  for (std::size_t i = digits.size(); i-- > 0; crc /= 62) digits[i] = kBase62[crc % 62];
  return digits;
}

/// A token as the public registry mints them: 40 characters, with a valid checksum.
inline std::string npm_token(std::uint64_t seed) {
  Random random(seed);
  std::string body;
  while (body.size() < 30) body.push_back(kBase62[random.below(kBase62.size())]);
  return "npm_" + body + npm_checksum(body);
}

/// The same, with a checksum that does not fit.
inline std::string bad_checksum_token(std::uint64_t seed) {
  std::string token = npm_token(seed);
  token.back() = token.back() == 'a' ? 'b' : 'a';
  return token;
}

/// A random UUID (version 4), which is how tokens looked until 2021.
inline std::string uuid(std::uint64_t seed) {
  constexpr std::string_view kHex = "0123456789abcdef";
  Random random(seed);
  std::string id = "xxxxxxxx-xxxx-4xxx-yxxx-xxxxxxxxxxxx";
  for (char& c : id) {
    if (c == 'x') c = kHex[random.below(16)];
    if (c == 'y') c = kHex[8 + random.below(4)];
  }
  return id;
}

/// Standard base64 with padding: what `_auth` and `_password` hold.
inline std::string base64(std::string_view bytes) {
  constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t group = 0;
    for (std::size_t k = 0; k < 3; ++k) {
      group = (group << 8) | (i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0U);
    }
    for (std::size_t k = 0; k < 4; ++k) {
      out.push_back(i + k <= bytes.size() ? kAlphabet[(group >> (18 - 6 * k)) & 63] : '=');
    }
  }
  return out;
}

}  // namespace tokensweep::testing
