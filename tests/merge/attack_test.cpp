#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <unordered_set>

#include "identity/encoding.hpp"
#include "merge/merge.hpp"
#include "tests/db/fixture.hpp"
#include "tests/merge/laptop.hpp"
#include "tests/support/digest.hpp"

namespace tokensweep {
namespace {

using namespace testing;

constexpr int kWords = 10'000;
constexpr int kPlanted = 1'000;
constexpr int kStretched = 10;  // each takes 25 ms; the rest is long enough not to be stretched, and as guessable

/// The word list of an attacker; the first thousand are what the laptop holds.
std::string word(int i) {
  std::string text = "word" + std::to_string(i);
  if (i >= kStretched) text.append("-").append(digest_of(text, EVP_sha256()));
  return text;
}

/// Finds pieces of what an attacker computes, as bytes, hex digits or base64, in what he holds.
class Search {
 public:
  void add(std::string_view computed) {
    const std::span bytes(reinterpret_cast<const std::uint8_t*>(computed.data()), computed.size());
    for (const std::string& form : {std::string(computed), to_hex(bytes), to_base64url(bytes)}) {
      wanted_.insert(form.substr(0, kWindow));
    }
  }
  [[nodiscard]] int found_in(std::string_view held) const {
    int found = 0;
    for (std::size_t at = 0; at + kWindow <= held.size(); ++at) {
      found += static_cast<int>(wanted_.contains(std::string(held.substr(at, kWindow))));
    }
    return found;
  }

