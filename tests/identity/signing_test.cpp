#include "identity/signing.hpp"

#include <doctest/doctest.h>

namespace tokensweep {
namespace {

InventoryKey key_of(char byte) { return InventoryKey(Secret(std::string(InventoryKey::kSize, byte))); }

Signature signature_of(std::string_view bytes, char key) {
  Signer signer(key_of(key));
  signer.add(bytes);
  return signer.finish();
}

TEST_CASE("a signature follows from the bytes, not from how they came, and from the key") {
  Signer pieces(key_of('a'));
  for (const char c : std::string_view("one\ntwo\n")) pieces.add({&c, 1});
  const SenderKey sender = pieces.sender();
  const Signature signature = pieces.finish();
  CHECK(signature == signature_of("one\ntwo\n", 'a'));
  CHECK(signature != signature_of("one\ntwo\n", 'b'));
  CHECK(is_signed("one\ntwo\n", sender, signature));
  CHECK(!is_signed("one\ntwo", sender, signature));
  CHECK(!is_signed("two\none\n", sender, signature));
  CHECK(!is_signed("one\ntwo\n", Signer(key_of('b')).sender(), signature));
  for (std::size_t at = 0; at < signature.size(); ++at) {
    Signature damaged = signature;
    damaged[at] ^= 1U;
    CHECK(!is_signed("one\ntwo\n", sender, damaged));
  }
  CHECK(is_signed("", sender, signature_of("", 'a')));
}

TEST_CASE("a sender's id is 32 hex digits, its own, and stays the same from version to version") {
  const std::string id = sender_id(Signer(key_of('k')).sender());
  CHECK(id == "52e6c22e42ae8793bbd33ea04f9be945");  // from Ed25519 in plain Python
  CHECK(id == sender_id(Signer(key_of('k')).sender()));
  CHECK(id != sender_id(Signer(key_of('l')).sender()));
}

}  // namespace
}  // namespace tokensweep
