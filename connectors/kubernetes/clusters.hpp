#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "connectors/kubernetes/api.hpp"
#include "connectors/kubernetes/cluster_access.hpp"

/// The clusters behind the contexts that a source names: several contexts may lead to one.
namespace tokensweep::kubernetes {

/// One context's way to its cluster.
struct Way {
  std::unique_ptr<HttpClient> client;
  std::unique_ptr<Api> api;
};

/// A cluster that answers.
struct ReachedCluster {
  std::string identity;  ///< the uid of its kube-system, or where nobody may see that, its address and authority
  bool has_uid = false;
  std::vector<Way> ways;  ///< at least one, in the order of the contexts

  [[nodiscard]] const Cluster& cluster() const { return ways.front().api->cluster(); }
};

/// A context whose cluster cannot be asked, and why.
struct LostContext {
  std::string context;
  std::string identity;  ///< its address, as far as it is known; else the context's name
  Error why;
};

struct ReachedClusters {
  std::vector<ReachedCluster> reached;
  std::vector<LostContext> lost;
};

/// Connects to all at once, and asks each who it is. Those that have one identity are one. `name` is the source's.
Task<ReachedClusters> reach(std::span<const std::unique_ptr<ClusterAccess>> accesses, unsigned in_flight,
                            std::optional<double> rate, const std::string& name);

}  // namespace tokensweep::kubernetes
