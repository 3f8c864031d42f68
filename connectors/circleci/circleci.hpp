#pragma once

#include "connectors/connector.hpp"

/// CircleCI, cloud and server: the variables of contexts and projects. What it reads, needs and cannot see:
/// circleci.md.
namespace tokensweep::circleci {

extern const ConnectorEntry kEntry;

}  // namespace tokensweep::circleci
