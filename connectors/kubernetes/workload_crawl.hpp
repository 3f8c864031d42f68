#pragma once

#include <span>
#include <string>

#include "connectors/kubernetes/api.hpp"
#include "connectors/kubernetes/list_walk.hpp"
#include "connectors/kubernetes/workload_uses.hpp"

namespace tokensweep::kubernetes {

/// Below the cluster's realm: a scope of its own, so that what cannot be listed costs the secrets nothing.
inline constexpr std::string_view kWorkloadsScope = "?workloads";

/// What kubectl asks for; an API server holds a whole page in memory.
inline constexpr std::size_t kWorkloadsPerPage = 500;

/// Lists the workloads of a cluster, of the namespaces that the options name or of all, for what they do with secrets:
/// each kind by one list of the cluster; where its roles do not allow that, by one of each namespace. As many lists at
/// once as the options have. `ways` and `identity` as in crawl().
///
/// Its scope, `?workloads`, holds no place: it is complete where all lists were read, else it says which could not be.
Task<WorkloadUses> read_workloads(std::span<Api* const> ways, const std::string& identity, const CrawlOptions& options,
                                  Sink& sink);

/// How the first of a list's pages answers, and how many there are on all of them.
Task<Answer<std::uint64_t>> count_workloads(Api& api, WorkloadKind kind, std::string name_space);

}  // namespace tokensweep::kubernetes
