#pragma once

#include <cstdint>
#include <string>

#include "connectors/connector.hpp"
#include "connectors/ssm/api.hpp"
#include "connectors/ssm/crawl.hpp"

namespace tokensweep::ssm {

/// What a sweep of one store would cost, and what it could not read.
struct StoreSurvey {
  std::vector<SourceCheck::Line> plan;
  std::vector<std::string> missing;
  std::uint64_t requests = 0;  ///< of the plan, in all
};

/// Lists the store's own parameters, and tries the values of the first ten.
Task<StoreSurvey> survey(Api& api, const Store& store, const CrawlOptions& options);

}  // namespace tokensweep::ssm
