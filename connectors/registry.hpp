#pragma once

#include <span>

#include "connectors/connector.hpp"

namespace tokensweep {

/// Every kind of source that is reached over a network, in the order of the documentation. A new connector is a folder
/// and a line here.
std::span<const ConnectorEntry> connector_entries();

}  // namespace tokensweep
