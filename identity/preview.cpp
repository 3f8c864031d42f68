#include <algorithm>

#include "identity/fingerprint.hpp"

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

}  // namespace tokensweep
