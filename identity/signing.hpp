#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "identity/fingerprint.hpp"

/// How a file that was handed over shows which inventory made it, and that nothing was changed or lost on the way.
namespace tokensweep {

using SenderKey = std::array<std::uint8_t, 32>;  ///< Ed25519's public key: names an inventory to others
using Signature = std::array<std::uint8_t, 64>;  ///< Ed25519ph (RFC 8032)

/// A sender's name: 32 hex digits that follow from its key.
std::string sender_id(const SenderKey& sender);

/// Whether a text has the form of a sender's name.
bool is_sender_id(std::string_view text);

/// Signs bytes as they come, with a key that is derived from the inventory's.
class Signer {
 public:
  explicit Signer(const InventoryKey& key);
  Signer(Signer&&) noexcept;
  ~Signer();

  [[nodiscard]] const SenderKey& sender() const;
  void add(std::string_view bytes);
  /// Of all that was added. Ends this object's use.
  Signature finish();

 private:
  struct Impl;  // keeps <sodium.h> out of everyone else's build
  std::unique_ptr<Impl> impl_;
};

/// Whether `sender` signed exactly these bytes.
bool is_signed(std::string_view bytes, const SenderKey& sender, const Signature& signature);

}  // namespace tokensweep
