#include "identity/signing.hpp"

#include <sodium.h>

#include "identity/crypto.hpp"
#include "identity/encoding.hpp"
#include "identity/sodium.hpp"

namespace tokensweep {
namespace {

constexpr std::string_view kPurpose = "tokensweep.v1 export signature";
constexpr std::string_view kIdDomain = "tokensweep.v1 sender";
constexpr std::size_t kIdSize = 16;

static_assert(std::tuple_size_v<SenderKey> == crypto_sign_PUBLICKEYBYTES);
static_assert(std::tuple_size_v<Signature> == crypto_sign_BYTES);
static_assert(InventoryKey::kSize == crypto_sign_SEEDBYTES);

}  // namespace

std::string sender_id(const SenderKey& sender) {
  std::string all(kIdDomain);
  all.append(sender.begin(), sender.end());
  std::array<std::uint8_t, crypto_hash_sha256_BYTES> digest{};
  crypto_hash_sha256(digest.data(), sodium_bytes(all), all.size());
  return to_hex({digest.data(), kIdSize});
}

bool is_sender_id(std::string_view text) {
  return text.size() == 2 * kIdSize && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

struct Signer::Impl {
  crypto_sign_state state{};
  SenderKey sender{};
  WipedBuffer secret{crypto_sign_SECRETKEYBYTES};

  unsigned char* secret_bytes() { return reinterpret_cast<unsigned char*>(secret.data()); }
};

Signer::Signer(const InventoryKey& key) : impl_(std::make_unique<Impl>()) {
  const Secret seed = derive_key(key.root(), kPurpose);
  sodium_must(crypto_sign_seed_keypair(impl_->sender.data(), impl_->secret_bytes(), sodium_bytes(seed.reveal())) == 0 &&
              crypto_sign_init(&impl_->state) == 0);
}
Signer::Signer(Signer&&) noexcept = default;
Signer::~Signer() = default;

const SenderKey& Signer::sender() const { return impl_->sender; }

void Signer::add(std::string_view bytes) {
  sodium_must(crypto_sign_update(&impl_->state, sodium_bytes(bytes), bytes.size()) == 0);
}

Signature Signer::finish() {
  Signature signature{};
  sodium_must(crypto_sign_final_create(&impl_->state, signature.data(), nullptr, impl_->secret_bytes()) == 0);
  return signature;
}

bool is_signed(std::string_view bytes, const SenderKey& sender, const Signature& signature) {
  crypto_sign_state state{};
  return crypto_sign_init(&state) == 0 && crypto_sign_update(&state, sodium_bytes(bytes), bytes.size()) == 0 &&
         crypto_sign_final_verify(&state, signature.data(), sender.data()) == 0;
}

}  // namespace tokensweep