 private:
  static constexpr std::size_t kWindow = 16;  // 64 bits of hex digits: none is met by chance
  std::unordered_set<std::string> wanted_;
};

std::string as_bytes(const auto& array) { return {array.begin(), array.end()}; }

/// All that can be computed of a guess without a key: what the scheme itself makes of it, and what careless ones do.
std::vector<std::string> unkeyed(const std::string& guess, const CollectorPublicKey& key) {
  const std::string plain = digest_of(std::string("tokensweep.v1\0", 14) + guess, EVP_sha256());
  std::vector<std::string> all = {digest_of(guess, EVP_sha256()),
                                  digest_of(guess, EVP_sha1()),
                                  digest_of(guess, EVP_sha512()),
                                  plain,
                                  digest_of(plain, EVP_sha256()),
                                  digest_of(as_bytes(key.key()) + plain, EVP_sha256()),
                                  digest_of(as_bytes(key.salt()) + plain, EVP_sha256())};
  if (guess.size() < 16) all.emplace_back(inner_hash(guess, key.salt()).bytes().reveal());
  return all;
}

TEST_CASE("who holds the file, the laptop's inventory and the public line confirms no guess") {
  const Office office;
  const CollectorPublicKey& key = office.pair.public_key();
  Laptop laptop(office);
  std::vector<Hit> hits;
  for (int i = 0; i < kPlanted; ++i) {
    hits.push_back(laptop.holds("p" + std::to_string(i), word(i)).hit);
    CHECK(laptop.rows.back().hit.sealed);
  }
  const Fixture fixture;
  {
    Inventory inventory = fixture.open();
    sweep(inventory, scope_at("/home/ann", "laptop"), hits, ended(), kSwept);
  }
  // Everything in one heap: both files, and the boxes as bytes.
  std::string held = laptop.file() + read_file(fixture.file);
  for (const Hit& hit : hits) held += as_bytes(*hit.sealed);

  Search search;
  const Fingerprinter guessed(key_of('g'));  // a key that the attacker makes up
  std::set<std::string> boxes;
  for (const Hit& hit : hits) boxes.insert(as_bytes(*hit.sealed));
  int same_boxes = 0;
  for (int i = 0; i < kWords; ++i) {
    const std::string guess = word(i);
    for (const std::string& computed : unkeyed(guess, key)) search.add(computed);
    if (i < kStretched) continue;
    search.add(as_bytes(guessed.fingerprint(guess)));
    if (i < kPlanted)
      same_boxes += static_cast<int>(boxes.contains(as_bytes(seal(inner_hash(guess, key.salt()), key))));
  }
  CHECK(search.found_in(held) == 0);
  CHECK(same_boxes == 0);
  // The search itself works: it finds one digest in any of its forms.
  const std::string digest = digest_of(word(500), EVP_sha256());
  const std::span bytes(reinterpret_cast<const std::uint8_t*>(digest.data()), digest.size());
  CHECK(search.found_in(held + digest) == 1);
  CHECK(search.found_in(held + to_hex(bytes)) == 1);
  CHECK(search.found_in(held + to_base64url(bytes)) == 1);

  // And so do the boxes: the collector recognises every value.
  const auto read = office.read(laptop.file());
  REQUIRE(read);
  REQUIRE(read->scopes[0].hits.size() == kPlanted);
  int recognised = 0;
  for (int i = 0; i < kPlanted; ++i) {
    recognised += static_cast<int>(read->scopes[0].hits[static_cast<std::size_t>(i)].fingerprint ==
                                   office.fingerprinter.fingerprint(word(i)));
  }
  CHECK(recognised == kPlanted);
}

/// A file without what is known to follow from values under a key, or from chance.
std::string blanked(std::string text) {
  for (const std::string_view key : {"\"id\":\"", "\"sealed\":\"", "\"signature\":\""}) {
    for (std::size_t at = text.find(key); at != std::string::npos; at = text.find(key, at + 1)) {
      const std::size_t begin = at + key.size();
      text.erase(begin, text.find('"', begin) - begin);
    }
  }
  return text;
}

TEST_CASE("of weak values nothing is in a file but boxes and keyed ids") {
  const Office office;
  const auto file_with = [&office](std::initializer_list<std::string> values, char key) {
    Laptop laptop(office, key);
    for (const std::string& value : values) laptop.holds("p" + std::to_string(laptop.rows.size()), value);
    return laptop.file();
  };
  // Equal but for what is blanked, although no value is the same, nor as long.
  const std::string one = file_with({"hunter2", base64("deploy:Summer2024!"), "letmein"}, 'l');
  const std::string two = file_with({"password", "swordfish", base64("ann:correct horse battery")}, 'l');
  CHECK(blanked(one) == blanked(two));
  CHECK(one != two);

  // What is blanked differs between laptops that hold the same values in the same places: it follows from keys and
  // chance, and lists of neither can be made.
  const auto parts = [](const std::string& text, std::string_view key) {
    std::set<std::string> all;
    for (std::size_t at = text.find(key); at != std::string::npos; at = text.find(key, at + 1)) {
      const std::size_t begin = at + key.size();
      all.insert(text.substr(begin, text.find('"', begin) - begin));
    }
    return all;
  };
  const std::string other = file_with({"hunter2", base64("deploy:Summer2024!"), "letmein"}, 'o');
  for (const std::string_view key : {"\"id\":\"", "\"sealed\":\""}) {
    std::set<std::string> both = parts(one, key);
    REQUIRE(both.size() == 3);
    both.merge(parts(other, key));
    CHECK(both.size() == 6);
  }
  // The same laptop that seals anew, as after a change of the collector's key, repeats its ids and no box.
  const std::string again = file_with({"hunter2", base64("deploy:Summer2024!"), "letmein"}, 'l');
  CHECK(parts(again, "\"id\":\"") == parts(one, "\"id\":\""));
  std::set<std::string> boxes = parts(one, "\"sealed\":\"");
  boxes.merge(parts(again, "\"sealed\":\""));
  CHECK(boxes.size() == 6);
}

TEST_CASE("a file holds neither a value, nor a fingerprint, nor a token's id") {
  const Office office;
  Laptop laptop(office);
  std::vector<std::string> values = {npm_token(1), uuid(2), "hunter2", base64("deploy:Summer2024!")};
  for (const std::string& value : values) laptop.holds("p" + value.substr(0, 1), value);
  const std::string text = laptop.file();
  for (std::size_t i = 0; i < values.size(); ++i) {
    const Fingerprint& print = *laptop.rows[i].hit.fingerprint;
    const std::string id = *laptop.rows[i].token;
    for (std::size_t at = 0; at + 7 <= values[i].size(); ++at) {
      const bool shown = laptop.rows[i].hit.preview && at + 7 <= 8;  // the preview's first 8 characters
      if (!shown) CHECK(text.find(values[i].substr(at, 7)) == std::string::npos);
    }
    CHECK(text.find(to_hex(print).substr(0, 12)) == std::string::npos);
    CHECK(text.find(to_base64url(print).substr(0, 12)) == std::string::npos);
    CHECK(text.find(id.substr(1)) == std::string::npos);
  }
}

}  // namespace
}  // namespace tokensweep
