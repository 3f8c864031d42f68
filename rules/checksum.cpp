#include "rules/checksum.hpp"

#include <boost/crc.hpp>
#include <cstddef>

namespace tokensweep {
namespace {

constexpr std::string_view kBase62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
constexpr std::size_t kBodySize = 30;
constexpr std::size_t kChecksumSize = 6;

}  // namespace

std::string crc32_base62(std::string_view body) {
  boost::crc_32_type crc;
  crc.process_bytes(body.data(), body.size());
  std::string digits(kChecksumSize, kBase62[0]);
  std::size_t rest = crc.checksum();
  for (std::size_t at = digits.size(); at-- > 0; rest /= kBase62.size()) digits[at] = kBase62[rest % kBase62.size()];
  return digits;
}

Checksum verify_checksum(ChecksumKind kind, std::string_view secret) {
  if (kind == ChecksumKind::none) return Checksum::none;
  if (secret.size() < kBodySize + kChecksumSize) return Checksum::invalid;
  const std::size_t body = secret.size() - kBodySize - kChecksumSize;
  const bool valid = crc32_base62(secret.substr(body, kBodySize)) == secret.substr(body + kBodySize);
  return valid ? Checksum::valid : Checksum::invalid;
}

}  // namespace tokensweep
