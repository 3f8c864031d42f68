#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "db/inventory.hpp"

namespace tokensweep {

/// What one sweep saw of one scope: a row of the view `coverage`.
struct CoverageRow {
  SweepId sweep = 0;
  std::string source;       ///< the connector's id
  std::string source_name;  ///< the configured source's name
  std::string store;
  ScopeState state = ScopeState::open;
  std::string reason;       ///< why not complete; empty where complete
  std::int64_t missed = 0;  ///< places that could not be read
  Time started_at;
  std::optional<Time> ended_at;
};

}  // namespace tokensweep
