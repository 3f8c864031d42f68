#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "base/result.hpp"
#include "db/inventory.hpp"
#include "identity/sealing.hpp"
#include "identity/signing.hpp"
#include "merge/sealed_line.hpp"
#include "report/output.hpp"

namespace tokensweep {

/// Writes what a laptop hands over to its collector (docs/merge.md), in constant memory: every `scope`, then every
/// `gap`, then every `hit`, then `end`.
class SealedExport {
 public:
  /// `key` is the inventory's: the file is signed with what follows from it. `output` has to outlive this object.
  SealedExport(Output& output, const InventoryKey& key, const CollectorPublicKey& collector, std::string tool,
               Time generated_at);

  /// The number by which gaps and hits name it.
  std::uint64_t scope(SealedScope scope);
  void gap(std::uint64_t scope, const Gap& gap);
  /// A hit that is gone is left out. Flags that are concluded from the clock, the policy or other hits are, too: the
  /// collector concludes them itself.
  void hit(std::uint64_t scope, const HitRow& row);

  /// An error where the inventory is larger than a sealed file can be; then the output is no such file. What went wrong
  /// in writing, the output's `finish` tells.
  Result<> end();

  /// As which sender the collector knows this inventory.
  [[nodiscard]] std::string sender() const { return sender_id(signer_.sender()); }
  [[nodiscard]] std::uint64_t scopes() const { return counts_.scopes; }
  [[nodiscard]] std::uint64_t hits() const { return counts_.hits; }
  /// How many hits with a value went without a box for this collector: no sweep has seen them since it was configured.
  [[nodiscard]] std::uint64_t unsealed() const { return unsealed_; }

 private:
  void write(const std::string& line);
  void refuse(std::string why);

  Output& output_;
  Signer signer_;
  const CollectorPublicKey collector_;
  SealedEnd counts_;
  std::size_t size_ = 0;
  std::uint64_t unsealed_ = 0;
  std::optional<Error> refused_;
};

}  // namespace tokensweep
