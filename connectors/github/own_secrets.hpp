#pragma once

#include <string>

#include "connectors/connector.hpp"
#include "connectors/github/api.hpp"

/// The Codespaces secrets of the user whose token asks: they belong to no organisation. A scope of their own,
/// `users/USER`, with the places `users/USER/codespaces/NAME`; USER is a number.
namespace tokensweep::github {

/// Crawls them. The scope that it begins is ended when it returns, whatever came. `source` is the configured source's
/// name.
Task<> crawl_own_secrets(Api& api, Sink& sink, std::string source);

/// Adds what that takes, and what is missing for it.
Task<> check_own_secrets(Api& api, SourceCheck& check);

}  // namespace tokensweep::github
