#pragma once

#include <cstdint>
#include <string>

#include "connectors/kubernetes/api.hpp"

namespace tokensweep::kubernetes {

/// What a list of secrets or ConfigMaps says of itself, before it is read.
struct ListSummary {
  std::string snapshot;     ///< its version now
  std::uint64_t items = 0;  ///< of every type
};

/// Asks for a list's head and no more than one object's name. `name_space`: empty for all of the cluster.
Task<Answer<ListSummary>> read_head(Api& api, ObjectKind kind, std::string name_space);

}  // namespace tokensweep::kubernetes
