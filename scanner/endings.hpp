#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "db/inventory.hpp"
#include "identity/fingerprint.hpp"
#include "rules/classify.hpp"

/// What the last characters say that a store shows of a value (`xxxx4f2a`): of a value that nobody can read, the one
/// hint which token it is.
namespace tokensweep {

/// Keeps them as evidence, made unreadable with the inventory's key: of a short value they would be half of it.
Evidence ending_evidence(std::string_view ending, const Fingerprinter& fingerprinter);

/// How the tokens end that an inventory knows: those that are stored somewhere, and those of the registry's lists that
/// were found nowhere.
class KnownEndings {
 public:
  static Result<KnownEndings> of(const Inventory& inventory, const Fingerprinter& fingerprinter);

  /// What a hit's ending says, in words; nothing where it has none, or no token ends so. No class follows from it: one
  /// other value in fifteen million ends so by chance, and the value need be no token.
  [[nodiscard]] std::optional<Link> link_for(const Hit& hit) const;

 private:
  void add(const Fingerprinter& fingerprinter, std::string_view preview, std::string token, bool is_stored);

  /// By an ending made unreadable: the tokens that end so, and in how many places each is stored.
  std::map<std::string, std::map<std::string, std::uint64_t>> tokens_;
};

}  // namespace tokensweep
