#pragma once

#include "connectors/connector.hpp"

/// AWS SSM Parameter Store: the parameters of accounts and regions. What it reads, needs and cannot see: ssm.md.
namespace tokensweep::ssm {

extern const ConnectorEntry kEntry;

}  // namespace tokensweep::ssm
