#pragma once

#include <span>

#include "connectors/connector.hpp"
#include "connectors/kubernetes/clusters.hpp"
#include "connectors/kubernetes/list_walk.hpp"

namespace tokensweep::kubernetes {

/// What a crawl of these clusters would read and cost, and what it would miss: asks each for the head of the list of
/// all its secrets, without a value.
Task<SourceCheck> survey(const ReachedClusters& clusters, const CrawlOptions& options);

}  // namespace tokensweep::kubernetes
