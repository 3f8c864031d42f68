#pragma once

#include <cstdint>
#include <string>

#include "connectors/connector.hpp"
#include "connectors/github/access.hpp"
#include "connectors/github/plan.hpp"

namespace tokensweep::github {

/// What a sweep is to read.
struct CheckOptions {
  std::string organisation;
  const Wanted& wanted;
  bool audit_log = false;
};

/// Learns how large the organisation is and what may be read of it, with one request for each kind of list, and adds
/// the plan of a sweep. An error: nothing of the organisation can be read.
Task<Result<>> check_organisation(const Access& access, CheckOptions options, const Limits& limits, const Clock& clock,
                                  SourceCheck& check);

}  // namespace tokensweep::github
