#pragma once

#include <string>

#include "base/result.hpp"
#include "base/secret.hpp"
#include "connectors/connector.hpp"
#include "connectors/github/site.hpp"

namespace tokensweep::github {

struct FoundToken {
  Secret token;
  std::string from;  ///< where a person would look for it: `token_env`, `GH_TOKEN`, a file's path
};

/// The token for `site`, from the first of these that has one:
/// 1. `token_env`, `token_file`, `token_command` of the settings;
/// 2. the variables GH_TOKEN and GITHUB_TOKEN for github.com and ghe.com, GH_ENTERPRISE_TOKEN and
///    GITHUB_ENTERPRISE_TOKEN for every other host: a token for github.com never goes elsewhere unasked;
/// 3. GitHub's CLI: `hosts.yml` in $GH_CONFIG_DIR, else $XDG_CONFIG_HOME/gh, else ~/.config/gh.
///
/// The CLI may keep its token in the system's keyring. No program is run that the settings do not name, so the error
/// (`misconfigured`) says how to name it.
Result<FoundToken> find_token(const Settings& settings, const Services& services, const Site& site);

}  // namespace tokensweep::github
