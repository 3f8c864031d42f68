#pragma once

#include <memory>
#include <optional>
#include <string>

#include "connectors/aws/keys.hpp"
#include "connectors/aws/outside.hpp"

/// AWS' IAM Identity Center, as `aws sso login` uses it.
namespace tokensweep::aws {

/// A role that somebody who has logged in may take on.
struct SsoRole {
  std::string account_id;
  std::string role_name;
  std::string region;                  ///< of the Identity Center
  std::string start_url;               ///< what the old form's cache goes by
  std::optional<std::string> session;  ///< the `[sso-session …]` section; empty: the old form
  std::string profile;                 ///< for the advice to log in
};

/// Keys by the token in `~/.aws/sso/cache`. One that has ended is refreshed where it can be, for this process alone:
/// the file is left as it is. Else, and where it is not accepted, `misconfigured` with the command to run.
std::unique_ptr<KeySource> sso_keys(const Outside& outside, SsoRole role, std::string source);

}  // namespace tokensweep::aws
