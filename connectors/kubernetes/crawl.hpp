#pragma once

#include <span>
#include <string>

#include "connectors/kubernetes/api.hpp"
#include "connectors/kubernetes/list_walk.hpp"

namespace tokensweep::kubernetes {

/// Reads one cluster once, `identity`, by one or several credentials: where one may not look, the next one is asked.
///
/// Its scopes: each namespace, `<namespace>`, whose places are `<namespace>/<uid>/<key>`; and, unless the options name
/// namespaces, the cluster itself, the empty prefix, which ends last: complete where it is certain which namespaces
/// there are, and then those that hold no secret any more are gone with what they held. ConfigMaps, where they are
/// read, have scopes of their own, `<namespace>/@configmaps` and `@configmaps`: what roles refuse of them costs the
/// secrets nothing, and where they are not read their hits are unknown.
///
/// Where the options say so, workloads are listed first: what they do with a secret is evidence for its class.
///
/// Tries one list of the whole cluster, or of each namespace on one snapshot where the options have several lists.
/// Where the cluster's roles do not allow the former, each namespace has its own list; those that cannot be had are
/// `denied`. An error means that nothing more comes from this cluster, and its scopes have ended so.
Task<Result<>> crawl(std::span<Api* const> ways, const std::string& identity, const CrawlOptions& options, Sink& sink);

}  // namespace tokensweep::kubernetes
