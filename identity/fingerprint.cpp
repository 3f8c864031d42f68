#include "identity/fingerprint.hpp"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <sodium.h>

#include <algorithm>
#include <cstring>
#include <mutex>
#include <unordered_map>

#include "identity/crypto.hpp"

namespace tokensweep {
namespace {

constexpr std::string_view kDomain{"tokensweep.v1\0", 14};
constexpr std::uint64_t kScryptN = 1U << 13U;
constexpr std::uint32_t kScryptR = 8;
constexpr std::uint32_t kScryptP = 1;
constexpr std::size_t kIdDigits = 16;
// A tree full of different weak values must not fill the memory; what is forgotten is only computed again.
constexpr std::size_t kRemembered = 10'000;

template <auto Free>
struct Freer {
  template <class T>
  void operator()(T* object) const noexcept {
    Free(object);
  }
};
using MacContext = std::unique_ptr<EVP_MAC_CTX, Freer<EVP_MAC_CTX_free>>;
using KdfContext = std::unique_ptr<EVP_KDF_CTX, Freer<EVP_KDF_CTX_free>>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, Freer<EVP_MD_CTX_free>>;
using Digest = std::unique_ptr<EVP_MD, Freer<EVP_MD_free>>;

using Bytes = std::array<std::uint8_t, 32>;

const unsigned char* bytes_of(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

/// libcrypto's parameters are not const, although it only reads them.
OSSL_PARAM octets(const char* name, std::string_view bytes) {
  return OSSL_PARAM_construct_octet_string(name, const_cast<char*>(bytes.data()), bytes.size());
}
OSSL_PARAM sha256_name() {
  static char name[] = "SHA256";
  return OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name, 0);
}

KdfContext kdf(const char* name) {
  std::unique_ptr<EVP_KDF, Freer<EVP_KDF_free>> fetched(EVP_KDF_fetch(nullptr, name, nullptr));
  crypto_must(fetched != nullptr);
  KdfContext context(EVP_KDF_CTX_new(fetched.get()));
  crypto_must(context != nullptr);
  return context;
}

/// HMAC-SHA-256 under one key. The keyed context is made once: a copy of it costs a quarter of keying a new one.
class Hmac {
 public:
  explicit Hmac(const Secret& key) {
    std::unique_ptr<EVP_MAC, Freer<EVP_MAC_free>> fetched(EVP_MAC_fetch(nullptr, "HMAC", nullptr));
    crypto_must(fetched != nullptr);
    keyed_.reset(EVP_MAC_CTX_new(fetched.get()));
    const OSSL_PARAM params[] = {sha256_name(), OSSL_PARAM_construct_end()};
    crypto_must(keyed_ != nullptr && EVP_MAC_init(keyed_.get(), bytes_of(key.reveal()), key.size(), params) == 1);
  }

  /// The code over the parts as they stand one after the other.
  template <class... Parts>
  [[nodiscard]] Bytes operator()(const Parts&... parts) const {
    const MacContext context(EVP_MAC_CTX_dup(keyed_.get()));
    crypto_must(context != nullptr);
    (crypto_must(EVP_MAC_update(context.get(), reinterpret_cast<const unsigned char*>(std::data(parts)),
                                std::size(parts)) == 1),
     ...);
    Bytes code{};
    std::size_t size = 0;
    crypto_must(EVP_MAC_final(context.get(), code.data(), &size, code.size()) == 1 && size == code.size());
    return code;
  }

 private:
  MacContext keyed_;
};

struct CodeHash {
  std::size_t operator()(const Bytes& code) const noexcept {
    std::size_t hash = 0;
    std::memcpy(&hash, code.data(), sizeof hash);
    return hash;
  }
};

/// SHA-256("tokensweep.v1\0" || value).
Bytes digest_of(std::string_view value, const EVP_MD* sha256) {
  const DigestContext context(EVP_MD_CTX_new());
  Bytes digest{};
  crypto_must(context != nullptr && EVP_DigestInit_ex2(context.get(), sha256, nullptr) == 1 &&
              EVP_DigestUpdate(context.get(), kDomain.data(), kDomain.size()) == 1 &&
              EVP_DigestUpdate(context.get(), value.data(), value.size()) == 1 &&
              EVP_DigestFinal_ex(context.get(), digest.data(), nullptr) == 1);
  return digest;
}

Bytes scrypt(const Bytes& password, std::string_view salt) {
  // libsodium's, whose vector code takes half of OpenSSL's time: one weak password is a tenth of a default sweep.
  Bytes stretched{};
  crypto_must(sodium_init() >= 0 && crypto_pwhash_scryptsalsa208sha256_ll(
                                        password.data(), password.size(), bytes_of(salt), salt.size(), kScryptN,
                                        kScryptR, kScryptP, stretched.data(), stretched.size()) == 0);
  return stretched;
}

std::string hex(std::string_view prefix, const Bytes& code) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text(prefix);
  for (std::size_t i = 0; i < kIdDigits / 2; ++i) {
    text += kDigits[code[i] >> 4U];
    text += kDigits[code[i] & 15U];
  }
  return text;
}

}  // namespace

