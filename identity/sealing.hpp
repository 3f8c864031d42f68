#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "identity/fingerprint.hpp"

/// How laptops hand tokens over to a collector so that it recognises them and nobody else can: docs/merge.md.
namespace tokensweep {

/// What a collector gives to its laptops: the key that they seal to, and the salt of its inventory. Public.
class CollectorPublicKey {
 public:
  using Bytes = std::array<std::uint8_t, 32>;  ///< X25519

  CollectorPublicKey(const Bytes& key, const StretchSalt& salt);

  /// Reads what `text()` gave, white space around it aside. Refuses anything else, a paste that was cut or mistyped
  /// included (ErrorKind::misconfigured), and a key that seals nothing. The error does not quote the line.
  static Result<CollectorPublicKey> parse(std::string_view line);
  /// One line of 114 characters that can be pasted: `tokensweep-collector-1:` and base64url.
  [[nodiscard]] std::string text() const;

  /// The key's name: 16 hex digits of a digest over all of it.
  [[nodiscard]] std::string id() const;
  [[nodiscard]] const Bytes& key() const { return key_; }
  [[nodiscard]] const StretchSalt& salt() const { return salt_; }

 private:
  Bytes key_;
  StretchSalt salt_;
  std::array<std::uint8_t, kSealedKeyId> id_;
};

/// Whether `sealed` was made for the key with this id.
bool is_sealed_for(const SealedInner& sealed, const CollectorPublicKey& key);

/// Seals what `inner_hash(value, key.salt())` gave. The same hash gives another box each time; the sender stays
/// unknown. Throws std::runtime_error where libsodium itself fails.
SealedInner seal(const InnerHash& inner, const CollectorPublicKey& key);

/// The collector's key pair, of which the secret half is a file of its own (`<inventory>.collector`, 0600), and the
/// salt of its inventory: without the inventory's key (`Fingerprinter::salt`) there is no collector.
class CollectorKeyPair {
 public:
  /// As `InventoryKey::load` and `load_or_create`: the same care for who may read the file.
  static Result<CollectorKeyPair> load(const std::filesystem::path& file, const StretchSalt& salt);
  static Result<CollectorKeyPair> load_or_create(const std::filesystem::path& file, const StretchSalt& salt);

  /// `secret` holds 32 bytes.
  CollectorKeyPair(Secret secret, const StretchSalt& salt);

  [[nodiscard]] const CollectorPublicKey& public_key() const { return public_key_; }

  /// Opens what was sealed to the public key. An error says whether it was sealed to another one, or is damaged.
  [[nodiscard]] Result<InnerHash> open(const SealedInner& sealed) const;

 private:
  Secret secret_;
  CollectorPublicKey public_key_;
};

/// Seals each token of a sweep once, however many places hold it: a seal costs 0.1 ms, and 25 ms for a weak value.
/// Thread-safe; one at a time.
class Sealer {
 public:
  /// `sealed`: the fingerprints (of this inventory, not the collector's) whose box for this key is kept already.
  explicit Sealer(const CollectorPublicKey& key, std::set<Fingerprint> sealed = {});
  [[nodiscard]] const CollectorPublicKey& key() const { return key_; }

  /// The box of a value, the same again for the same fingerprint as a rule; empty where one is kept already, so that
  /// nothing has to be written.
  std::optional<SealedInner> seal(const Fingerprint& fingerprint, std::string_view value);

 private:
  const CollectorPublicKey key_;
  const std::set<Fingerprint> sealed_;
  std::mutex sealing_;
  std::map<Fingerprint, SealedInner> made_;
};

}  // namespace tokensweep
