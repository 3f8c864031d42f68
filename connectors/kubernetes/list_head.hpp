#pragma once

#include <cstdint>
#include <string>

#include "connectors/kubernetes/api.hpp"

namespace tokensweep::kubernetes {

/// What a list of secrets says of itself, before it is read.
struct ListSummary {
  std::string snapshot;     ///< its version now
  std::uint64_t items = 0;  ///< secrets of every type
};

/// Asks for a list's head and no more than one secret's name. `name_space`: empty for all of the cluster.
Task<Answer<ListSummary>> read_head(Api& api, std::string name_space);

}  // namespace tokensweep::kubernetes
