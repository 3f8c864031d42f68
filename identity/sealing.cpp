#include "identity/sealing.hpp"

#include <fmt/core.h>
#include <sodium.h>

#include <algorithm>

#include "identity/encoding.hpp"
#include "identity/key_file.hpp"
#include "identity/sodium.hpp"

namespace tokensweep {
namespace {

constexpr std::string_view kPrefix = "tokensweep-collector-1:";
constexpr std::string_view kIdDomain = "tokensweep.v1 collector";
constexpr std::size_t kCheckSize = 4;
constexpr std::size_t kPlainSize = 1 + InnerHash::kSize;  // whether it is stretched, and the hash
// A tree full of different values must not fill the memory; what is forgotten is only sealed again.
constexpr std::size_t kRemembered = 10'000;

static_assert(std::tuple_size_v<CollectorPublicKey::Bytes> == crypto_box_PUBLICKEYBYTES);
static_assert(kKeySize == crypto_box_SECRETKEYBYTES);
static_assert(std::tuple_size_v<SealedInner> == kSealedKeyId + crypto_box_SEALBYTES + kPlainSize);

constexpr KeyFileAdvice kAdvice = {
    .missing =
        "put it back from a copy, or make a new one with `tokensweep collector init` and give its line to all "
        "laptops",
    .damaged =
        "restore it from a copy, or move it away, make a new one with `tokensweep collector init` and give its "
        "line to all laptops"};

std::array<std::uint8_t, kSealedKeyId> id_of(const CollectorPublicKey::Bytes& key, const StretchSalt& salt) {
  std::string all(kIdDomain);
  all.append(key.begin(), key.end()).append(salt.begin(), salt.end());
  std::array<std::uint8_t, crypto_hash_sha256_BYTES> digest{};
  crypto_hash_sha256(digest.data(), sodium_bytes(all), all.size());
  std::array<std::uint8_t, kSealedKeyId> id{};
  std::copy_n(digest.begin(), id.size(), id.begin());
  return id;
}

CollectorPublicKey::Bytes public_half(const Secret& secret) {
  CollectorPublicKey::Bytes key{};
  sodium_must(crypto_scalarmult_base(key.data(), sodium_bytes(secret.reveal())) == 0);
  return key;
}

/// Fails only for a key with which no secret can be agreed on (a point of small order).
bool seal_bytes(const WipedBuffer& plain, const CollectorPublicKey::Bytes& key, std::uint8_t* box) {
  sodium_must(sodium_init() >= 0);
  return crypto_box_seal(box, reinterpret_cast<const unsigned char*>(plain.data()), plain.capacity(), key.data()) == 0;
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  text.remove_prefix(std::min(text.find_first_not_of(kSpace), text.size()));
  return text.substr(0, text.find_last_not_of(kSpace) + 1);
}

Error no_key(std::string_view why) {
  return {ErrorKind::misconfigured,
          fmt::format("not a collector's public key ({}): copy the whole line that `tokensweep collector init` prints",
                      why)};
}

}  // namespace

CollectorPublicKey::CollectorPublicKey(const Bytes& key, const StretchSalt& salt)
    : key_(key), salt_(salt), id_(id_of(key, salt)) {}

Result<CollectorPublicKey> CollectorPublicKey::parse(std::string_view line) {
  line = trimmed(line);
  if (!line.starts_with(kPrefix)) return no_key(fmt::format("it does not begin with {}", kPrefix));
  std::array<std::uint8_t, sizeof(Bytes) + sizeof(StretchSalt) + kCheckSize> bytes{};
  if (!from_base64url(line.substr(kPrefix.size()), bytes)) return no_key("it is cut or has a wrong character");
  Bytes key{};
  StretchSalt salt{};
  std::copy_n(bytes.begin(), key.size(), key.begin());
  std::copy_n(bytes.begin() + key.size(), salt.size(), salt.begin());
  const CollectorPublicKey read(key, salt);
  if (!std::equal(bytes.end() - kCheckSize, bytes.end(), read.id_.begin())) return no_key("its checksum does not fit");
  SealedInner trial{};
  if (!seal_bytes(WipedBuffer(kPlainSize), key, trial.data() + kSealedKeyId))
    return no_key("nothing can be sealed to it");
  return read;
}

std::string CollectorPublicKey::text() const {
  std::string all;
  all.append(key_.begin(), key_.end()).append(salt_.begin(), salt_.end());
  all.append(id_.begin(), id_.begin() + kCheckSize);
  return std::string(kPrefix).append(to_base64url({sodium_bytes(all), all.size()}));
}

std::string CollectorPublicKey::id() const { return to_hex(id_); }

bool is_sealed_for(const SealedInner& sealed, const CollectorPublicKey& key) {
  return to_hex({sealed.data(), kSealedKeyId}) == key.id();
}

SealedInner seal(const InnerHash& inner, const CollectorPublicKey& key) {
  WipedBuffer plain(kPlainSize);
  plain.data()[0] = inner.stretched() ? 1 : 0;
  std::copy_n(inner.bytes().reveal().begin(), InnerHash::kSize, plain.data() + 1);
  SealedInner sealed{};
  const auto id = id_of(key.key(), key.salt());
  sodium_must(seal_bytes(plain, key.key(), std::copy_n(id.begin(), id.size(), sealed.data())));
  return sealed;
}

Result<CollectorKeyPair> CollectorKeyPair::load(const std::filesystem::path& file, const StretchSalt& salt) {
  TRY(Secret secret, load_key_file(file, kAdvice));
  return CollectorKeyPair(std::move(secret), salt);
}

Result<CollectorKeyPair> CollectorKeyPair::load_or_create(const std::filesystem::path& file, const StretchSalt& salt) {
  TRY(Secret secret, load_or_create_key_file(file, kAdvice));
  return CollectorKeyPair(std::move(secret), salt);
}

CollectorKeyPair::CollectorKeyPair(Secret secret, const StretchSalt& salt)
    : secret_(std::move(secret)), public_key_(public_half(secret_), salt) {}

Result<InnerHash> CollectorKeyPair::open(const SealedInner& sealed) const {
  if (!is_sealed_for(sealed, public_key_)) {
    return Error{ErrorKind::misconfigured, "a token is sealed to another collector's key"};
  }
  WipedBuffer plain(kPlainSize);
  auto* bytes = reinterpret_cast<unsigned char*>(plain.data());
  const bool opened = crypto_box_seal_open(bytes, sealed.data() + kSealedKeyId, sealed.size() - kSealedKeyId,
                                           public_key_.key().data(), sodium_bytes(secret_.reveal())) == 0;
  if (!opened || bytes[0] > 1) return Error{ErrorKind::malformed, "a sealed token does not open: it is damaged"};
  return InnerHash(Secret({plain.data() + 1, InnerHash::kSize}), bytes[0] == 1);
}

Sealer::Sealer(const CollectorPublicKey& key, std::set<Fingerprint> sealed) : key_(key), sealed_(std::move(sealed)) {}

std::optional<SealedInner> Sealer::seal(const Fingerprint& fingerprint, std::string_view value) {
  if (sealed_.contains(fingerprint)) return std::nullopt;
  const std::lock_guard lock(sealing_);  // one scrypt at a time bounds the memory
  if (const auto made = made_.find(fingerprint); made != made_.end()) return made->second;
  if (made_.size() >= kRemembered) made_.clear();
  return made_.emplace(fingerprint, tokensweep::seal(inner_hash(value, key_.salt()), key_)).first->second;
}

}  // namespace tokensweep
