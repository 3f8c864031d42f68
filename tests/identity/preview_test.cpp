#include <doctest/doctest.h>

#include <array>
#include <random>

#include "identity/fingerprint.hpp"
#include "identity/without_values.hpp"

namespace tokensweep {
namespace {

const std::string kNpm = std::string("npm") + "_";
const std::string kUuid = "3f8e2a17-9c4d-4b60-a1f5-d27c08e69b34";

TEST_CASE("a preview shows what the contract allows, or nothing") {
  const struct {
    const char* what;
    std::string value;
    std::optional<std::string> shown;
  } cases[] = {
      {"an npm token: the first 8 and the last 4", kNpm + "aBcDq7Zt3LxW9vRk2NbY8mHf5JdP4sCg9aZ4", "npm_aBcD…9aZ4"},
      {"an npm token one character short", kNpm + "aBcDq7Zt3LxW9vRk2NbY8mHf5JdP4sCg9aZ", "npm_…g9aZ"},
      {"a UUID: its last 4", kUuid, "…9b34"},
      {"a UUID behind npm's old prefix", "NpmToken." + kUuid, "NpmToken.…9b34"},
      {"a UUID of nothing", "00000000-0000-0000-0000-000000000000", std::nullopt},
      {"a UUID that counts", "12345678-1234-1234-1234-123456789012", std::nullopt},
      {"GitHub's token: its public prefix", std::string("gh") + "p_q7Zt3LxW9vRk2NbY8mHf5JdP4sCg6TaU1eXo", "ghp_…1eXo"},
      {"a password", "Summer2024!", std::nullopt},
      {"a passphrase", "correct-horse-battery-staple", std::nullopt},
      {"user and password in base64", "ZGVwbG95OlN1bW1lcjIwMjQh", std::nullopt},
      {"a long random value that ends in bytes", std::string(40, 'x') + "q7Zt3LxW9vRk2NbY8mHf5JdP4s\x80\x81",
       std::nullopt},
      {"one letter many times", std::string(64, 'a'), std::nullopt},
      {"a short block many times", "abc1abc1abc1abc1abc1abc1abc1abc1abc1abc1", std::nullopt},
      {"96 bits of hex: nothing is left to show", "9f86d081884c7d659a2feaa0", std::nullopt},
      {"nothing", "", std::nullopt},
      {"three characters", "abc", std::nullopt},
      {"npm's prefix alone", kNpm, std::nullopt},
  };
  for (const auto& c : cases) {
    CAPTURE(c.what);
    CHECK(preview(c.value) == c.shown);
  }
}

TEST_CASE("what a person could have chosen is weak, what a machine drew is strong") {
  const struct {
    const char* what;
    std::string value;
    double least;
    double most;
  } cases[] = {
      {"nothing", "", 0, 0},
      {"one character", "a", 0, 5},
      {"a word", "password", 0, 20},
      {"a word and a year", "Summer2024!", 0, 60},
      {"four words", "correct-horse-battery-staple", 0, 95},
      {"a long sentence of small letters", "thequickbrownfoxjumpsoverthelazydog", 0, 95},
      {"the alphabet and the digits", "abcdefghijklmnopqrstuvwxyz0123456789", 0, 95},
      {"one letter 64 times", std::string(64, 'a'), 0, 5},
      {"a password in base64", "ZGVwbG95OlN1bW1lcjIwMjQh", 0, 60},
      {"a passphrase in base64", "bmFtZTpjb3JyZWN0LWhvcnNlLWJhdHRlcnktc3RhcGxl", 0, 95},
      {"an npm token, its prefix not counted", kNpm + "q7Zt3LxW9vRk2NbY8mHf5JdP4sCg6TaU1eXo", 150, 215},
      {"a UUID", kUuid, 96, 122},
      {"a SHA-256 in hex", "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", 200, 256},
      {"20 random letters and digits", "q7Zt3LxW9vRk2NbY8mHf", 100, 120},
      {"a megabyte of the same", std::string(1 << 20, 'a'), 0, 5},
  };
  for (const auto& c : cases) {
    CAPTURE(c.what);
    CHECK(strength_bits(c.value) >= c.least);
    CHECK(strength_bits(c.value) <= c.most);
  }
}

// Underestimating a drawn token costs 25 ms and its preview; this keeps it rare.
TEST_CASE("hardly any drawn token counts as weak, and a preview of it is always right") {
  std::mt19937 random(7);
  const std::string_view base62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  const auto draw = [&random](std::string_view alphabet, std::size_t size) {
    std::string text;
    for (std::size_t i = 0; i < size; ++i) text += alphabet[random() % alphabet.size()];
    return text;
  };
  int weak = 0;
  int unseen = 0;
  for (int i = 0; i < 2000; ++i) {
    const std::string npm = kNpm + draw(base62, 36);
    weak += static_cast<int>(strength_bits(npm) < kStrongBits);
    REQUIRE(preview(npm) == npm.substr(0, 8) + "…" + npm.substr(36));
    std::string uuid = draw("0123456789abcdef", 36);
    for (const std::size_t dash : {8U, 13U, 18U, 23U}) uuid[dash] = '-';
    uuid[14] = '4';
    weak += static_cast<int>(strength_bits(uuid) < kStrongBits);
    const std::optional<std::string> shown = preview(uuid);
    unseen += static_cast<int>(!shown);
    if (shown) REQUIRE(*shown == "…" + uuid.substr(32));
  }
  CHECK(weak == 0);
  CHECK(unseen <= 20);
}

}  // namespace
}  // namespace tokensweep
