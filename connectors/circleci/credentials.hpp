#pragma once

#include <string>

#include "base/result.hpp"
#include "base/secret.hpp"
#include "connectors/connector.hpp"
#include "net/url.hpp"

namespace tokensweep::circleci {

struct FoundToken {
  Secret token;
  std::string from;  ///< what a person looks for: `token_env`, `CIRCLE_TOKEN`, a file's path
};

/// The token, from the first of these that has one:
/// 1. `token_env`, `token_file`, `token_command` of the settings;
/// 2. the variables `CIRCLE_TOKEN`, `CIRCLE_CLI_TOKEN`, `CIRCLECI_CLI_TOKEN`;
/// 3. the CircleCI CLI's own files: of version 1 `$XDG_CONFIG_HOME/circleci/config.yml`, else
///    `~/.config/circleci/config.yml`; of older ones `~/.circleci/cli.yml`, else
///    `$XDG_CONFIG_HOME/circleci-cli/cli.yml`, else `~/.config/circleci-cli/cli.yml`.
///
/// What the settings do not name goes to its own host alone: `CIRCLE_HOST` or `CIRCLECI_CLI_HOST`, where one is set,
/// and a file's `host` (without one, CircleCI's cloud) have to be `origin`. A token for another host, a file that
/// cannot be read and no token at all are `misconfigured`. Version 1 may keep the token in the system's keyring, which
/// is not asked: its file has none then.
Result<FoundToken> find_token(const Settings& settings, const Services& services, const Origin& origin);

/// `host` as it is written in settings, variables and files, with or without `https://`: nothing but a host and a port.
Result<Origin> parse_host(std::string_view host);

inline constexpr std::string_view kCloud = "https://circleci.com";

}  // namespace tokensweep::circleci
