#include <algorithm>

#include "identity/fingerprint.hpp"
#include "identity/without_values.hpp"

namespace tokensweep {
namespace {

constexpr std::string_view kNpmPrefix = "npm_";
constexpr std::size_t kNpmBody = 36;  // 30 random characters and 6 of checksum
constexpr std::size_t kNpmFirst = 8;  // what npm's own token list shows: the join needs it
constexpr std::size_t kLast = 4;
constexpr std::string_view kEllipsis = "…";

// Longest first where one begins another.
constexpr std::string_view kPublicPrefixes[] = {
    kNpmPrefix, "NpmToken.", "github_pat_", "ghp_",    "gho_",    "ghu_",  "ghs_",      "ghr_", "glpat-",
    "gldt-",    "glrt-",     "glcbt-",      "CCIPAT_", "CCIPRJ_", "pypi-", "dckr_pat_", "AKCp", "cmVmd",
};

bool is_letter_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

bool is_npm_token(std::string_view value) {
  if (!value.starts_with(kNpmPrefix)) return false;
  const std::string_view body = value.substr(kNpmPrefix.size());
  return body.size() >= kNpmBody && std::all_of(body.begin(), body.end(), is_letter_or_digit);
}

std::string abridged(std::string_view first, std::string_view last) {
  return std::string(first).append(kEllipsis).append(last);
}

}  // namespace

std::string_view public_prefix(std::string_view value) {
  for (const std::string_view prefix : kPublicPrefixes) {
    if (value.starts_with(prefix)) return prefix;
  }
  return {};
}

std::optional<std::string> preview(std::string_view value) {
  const std::string_view prefix = public_prefix(value);
  const std::string_view rest = value.substr(prefix.size());
  if (rest.size() < kLast) return std::nullopt;
  const std::string_view last = rest.substr(rest.size() - kLast);
  if (is_npm_token(value)) return abridged(value.substr(0, kNpmFirst), last);
  if (!std::all_of(last.begin(), last.end(), [](char c) { return c > ' ' && c <= '~'; })) return std::nullopt;
  if (strength_bits(rest.substr(0, rest.size() - kLast)) < kStrongBits) return std::nullopt;
  return abridged(prefix, last);
}

std::string without_values(std::string_view name) {
  constexpr std::size_t kLongestWord = 20;
  constexpr std::string_view kUuid = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
  constexpr std::string_view kRemoved = "…";
  const auto is_digit = [](char letter) { return letter >= '0' && letter <= '9'; };
  const auto is_lower = [](char letter) { return letter >= 'a' && letter <= 'z'; };
  const auto is_upper = [](char letter) { return letter >= 'A' && letter <= 'Z'; };
  const auto is_hex = [&](char letter) {
    return is_digit(letter) || ((letter | 0x20) >= 'a' && (letter | 0x20) <= 'f');
  };
  std::string shown;
  while (!name.empty()) {
    const std::string_view here = name.substr(0, kUuid.size());
    if (here.size() == kUuid.size() && std::equal(here.begin(), here.end(), kUuid.begin(), [&](char letter, char form) {
          return form == 'x' ? is_hex(letter) : letter == form;
        })) {
      shown += kRemoved;
      name.remove_prefix(kUuid.size());
      continue;
    }
    std::size_t run = 0;
    bool lower = false;
    bool upper = false;
    bool digit = false;
    for (; run < name.size(); ++run) {
      lower = lower || is_lower(name[run]);
      upper = upper || is_upper(name[run]);
      digit = digit || is_digit(name[run]);
      if (!is_lower(name[run]) && !is_upper(name[run]) && !is_digit(name[run])) break;
    }
    const bool is_word = !digit && lower != upper;
    const std::size_t size = std::max<std::size_t>(run, 1);
    shown += run > kLongestWord && !is_word ? kRemoved : name.substr(0, size);
    name.remove_prefix(size);
  }
  return shown;
}

}  // namespace tokensweep