Secret derive_key(const Secret& root, std::string_view purpose) {
  const KdfContext context = kdf("HKDF");
  const OSSL_PARAM params[] = {sha256_name(), octets(OSSL_KDF_PARAM_KEY, root.reveal()),
                               octets(OSSL_KDF_PARAM_INFO, purpose), OSSL_PARAM_construct_end()};
  WipedBuffer derived(InventoryKey::kSize);
  crypto_must(
      EVP_KDF_derive(context.get(), reinterpret_cast<unsigned char*>(derived.data()), derived.capacity(), params) == 1);
  return Secret({derived.data(), derived.capacity()});
}

std::string InventoryKey::id() const {
  return hex("", Hmac(derive_key(root_, "tokensweep.v1 key id"))(std::string_view("id")));
}

InnerHash inner_hash(std::string_view value, const StretchSalt& salt) {
  Bytes digest = digest_of(value, EVP_sha256());
  const bool weak = strength_bits(value) < kStrongBits;
  if (weak) {
    Bytes slow = scrypt(digest, {reinterpret_cast<const char*>(salt.data()), salt.size()});
    digest.swap(slow);
    wipe(slow.data(), slow.size());
  }
  InnerHash inner(Secret({reinterpret_cast<const char*>(digest.data()), digest.size()}), weak);
  wipe(digest.data(), digest.size());
  return inner;
}

struct Fingerprinter::Impl {
  explicit Impl(const InventoryKey& key)
      : fingerprints(derive_key(key.root(), "tokensweep.v1 fingerprint")),
        weak_fingerprints(derive_key(key.root(), "tokensweep.v1 stretched fingerprint")),
        ids(derive_key(key.root(), "tokensweep.v1 hit id")),
        salt(derive_key(key.root(), "tokensweep.v1 salt")),
        sha256(EVP_MD_fetch(nullptr, "SHA256", nullptr)) {
    crypto_must(sha256 != nullptr);
  }

  [[nodiscard]] Fingerprint stretched(const Bytes& digest, const Fingerprint& fast) {
    // Held while scrypt runs: one run takes 8 MiB, and the same value asked for by two threads is stretched once.
    const std::lock_guard lock(stretching);
    if (const auto known = remembered.find(fast); known != remembered.end()) return known->second;
    Bytes slow = scrypt(digest, salt.reveal());
    const Fingerprint result = weak_fingerprints(slow);
    wipe(slow.data(), slow.size());
    if (remembered.size() >= kRemembered) remembered.clear();
    remembered.emplace(fast, result);
    return result;
  }

  Hmac fingerprints;
  Hmac weak_fingerprints;  ///< a key of its own: the fingerprint of a weak value is none of a strong one
  Hmac ids;
  Secret salt;
  Digest sha256;
  std::mutex stretching;
  std::unordered_map<Bytes, Fingerprint, CodeHash> remembered;  ///< the fast HMAC of a weak value: its fingerprint
};

Fingerprinter::Fingerprinter(const InventoryKey& key) : impl_(std::make_unique<Impl>(key)) {}
Fingerprinter::Fingerprinter(Fingerprinter&&) noexcept = default;
Fingerprinter::~Fingerprinter() = default;

Fingerprint Fingerprinter::fingerprint(std::string_view value) const {
  Bytes digest = digest_of(value, impl_->sha256.get());
  Fingerprint result = impl_->fingerprints(digest);
  if (strength_bits(value) < kStrongBits) result = impl_->stretched(digest, result);
  wipe(digest.data(), digest.size());
  return result;
}

Fingerprint Fingerprinter::fingerprint_of(const InnerHash& inner) const {
  return (inner.stretched() ? impl_->weak_fingerprints : impl_->fingerprints)(inner.bytes().reveal());
}

StretchSalt Fingerprinter::salt() const {
  StretchSalt salt{};
  std::copy_n(impl_->salt.reveal().begin(), salt.size(), salt.begin());
  return salt;
}

std::string Fingerprinter::hit_id(std::initializer_list<std::string_view> parts) const {
  // Each part with its length in front: {"a", "bc"} and {"ab", "c"} are two places.
  std::string joined;
  for (const std::string_view part : parts) joined.append(std::to_string(part.size())).append(":").append(part);
  return hex("h", impl_->ids(joined));
}

}  // namespace tokensweep
