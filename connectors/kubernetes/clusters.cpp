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

bool is_same_cluster(const ReachedCluster& a, const ReachedCluster& b) { return a.identity == b.identity; }

bool is_same_address(const ReachedCluster& a, const ReachedCluster& b) {
  return std::ranges::any_of(a.ways,
                             [&](const Way& way) { return address_of(way.api->cluster()) == address_of(b.cluster()); });
}

/// Adds the ways of a cluster that is there already, or the cluster.
void add(std::vector<ReachedCluster>& all, ReachedCluster one,
         bool (*is_same)(const ReachedCluster& a, const ReachedCluster& b)) {
  const auto same = std::ranges::find_if(all, [&](const ReachedCluster& other) { return is_same(other, one); });
  if (same == all.end()) {
    all.push_back(std::move(one));
  } else {
    same->ways.push_back(std::move(one.ways.front()));
  }
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
    if (reached != nullptr && reached->has_uid) add(clusters.reached, std::move(*reached), is_same_cluster);
  }
  // Who may not see the uid asks the same cluster as who may, where the address is the same.
  for (auto& one : all) {
    auto* reached = std::get_if<ReachedCluster>(&one);
    if (reached != nullptr && !reached->has_uid && !reached->ways.empty()) {
      add(clusters.reached, std::move(*reached), is_same_address);
    }
  }
  co_return clusters;
}

}  // namespace tokensweep::kubernetes
