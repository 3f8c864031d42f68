#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <bitset>
#include <cmath>

#include "identity/fingerprint.hpp"

namespace tokensweep {
namespace {

// English takes 1 to 2 bits a letter once it is known that it is English.
constexpr double kWordLetterBits = 2;
// A character that goes on what the two before it began (aaa, 123, cba).
constexpr double kSequenceBits = 0.5;
constexpr std::size_t kWordLetters = 4;
constexpr std::size_t kShortestBase64 = 8;
// What is strong within so many characters is strong; looking further would only cost time.
constexpr std::size_t kLookedAt = 512;

bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return is_lower(c) || is_upper(c); }
bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
bool is_printable(char c) { return c >= ' ' && c <= '~'; }

std::size_t distinct_characters(std::string_view text) {
  std::bitset<256> seen;
  for (const char c : text) seen.set(static_cast<unsigned char>(c));
  return seen.count();
}

/// log2 of the smallest alphabet that holds all of `text`, and no more than the characters it really uses.
double bits_a_character(std::string_view text) {
  const auto any = [text](auto is) { return std::any_of(text.begin(), text.end(), is); };
  double alphabet = 0;
  if (std::all_of(text.begin(), text.end(), is_hex) && !(any(is_lower) && any(is_upper))) {
    alphabet = any(is_letter) ? 16 : 10;
  } else {
    alphabet += any(is_lower) ? 26 : 0;
    alphabet += any(is_upper) ? 26 : 0;
    alphabet += any(is_digit) ? 10 : 0;
    alphabet += any([](char c) { return is_printable(c) && !is_letter(c) && !is_digit(c); }) ? 33 : 0;
    alphabet += any([](char c) { return !is_printable(c); }) ? 161 : 0;
  }
  const auto used = static_cast<double>(distinct_characters(text));
  // A text of n characters cannot show more than n of an alphabet: the cap bites only where characters repeat a lot.
  const double shown = used * 2 < static_cast<double>(text.size()) ? used : alphabet;
  return std::log2(std::min(alphabet, std::max(shown, 1.0)));
}

/// Whether `text[at]` goes on a sequence with one step: equal, up by one, down by one.
bool continues_sequence(std::string_view text, std::size_t at) {
  if (at < 2) return false;
  const int step = text[at] - text[at - 1];
  return step >= -1 && step <= 1 && step == text[at - 1] - text[at - 2];
}

/// How many letters from `at` on could be a word: of one case, or a capital and small letters.
std::size_t word_at(std::string_view text, std::size_t at) {
  std::size_t end = at;
  if (end < text.size() && is_upper(text[end])) ++end;
  const auto same = end < text.size() && end > at && is_upper(text[end]) ? is_upper : is_lower;
  while (end < text.size() && same(text[end])) ++end;
  return end - at;
}

/// The beginning of `text` that the rest only repeats; all of it where there is no such thing.
std::string_view period(std::string_view text) {
  for (std::size_t length = 1; length * 2 <= text.size(); ++length) {
    if (text.substr(length) == text.substr(0, text.size() - length)) return text.substr(0, length);
  }
  return text;
}

double plain_bits(std::string_view text) {
  text = period(text);
  const double each = bits_a_character(text);
  double bits = 0;
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t word = word_at(text, i);
    if (word >= kWordLetters) {
      bits += each + static_cast<double>(word - 1) * std::min(each, kWordLetterBits);
      i += word;
      continue;
    }
    bits += continues_sequence(text, i) ? std::min(each, kSequenceBits) : each;
    ++i;
  }
  return bits;
}

bool is_uuid(std::string_view text) {
  if (text.size() != 36) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash ? text[i] != '-' : !is_hex(text[i])) return false;
  }
  return true;
}

/// A UUID's dashes, its version digit and two bits of its variant are known: 122 bits at most.
double uuid_bits(std::string_view text) {
  constexpr double kRandomBits = 122;
  std::string digits;
  std::copy_if(text.begin(), text.end(), std::back_inserter(digits), is_hex);
  return std::min(kRandomBits, plain_bits(digits));
}

/// What `text` says where it is base64 of printable ASCII; else nothing.
std::string decoded(std::string_view text) {
  const std::size_t whole = text.size() / 4 * 4;
  if (whole < kShortestBase64) return {};
  std::string bytes(whole / 4 * 3, '\0');
  const int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                                   reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(whole));
  if (size <= 0) return {};
  while (!bytes.empty() && bytes.back() == '\0') bytes.pop_back();  // libcrypto counts the padding as bytes
  const bool is_text = std::all_of(bytes.begin(), bytes.end(), is_printable);
  if (!is_text) wipe(bytes.data(), bytes.size());
  return is_text ? bytes : std::string();
}

}  // namespace

double strength_bits(std::string_view value) {
  const std::string_view rest = value.substr(public_prefix(value).size(), kLookedAt);
  if (is_uuid(rest)) return uuid_bits(rest);
  double bits = plain_bits(rest);
  std::string inside = decoded(rest);
  if (!inside.empty()) {
    // user:password; the user is no secret.
    const std::size_t colon = inside.find(':');
    bits = std::min(bits, plain_bits(std::string_view(inside).substr(colon == std::string::npos ? 0 : colon + 1)));
    wipe(inside.data(), inside.size());
  }
  return bits;
}

}  // namespace tokensweep
