#pragma once

#include "connectors/connector.hpp"

/// Kubernetes clusters: the secrets of their namespaces. What it reads, needs and cannot see: kubernetes.md.
namespace tokensweep::kubernetes {

extern const ConnectorEntry kEntry;

}  // namespace tokensweep::kubernetes
