#pragma once

#include <string>

#include "connectors/connector.hpp"
#include "connectors/ssm/parse.hpp"

/// What a parameter is, in our words. Pure.
namespace tokensweep::ssm {

/// One account's Parameter Store in one region.
struct Store {
  std::string account;            ///< twelve digits
  std::string region;             ///< `eu-west-1`
  std::string partition = "aws";  ///< as ARNs have it: `aws-cn`, `aws-us-gov`
  friend bool operator==(const Store&, const Store&) = default;
};

/// The scope of what the account keeps there, or, `shared`, of what others share with it there. Places are ARNs:
///
///   arn:aws:ssm:eu-west-1:123456789012:parameter/app/npm
///   arn:aws:ssm:eu-west-1:123456789012:shared/arn:aws:ssm:eu-west-1:999999999999:parameter/npm
Scope scope_of(const Store& store, bool shared);

/// Where in a scope. `/npm` and `npm` are two parameters with one ARN: the place of the first has its slash twice.
std::string place_of(const std::string& prefix, const Parameter& parameter);

/// What changes whenever the parameter is written.
std::string version_of(const Parameter& parameter);

/// All but the value.
Sighting sighting_of(const std::string& place, const Parameter& parameter);

}  // namespace tokensweep::ssm
