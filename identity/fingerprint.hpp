#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.hpp"
#include "base/secret.hpp"
#include "model/model.hpp"

namespace tokensweep {

/// The key of one inventory: 32 random bytes in a file of their own beside it (`<inventory>.key`, 0600), from which the
/// fingerprint and the id keys are derived (HKDF-SHA-256). Without it an inventory tells nobody whether a guess is
/// right.
class InventoryKey {
 public:
  static constexpr std::size_t kSize = 32;

  /// Reads the key. Refuses a file that others can read or write, one that is a link, or one in a directory where
  /// others can write (sshd's StrictModes), and says which mode it wants. For an inventory that exists: a key that is
  /// missing then is an error, because a new one would make every token look new.
  static Result<InventoryKey> load(const std::filesystem::path& file);
  /// The same, and makes a key where the file is missing (and its directory, 0700). For an inventory that is new.
  static Result<InventoryKey> load_or_create(const std::filesystem::path& file);

  /// A new key that is kept nowhere: for what has to be told apart in one run only.
  static InventoryKey random();

  /// `root` holds kSize bytes.
  explicit InventoryKey(Secret root) : root_(std::move(root)) {}
  [[nodiscard]] const Secret& root() const { return root_; }

  /// The key's name: 16 hex digits that follow from it and tell nothing about it. The inventory keeps it
  /// (`Inventory::Options::key_id`), so that another key is refused instead of giving every token a new id.
  [[nodiscard]] std::string id() const;

 private:
  Secret root_;
};

/// What scrypt is salted with, of one inventory. It follows from the inventory's key, tells nothing about it, and may
/// be told to others.
using StretchSalt = std::array<std::uint8_t, 32>;

/// What a fingerprint is made of before a key comes to it. Whoever holds it can test guesses, of a weak value at the
/// price of one scrypt each: so it is guarded as a value is (it moves, is wiped, and nothing can print or compare it).
class InnerHash {
 public:
  static constexpr std::size_t kSize = 32;

  /// `bytes` holds kSize bytes.
  InnerHash(Secret bytes, bool stretched) : bytes_(std::move(bytes)), stretched_(stretched) {}
  [[nodiscard]] const Secret& bytes() const { return bytes_; }
  /// Whether the value is weak, and so the bytes are scrypt's.
  [[nodiscard]] bool stretched() const { return stretched_; }

 private:
  Secret bytes_;
  bool stretched_;
};

/// The inner hash of a value for the inventory with this salt, by whoever has the value: no key is needed.
InnerHash inner_hash(std::string_view value, const StretchSalt& salt);

/// Turns values into fingerprints: HMAC-SHA-256(K, SHA-256("tokensweep.v1\0" || value)). A value that a person could
/// have chosen (fewer than kStrongBits by the estimate of `strength_bits`) is stretched with scrypt (N=2^13, r=8, p=1:
/// about 25 ms and 8 MiB) between the two, so that a thief of inventory *and* key still pays for each guess. A weak
/// value that comes again costs nothing: its fingerprint is remembered under its fast HMAC, in memory only.
/// Thread-safe; one value is stretched at a time, which bounds the memory. Throws std::runtime_error where libcrypto
/// itself fails (no memory).
class Fingerprinter {
 public:
  explicit Fingerprinter(const InventoryKey& key);
  Fingerprinter(Fingerprinter&&) noexcept;
  ~Fingerprinter();

  [[nodiscard]] Fingerprint fingerprint(std::string_view value) const;

  /// The same from what `inner_hash(value, salt())` gave, here or on another machine.
  [[nodiscard]] Fingerprint fingerprint_of(const InnerHash& inner) const;
  [[nodiscard]] StretchSalt salt() const;

  /// A stable id for a hit from what identifies its place: `h` and 16 hex digits. Parts are joined unambiguously.
  [[nodiscard]] std::string hit_id(std::initializer_list<std::string_view> parts) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Below this many bits a value counts as weak: it is stretched, and nothing of it is shown.
inline constexpr double kStrongBits = 96;

/// How many bits a guesser would have to try, as an estimate that errs on the low side: log2(alphabet) for each
/// character, with the smallest alphabet that fits; little for repeats, sequences and runs of letters that could be
/// words; of base64 text what it decodes to (`_auth` is a user and a password). A public prefix counts nothing.
double strength_bits(std::string_view value);

/// The public beginning of a value, the same for every token of its issuer (`npm_`, `NpmToken.`, `ghp_`, ...); else
/// empty.
std::string_view public_prefix(std::string_view value);

/// What may be shown of a value: of an `npm_` token (`npm_` and at least 36 letters and digits) the first 8 and last 4
/// characters with an ellipsis; of any other its public prefix and last 4, and only where at least kStrongBits stay
/// unknown and those 4 are printable ASCII; else nothing.
std::optional<std::string> preview(std::string_view value);

}  // namespace tokensweep
