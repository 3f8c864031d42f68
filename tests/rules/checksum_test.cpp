#include "rules/checksum.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace tokensweep;

namespace {

// Two published samples, put together here so that no file holds a token: one checksum with six digits, one that is
// padded.
const std::string kSample = std::string("npm_UEuirnhN6qyDNigmWWTIEHMN") + "quQHF54FKSCV";
const std::string kPaddedSample = std::string("npm_qkJaB6MffYVzZXWqmcoF49yr") + "UxP3wf0LsakP";

std::string with(std::string text, std::size_t at, char letter) {
  text[at] = letter;
  return text;
}

}  // namespace

TEST_CASE("the checksum of an npm token is the CRC-32 of its 30 body characters in base 62") {
  CHECK(crc32_base62(kSample.substr(4, 30)) == "4FKSCV");
  CHECK(crc32_base62(kPaddedSample.substr(4, 30)) == "0LsakP");
  CHECK(crc32_base62("") == "000000");
}

TEST_CASE("checksums are verified") {
  const struct {
    std::string what;
    ChecksumKind kind;
    std::string secret;
    Checksum checksum;
  } cases[] = {
      {"a published sample", ChecksumKind::crc32_base62, kSample, Checksum::valid},
      {"one whose checksum is padded", ChecksumKind::crc32_base62, kPaddedSample, Checksum::valid},
      {"the body alone: no prefix takes part", ChecksumKind::crc32_base62, kSample.substr(4), Checksum::valid},
      {"a digit of the checksum changed", ChecksumKind::crc32_base62, with(kSample, 39, 'W'), Checksum::invalid},
      {"a letter of the body changed", ChecksumKind::crc32_base62, with(kSample, 10, 'Z'), Checksum::invalid},
      {"too short to hold one", ChecksumKind::crc32_base62, "npm_4FKSCV", Checksum::invalid},
      {"nothing", ChecksumKind::crc32_base62, "", Checksum::invalid},
      {"a rule without a checksum", ChecksumKind::none, kSample, Checksum::none},
  };
  for (const auto& c : cases) {
    CAPTURE(c.what);
    CHECK(verify_checksum(c.kind, c.secret) == c.checksum);
  }
}
