#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "db/inventory.hpp"
#include "identity/sealing.hpp"

namespace tokensweep {

/// Who takes a file, and what it knows of senders.
struct Collector {
  const CollectorKeyPair& keys;
  const Fingerprinter& fingerprinter;  ///< of the collector's inventory
  Time now;
  std::vector<std::string> senders;    ///< ids of those that may send; empty: anybody
  std::map<std::string, Time> newest;  ///< when the newest file that was taken from each sender was made
};

/// One scope of a laptop, as the inventory's writing calls want it.
struct MergedScope {
  Scope scope;  ///< its realm is `<sender id>/<the laptop's realm>`
  ScopeEnd end;
  Time ended_at;
  std::vector<Gap> gaps;
  std::vector<Hit> hits;  ///< those that are present, with the collector's own fingerprints
};

/// A file that was found right from its first byte to its last.
struct SealedInventory {
  std::string sender;
  std::string tool;  ///< the laptop's version
  Time generated_at;
  std::vector<MergedScope> scopes;
  std::uint64_t hits = 0;     ///< present
  std::uint64_t unknown = 0;  ///< not reached by the laptop's last sweep: they stay as the collector has them
  std::uint64_t sealed = 0;   ///< of the present ones, those whose token is known
};

/// Reads a sealed file, all of it, or refuses it. The error is one line, begins with the number of the line where there
/// is one, and quotes nothing of the file. Its kind: `malformed` for a file that is damaged, forged or no sealed file;
/// `misconfigured` where the file may be right and this is not its collector, its sender not expected, or a newer one
/// was taken already.
Result<SealedInventory> read_sealed(std::string_view text, const Collector& collector);

}  // namespace tokensweep
