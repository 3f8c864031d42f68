#include "identity/sealing.hpp"

#include <doctest/doctest.h>

#include <ostream>
#include <thread>

#include "tests/support/temp_directory.hpp"
#include "tests/support/tokens.hpp"

namespace tokensweep {
namespace {

using testing::mode_of;
using testing::npm_token;
using testing::TempDirectory;
using testing::write_file;

template <class T>
concept Streamable = requires(std::ostream& out, const T& value) {
  out << value;
};
template <class T>
concept Comparable = requires(const T& a, const T& b) {
  a == b;
};

// What guesses can be tested against is held like a value.
static_assert(!std::is_copy_constructible_v<InnerHash> && !std::is_copy_assignable_v<InnerHash>);
static_assert(std::is_nothrow_move_constructible_v<InnerHash> && std::is_nothrow_move_assignable_v<InnerHash>);
static_assert(!Streamable<InnerHash> && !Comparable<InnerHash> && !fmt::is_formattable<InnerHash>::value);
static_assert(!std::is_convertible_v<InnerHash, std::string> && !std::is_convertible_v<InnerHash, std::string_view>);
// Nor is the secret half of a pair copied about.
static_assert(!std::is_copy_constructible_v<CollectorKeyPair> && !fmt::is_formattable<CollectorKeyPair>::value);
static_assert(Streamable<std::string> && Comparable<std::string>);

InventoryKey key_of(char byte) { return InventoryKey(Secret(std::string(InventoryKey::kSize, byte))); }

CollectorKeyPair pair_of(char byte, const Fingerprinter& prints) {
  return {Secret(std::string(InventoryKey::kSize, byte)), prints.salt()};
}

TEST_CASE("what a laptop sealed gets the fingerprint that the collector itself gives the value") {
  const Fingerprinter collector(key_of('c'));
  const CollectorKeyPair pair = pair_of('p', collector);
  const auto told = CollectorPublicKey::parse(pair.public_key().text());
  REQUIRE(told);
  const struct {
    const char* what;
    std::string value;
    bool weak;
  } cases[] = {{"a token", npm_token(1), false},
               {"a UUID", testing::uuid(2), false},
               {"a weak value", "hunter2", true},
               {"a user and a password", testing::base64("deploy:Summer2024!"), true},
               {"nothing", "", true},
               {"any bytes", std::string("a\0\xff", 3), true}};
  for (const auto& c : cases) {
    CAPTURE(c.what);
    const auto opened = pair.open(seal(inner_hash(c.value, told->salt()), *told));
    REQUIRE(opened);
    CHECK(opened->stretched() == c.weak);
    CHECK(collector.fingerprint_of(*opened) == collector.fingerprint(c.value));
  }
}

TEST_CASE("a value is sealed in another way each time") {
  const CollectorPublicKey key = pair_of('p', Fingerprinter(key_of('c'))).public_key();
  const InnerHash inner = inner_hash(npm_token(1), key.salt());
  std::set<std::string> boxes;
  std::set<std::uint8_t> at_each[std::tuple_size_v<SealedInner>];
  for (int i = 0; i < 64; ++i) {
    const SealedInner sealed = seal(inner, key);
    CHECK(is_sealed_for(sealed, key));
    boxes.emplace(sealed.begin(), sealed.end());
    for (std::size_t at = 0; at < sealed.size(); ++at) at_each[at].insert(sealed[at]);
  }
  CHECK(boxes.size() == 64);
  // Not one byte of the box follows from the value.
  for (std::size_t at = 0; at < kSealedKeyId; ++at) CHECK(at_each[at].size() == 1);
  for (std::size_t at = kSealedKeyId; at < std::size(at_each); ++at) CHECK(at_each[at].size() > 30);
}

TEST_CASE("a weak value is sealed stretched, so that who opens it pays scrypt for each guess") {
  const Fingerprinter one(key_of('1'));
  const Fingerprinter two(key_of('2'));
  const auto bytes = [](std::string_view value, const Fingerprinter& prints) {
    return std::string(inner_hash(value, prints.salt()).bytes().reveal());
  };
  CHECK(bytes("hunter2", one) != bytes("hunter2", two));
  CHECK(bytes(npm_token(1), one) == bytes(npm_token(1), two));
}

TEST_CASE("only the collector opens a box, and says why it does not") {
  const Fingerprinter prints(key_of('c'));
  const CollectorKeyPair pair = pair_of('p', prints);
  const SealedInner sealed = seal(inner_hash(npm_token(1), prints.salt()), pair.public_key());
  const auto error = [](const CollectorKeyPair& by, const SealedInner& box) {
    const auto opened = by.open(box);
    return opened ? std::string("opened") : opened.error().what;
  };
  CHECK(error(pair, sealed) == "opened");
  CHECK(error(pair_of('q', prints), sealed) == "a token is sealed to another collector's key");
  // The same pair with the salt of another inventory is another collector.
  CHECK(error(pair_of('p', Fingerprinter(key_of('d'))), sealed) == "a token is sealed to another collector's key");
  for (std::size_t at = 0; at < sealed.size(); ++at) {
    SealedInner damaged = sealed;
    damaged[at] ^= 1U;
    CHECK(error(pair, damaged) == (at < kSealedKeyId ? "a token is sealed to another collector's key"
                                                     : "a sealed token does not open: it is damaged"));
  }
}

TEST_CASE("a public key is one line, and a paste that is not whole is refused") {
  const CollectorPublicKey key = pair_of('p', Fingerprinter(key_of('c'))).public_key();
  const std::string line = key.text();
  CHECK(line.size() == 114);
  CHECK(key.id().size() == 16);
  CHECK(line.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_:") ==
        std::string::npos);
  const auto again = CollectorPublicKey::parse("  " + line + "\r\n");
  REQUIRE(again);
  CHECK(again->text() == line);
  CHECK(again->id() == key.id());

  const auto refused = [&](const std::string& text) {
    const auto parsed = CollectorPublicKey::parse(text);
    if (parsed) return false;
    CHECK(parsed.error().kind == ErrorKind::misconfigured);
    CHECK(parsed.error().what.find('\n') == std::string::npos);
    const std::string end = text.substr(text.size() - std::min<std::size_t>(text.size(), 12));
    CHECK((text.size() < 36 || parsed.error().what.find(end) == std::string::npos));  // it quotes nothing
    return true;
  };
  for (std::size_t size = 0; size < line.size(); ++size) CHECK(refused(line.substr(0, size)));
  for (std::size_t at = 0; at < line.size(); ++at) {
    std::string mistyped = line;
    mistyped[at] = mistyped[at] == 'A' ? 'B' : 'A';
    CHECK(refused(mistyped));
  }
  CHECK(refused(line + "="));
  CHECK(refused(line + line));
  CHECK(refused(npm_token(1)));
  // A point of small order: every secret that is agreed on with it is zero.
  CHECK(refused(CollectorPublicKey(CollectorPublicKey::Bytes{}, key.salt()).text()));
}

// Written with another implementation (HKDF, X25519 and SHA-256 in plain Python): laptops of any version speak to one
// collector.
TEST_CASE("a public key stays the same from version to version") {
  const CollectorPublicKey key = pair_of('p', Fingerprinter(key_of('k'))).public_key();
  CHECK(key.id() == "3f18c8bb29b3b9de");
  CHECK(key.text() ==
        "tokensweep-collector-1:"
        "pJ60kr88Oe4SPDqnx6jaP9Uaya0FimmiXuD3LqHv0XYlyGvBU-9DX9TerDRfe-ltcKa6pEsC1GfECxoSWLi_tD8YyLs");
}

TEST_CASE("the secret half is kept as the inventory's key is") {
  const TempDirectory temp;
  const StretchSalt salt = Fingerprinter(key_of('c')).salt();
  const auto missing = CollectorKeyPair::load(temp / "inventory.db.collector", salt);
  REQUIRE(!missing);
  CHECK(missing.error().what.find("is missing: put it back from a copy, or make a new one") != std::string::npos);
  const auto made = CollectorKeyPair::load_or_create(temp / "inventory.db.collector", salt);
  REQUIRE(made);
  CHECK(mode_of(temp / "inventory.db.collector") == 0600);
  const auto again = CollectorKeyPair::load(temp / "inventory.db.collector", salt);
  REQUIRE(again);
  CHECK(again->public_key().text() == made->public_key().text());
  const auto other = CollectorKeyPair::load_or_create(temp / "other.collector", salt);
  REQUIRE(other);
  CHECK(other->public_key().id() != made->public_key().id());

  ::chmod((temp / "other.collector").c_str(), 0640);
  CHECK(!CollectorKeyPair::load(temp / "other.collector", salt));
  write_file(temp / "short.collector", "short");
  const auto damaged = CollectorKeyPair::load(temp / "short.collector", salt);
  REQUIRE(!damaged);
  CHECK(damaged.error().what.find("is damaged (shorter than a key of 32 bytes)") != std::string::npos);
}

TEST_CASE("a sweep seals each token once, and none that was sealed before") {
  const Fingerprinter laptop(key_of('l'));
  const CollectorPublicKey key = pair_of('p', Fingerprinter(key_of('c'))).public_key();
  const auto print = [&laptop](std::uint64_t seed) { return laptop.fingerprint(npm_token(seed)); };
  Sealer sealer(key, {print(1)});
  CHECK(!sealer.seal(print(1), npm_token(1)));
  const auto first = sealer.seal(print(2), npm_token(2));
  REQUIRE(first);
  CHECK(sealer.seal(print(2), npm_token(2)) == first);
  const auto other = sealer.seal(print(3), npm_token(3));
  CHECK((other && other != first));
}

TEST_CASE("threads that seal one value get one box") {
  const Fingerprinter laptop(key_of('l'));
  Sealer sealer(pair_of('p', Fingerprinter(key_of('c'))).public_key());
  std::vector<std::optional<SealedInner>> boxes(4);
  {
    std::vector<std::jthread> threads;
    for (auto& mine : boxes) {
      threads.emplace_back([&] { mine = sealer.seal(laptop.fingerprint("weak"), "weak"); });
    }
  }
  for (const auto& box : boxes) CHECK((box && box == boxes.front()));
}

}  // namespace
}  // namespace tokensweep
