#include "connectors/registry.hpp"

#include <array>

namespace tokensweep {

std::span<const ConnectorEntry> connector_entries() {
  static const std::array<ConnectorEntry, 0> kEntries{};
  return kEntries;
}

}  // namespace tokensweep
