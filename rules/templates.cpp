#include "rules/templates.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>

#include "rules/checksum.hpp"

namespace tokensweep {
namespace {

constexpr std::string_view kAlnum = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
constexpr std::string_view kHex = "0123456789abcdef";
constexpr std::size_t kMostCharacters = 1000;  // of one placeholder: a rule file is foreign input
constexpr std::size_t kNpmBody = 30;
constexpr int kMostLayers = 3;  // each layer of base64 grows by a third

std::string draw(std::uint64_t seed, std::string_view alphabet, std::size_t count) {
  std::mt19937_64 random(seed);  // its numbers are laid down by the standard, unlike those of distributions
  std::string drawn;
  while (drawn.size() < count) drawn += alphabet[random() % alphabet.size()];
  return drawn;
}

std::string npm_token(std::uint64_t seed, bool valid) {
  const std::string body = draw(seed, kAlnum, kNpmBody);
  std::string checksum = crc32_base62(body);
  if (!valid) checksum.back() = checksum.back() == 'x' ? 'y' : 'x';
  return "npm_" + body + checksum;
}

std::string uuid(std::uint64_t seed) {
  const std::string hex = draw(seed, kHex, 32);
  const std::string_view h = hex;
  return fmt::format("{}-{}-4{}-a{}-{}", h.substr(0, 8), h.substr(8, 4), h.substr(13, 3), h.substr(17, 3),
                     h.substr(20));
}

std::string base64(std::string_view bytes) {
  constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string encoded;
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    const std::string_view group = bytes.substr(at, 3);
    std::uint32_t bits = 0;
    for (std::size_t i = 0; i < 3; ++i)
      bits = bits << 8U | (i < group.size() ? static_cast<unsigned char>(group[i]) : 0U);
    for (std::size_t i = 0; i < 4; ++i) encoded += i <= group.size() ? kAlphabet[bits >> (18U - 6U * i) & 63U] : '=';
  }
  return encoded;
}

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failed != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::string fill(std::string_view text, int layers);

/// What `{name:argument}` stands for; empty: it is no placeholder.
std::optional<std::string> value_of(std::string_view name, std::string_view argument, int layers) {
  if (name == "base64" && layers < kMostLayers) return base64(fill(argument, layers + 1));
  const auto seed = number(argument);
  if (!seed) return std::nullopt;
  if (name == "npm") return npm_token(*seed, true);
  if (name == "npm-bad") return npm_token(*seed, false);
  if (name == "uuid") return uuid(*seed);
  for (const auto& [prefix, alphabet] : {std::pair(std::string_view("hex"), kHex), {"alnum", kAlnum}}) {
    if (!name.starts_with(prefix)) continue;
    const auto count = number(name.substr(prefix.size()));
    if (count && *count <= kMostCharacters) return draw(*seed, alphabet, *count);
  }
  return std::nullopt;
}

/// Where the brace that opens at the front of `text` closes, or npos.
std::size_t closing_brace(std::string_view text) {
  int depth = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '{') ++depth;
    if (text[at] == '}' && --depth == 0) return at;
  }
  return std::string_view::npos;
}

std::string fill(std::string_view text, int layers) {
  std::string filled;
  while (!text.empty()) {
    const std::size_t close = text[0] == '{' ? closing_brace(text) : std::string_view::npos;
    const std::size_t colon = text.find(':');
    if (close != std::string_view::npos && colon < close) {
      if (const auto value = value_of(text.substr(1, colon - 1), text.substr(colon + 1, close - colon - 1), layers)) {
        filled += *value;
        text.remove_prefix(close + 1);
        continue;
      }
    }
    filled += text[0];
    text.remove_prefix(1);
  }
  return filled;
}

}  // namespace

std::string fill_template(std::string_view text) { return fill(text, 0); }

}  // namespace tokensweep
