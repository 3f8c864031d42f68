#include "identity/fingerprint.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <set>
#include <thread>
#include <unordered_set>

#include "tests/support/digest.hpp"

namespace tokensweep {
namespace {

using testing::digest_of;

Secret root_of(char byte) { return Secret(std::string(InventoryKey::kSize, byte)); }

std::string as_bytes(const Fingerprint& fingerprint) { return {fingerprint.begin(), fingerprint.end()}; }

// Put together here: no file of the tree holds what looks like a token.
const std::string kStrong = std::string("npm") + "_" + "q7Zt3LxW9vRk2NbY8mHf5JdP4sCg6TaU1eXo";

TEST_CASE("a fingerprint follows from the value and the key, and from nothing else") {
  const Fingerprinter one(InventoryKey(root_of('a')));
  const Fingerprinter again(InventoryKey(root_of('a')));
  const Fingerprinter other(InventoryKey(root_of('b')));
  for (const std::string& value : {kStrong, std::string("hunter2"), std::string(), std::string("a\0b", 3)}) {
    CAPTURE(value.size());
    CHECK(one.fingerprint(value) == again.fingerprint(value));
    CHECK(one.fingerprint(value) != other.fingerprint(value));
    CHECK(one.fingerprint(value) != one.fingerprint(value + "x"));
  }
}

// Written with another implementation (Python's hmac and hashlib): the scheme must not change unnoticed, or an
// inventory would recognise nothing after an update.
TEST_CASE("fingerprints and ids stay the same from version to version") {
  const Fingerprinter fixed(InventoryKey(root_of('k')));
  const auto hex = [](const Fingerprint& bytes) {
    std::string text;
    for (const std::uint8_t byte : bytes) {
      text += "0123456789abcdef"[byte >> 4U];
      text += "0123456789abcdef"[byte & 15U];
    }
    return text;
  };
  CHECK(hex(fixed.fingerprint(kStrong)) == "575c7842a6fca6d8f71dbfd1a9ba653f5495d6fcab1039f8cb59b85af84ba79e");
  CHECK(hex(fixed.fingerprint("hunter2")) == "38bd54974c740f671049c63d1c6ccb21033ffe06b46b415acd70ba5bf0559728");
  CHECK(fixed.hit_id({"host", "/home/a/.npmrc", "_authToken"}) == "hb6c9077303581846");
  CHECK(InventoryKey(root_of('k')).id() == "93103f0da9e42dc5");
}

TEST_CASE("an id of a hit tells its parts apart") {
  const Fingerprinter ids(InventoryKey(root_of('a')));
  const std::set<std::string> all = {ids.hit_id({"a", "bc"}),     ids.hit_id({"ab", "c"}),     ids.hit_id({"abc"}),
                                     ids.hit_id({"a", "b", "c"}), ids.hit_id({"a", "bc", ""}), ids.hit_id({})};
  CHECK(all.size() == 6);
  for (const std::string& id : all) {
    CHECK(id.size() == 17);
    CHECK(id.front() == 'h');
    CHECK(id.find_first_not_of("0123456789abcdef", 1) == std::string::npos);
  }
  CHECK(ids.hit_id({"a", "bc"}) == ids.hit_id({"a", "bc"}));
  CHECK(ids.hit_id({"a"}) != Fingerprinter(InventoryKey(root_of('b'))).hit_id({"a"}));
}

TEST_CASE("a key's id is 16 hex digits, its own, and not its first bytes") {
  const std::string id = InventoryKey(root_of('a')).id();
  CHECK(id.size() == 16);
  CHECK(id != "6161616161616161");
  CHECK(id == InventoryKey(root_of('a')).id());
  CHECK(id != InventoryKey(root_of('b')).id());
}

TEST_CASE("a weak value is stretched once, however often it comes") {
  using Clock = std::chrono::steady_clock;
  const Fingerprinter prints(InventoryKey(root_of('a')));
  const auto start = Clock::now();
  const Fingerprint first = prints.fingerprint("Summer2024!");
  const auto once = Clock::now() - start;
  const auto again = Clock::now();
  for (int i = 0; i < 1000; ++i) REQUIRE(prints.fingerprint("Summer2024!") == first);
  // A thousand repeats cost less than a thousand firsts by far; the bound leaves room for a busy machine.
  CHECK(Clock::now() - again < once * 200);
}

TEST_CASE("threads that ask for the same values get the same answers") {
  const Fingerprinter prints(InventoryKey(root_of('a')));
  std::vector<std::vector<Fingerprint>> answers(4);
  {
    std::vector<std::jthread> threads;
    for (auto& mine : answers) {
      threads.emplace_back([&prints, &mine] {
        for (int i = 0; i < 200; ++i) mine.push_back(prints.fingerprint(kStrong + std::to_string(i)));
        mine.push_back(prints.fingerprint("weak"));
      });
    }
  }
  for (const auto& mine : answers) CHECK(mine == answers.front());
}

// The thief of an inventory without its key: he holds every fingerprint and a word list with every planted value in it.
TEST_CASE("no unkeyed hash of a guess meets a fingerprint") {
  constexpr int kWords = 10'000;
  constexpr int kPlanted = 1'000;
  constexpr int kStretched = 10;  // each takes 25 ms; the rest is long enough not to be stretched, and as guessable
  const auto word = [](int i) {
    std::string text = "word" + std::to_string(i);
    if (i < kPlanted - kStretched) text.append("-").append(digest_of(text, EVP_sha256()));
    return text;
  };
  const Fingerprinter victim(InventoryKey(root_of('v')));
  std::unordered_set<std::string> stolen;
  for (int i = 0; i < kPlanted; ++i) stolen.insert(as_bytes(victim.fingerprint(word(i))));
  REQUIRE(stolen.size() == kPlanted);

  const std::string domain{"tokensweep.v1\0", 14};
  int confirmed = 0;
  for (int i = 0; i < kWords; ++i) {
    const std::string guess = word(i);
    const std::string inner = digest_of(domain + guess, EVP_sha256());
    for (const std::string& tried : {digest_of(guess, EVP_sha256()), digest_of(guess, EVP_sha512()).substr(0, 32),
                                     inner, digest_of(inner, EVP_sha256())}) {
      confirmed += static_cast<int>(stolen.contains(tried));
    }
    const std::string sha1 = digest_of(guess, EVP_sha1());
    for (const std::string& print : stolen) {
      if (i < 100 && print.starts_with(sha1)) ++confirmed;  // a fingerprint is no padded SHA-1 either
    }
  }
  // A key that the thief makes up confirms nothing.
  const Fingerprinter thief(InventoryKey(root_of('t')));
  for (int i = 0; i < kPlanted - kStretched; ++i) {
    confirmed += static_cast<int>(stolen.contains(as_bytes(thief.fingerprint(word(i)))));
  }
  CHECK(confirmed == 0);
  // The attack itself works: with the key, the same guesses are all confirmed.
  for (int i = 0; i < kPlanted; ++i) REQUIRE(stolen.contains(as_bytes(victim.fingerprint(word(i)))));
}

}  // namespace
}  // namespace tokensweep
