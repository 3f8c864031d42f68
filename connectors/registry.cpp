#include "connectors/registry.hpp"

#include <array>

#include "connectors/circleci/circleci.hpp"
#include "connectors/github/github.hpp"
#include "connectors/kubernetes/kubernetes.hpp"

namespace tokensweep {

std::span<const ConnectorEntry> connector_entries() {
  static const std::array kEntries{github::kEntry, circleci::kEntry, kubernetes::kEntry};
  return kEntries;
}

}  // namespace tokensweep
