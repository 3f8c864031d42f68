#pragma once

#include "connectors/circleci/api.hpp"
#include "connectors/circleci/targets.hpp"
#include "connectors/connector.hpp"

namespace tokensweep::circleci {

/// What a crawl of the targets would read and cost at `rate` requests a second, and what it would miss. Asks for the
/// lists, and for the variables of one context and one project: what is refused there is refused elsewhere too.
Task<Result<SourceCheck>> survey(Api& api, const Targets& targets, double rate);

}  // namespace tokensweep::circleci
