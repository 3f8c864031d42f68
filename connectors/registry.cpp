#include "connectors/registry.hpp"

#include <array>

#include "connectors/circleci/circleci.hpp"
#include "connectors/github/github.hpp"
#include "connectors/kubernetes/kubernetes.hpp"
#include "connectors/ssm/ssm.hpp"

namespace tokensweep {

std::span<const ConnectorEntry> connector_entries() {
  static const std::array kEntries{github::kEntry, circleci::kEntry, kubernetes::kEntry, ssm::kEntry};
  return kEntries;
}

}  // namespace tokensweep
