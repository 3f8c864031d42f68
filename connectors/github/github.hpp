#pragma once

#include "connectors/connector.hpp"

/// GitHub's secrets, variables and private registries, as github.md says: github.com, Enterprise Cloud with data
/// residency, Enterprise Server.
namespace tokensweep::github {

extern const ConnectorEntry kEntry;

}  // namespace tokensweep::github
