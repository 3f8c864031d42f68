#include "connectors/kubernetes/clusters.hpp"

#include <algorithm>
#include <optional>
#include <utility>
#include <variant>

#include "net/task_group.hpp"

namespace tokensweep::kubernetes {
namespace {

constexpr std::size_t kAtOnce = 16;
/// Of the digest of a cluster's authority: enough to tell a handful of clusters at one address apart.
constexpr std::size_t kDigestShown = 16;

/// What is known of a cluster before it says anything.
std::string address_of(const Cluster& cluster) {
  std::string address = to_string(cluster.server);
  if (!cluster.authority.empty()) address += '#' + cluster.authority.substr(0, kDigestShown);
  return address;
}

Task<> reach_one(ClusterAccess& access, Limits limits, std::string name,
                 std::variant<std::monostate, ReachedCluster, LostContext>& into) {
  const Cluster& cluster = access.cluster();
  const auto lose = [&](Error why) {
    into = LostContext{.context = cluster.context, .identity = address_of(cluster), .why = std::move(why)};
  };
  auto client = co_await access.connect(std::move(limits));
  if (!client) {
    lose(std::move(client).error());
    co_return;
  }
  ReachedCluster reached;
  auto api = std::make_unique<Api>(**client, cluster, name);
  auto uid = co_await api->uid();
  if (uid) {
    reached.identity = std::move(*uid.value);
    reached.has_uid = true;
  } else if (uid.reaction == Reaction::denied) {
    reached.identity = address_of(cluster);
  } else {
    lose(std::move(uid.value).error().within(cluster.context));
    co_return;
  }
  reached.ways.push_back({.client = std::move(*client), .api = std::move(api)});
  into = std::move(reached);
}

}  // namespace

Task<ReachedClusters> reach(std::span<const std::unique_ptr<ClusterAccess>> accesses, unsigned in_flight,
                            std::optional<double> rate, const std::string& name) {
  std::vector<std::variant<std::monostate, ReachedCluster, LostContext>> all(accesses.size());
  TaskGroup group(kAtOnce);
  for (std::size_t i = 0; i < accesses.size(); ++i) {
    Limits limits;
    limits.in_flight = in_flight;
    limits.rate = rate;
    co_await group.start(reach_one(*accesses[i], std::move(limits), name, all[i]));
  }
  co_await group.join();

  ReachedClusters clusters;
  for (auto& one : all) {
    if (auto* lost = std::get_if<LostContext>(&one)) clusters.lost.push_back(std::move(*lost));
    auto* reached = std::get_if<ReachedCluster>(&one);
    if (reached == nullptr) continue;
    const auto same = std::ranges::find(clusters.reached, reached->identity, &ReachedCluster::identity);
    if (same == clusters.reached.end()) {
      clusters.reached.push_back(std::move(*reached));
    } else {
      same->ways.push_back(std::move(reached->ways.front()));
    }
  }
  co_return clusters;
}

}  // namespace tokensweep::kubernetes
