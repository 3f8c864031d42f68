#pragma once

#include <span>

#include "connectors/settings.hpp"
#include "net/client.hpp"

/// The keys that many kinds of sources share: a connector's ConnectorEntry names them in its TypeSpec.
namespace tokensweep {

/// The keys of every source that is reached over a network.
std::span<const KeySpec> network_keys();

/// What of them is the transport's into a client's options. `concurrency` and `rate` are the connector's, which knows
/// its service's limits.
void apply_network_keys(const Settings& settings, ClientOptions& options);

/// Where a source's credential is: exactly one of them.
std::span<const KeySpec> credential_keys();

/// The same for a store whose credential is found in other ways too: at most one of them. A key of the connector's own
/// that takes their place says `.one_of = "credential"`.
std::span<const KeySpec> optional_credential_keys();

}  // namespace tokensweep
