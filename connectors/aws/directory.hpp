#pragma once

#include <memory>
#include <string>
#include <vector>

#include "connectors/aws/keys.hpp"
#include "connectors/aws/outside.hpp"
#include "connectors/aws/parse.hpp"
#include "net/task.hpp"

/// What an account knows of itself: its regions, and the other accounts of its organisation. One request at a time, as
/// pages come. `denied` where these keys may not ask.
namespace tokensweep::aws {

/// The regions that are enabled for the account, sorted (account:ListRegions).
Task<Result<std::vector<std::string>>> enabled_regions(const Outside& outside, std::shared_ptr<KeyProvider> keys);

/// The active accounts of the organisation, sorted by id (organizations:ListAccounts).
Task<Result<std::vector<Account>>> accounts(const Outside& outside, std::shared_ptr<KeyProvider> keys);

}  // namespace tokensweep::aws
