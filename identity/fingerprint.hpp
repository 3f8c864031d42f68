#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/secret.hpp"
#include "model/model.hpp"

namespace tokensweep {

/// The key of one inventory: 32 random bytes in a file of their own beside it (`<inventory>.key`, 0600), from which the
/// fingerprint and the id keys are derived (HKDF-SHA-256). Without it an inventory tells nobody whether a guess is right.
class InventoryKey {
 public:
  /// Reads the key, or makes one where the inventory is new. Refuses a file that others can read or write, one that is a
  /// link, or one in a directory where others can write (sshd's StrictModes), and says which mode it wants.
  static Result<InventoryKey> load_or_create(const std::filesystem::path& file);
  explicit InventoryKey(Secret root) : root_(std::move(root)) {}
  [[nodiscard]] const Secret& root() const { return root_; }

 private:
  Secret root_;
};

/// Turns values into fingerprints: HMAC-SHA-256(K, SHA-256("tokensweep.v1\0" || value)). A value that a person could have
/// chosen (fewer than 96 bits by the estimate of `strength_bits`) is stretched with scrypt first, so that a thief of inventory *and* key
/// still pays for each guess. Thread-safe.
class Fingerprinter {
 public:
  explicit Fingerprinter(const InventoryKey& key);
  Fingerprinter(Fingerprinter&&) noexcept;
  ~Fingerprinter();

  [[nodiscard]] Fingerprint fingerprint(std::string_view value) const;

  /// A stable id for a hit from what identifies its place: `h` and 16 hex digits. Parts are joined unambiguously.
  [[nodiscard]] std::string hit_id(std::initializer_list<std::string_view> parts) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// How many bits a guesser would have to try, at most log2(alphabet) for each character of the classes used, less for repeats.
double strength_bits(std::string_view value);

/// What may be shown of a value: of an `npm_` token the first 8 and last 4 characters with an ellipsis; of any other its public
/// prefix (`NpmToken.`, `ghp_`, ...) and last 4, and only where at least 96 bits stay unknown; else nothing.
std::optional<std::string> preview(std::string_view value);

}  // namespace tokensweep
