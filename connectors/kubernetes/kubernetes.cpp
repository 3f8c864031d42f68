#include "connectors/kubernetes/kubernetes.hpp"

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "connectors/common_keys.hpp"
#include "connectors/kubernetes/cluster_access.hpp"
#include "connectors/kubernetes/clusters.hpp"
#include "connectors/kubernetes/crawl.hpp"
#include "connectors/kubernetes/survey.hpp"
#include "net/task_group.hpp"

namespace tokensweep::kubernetes {
namespace {

constexpr std::size_t kClustersAtOnce = 8;
/// One list, and its next page.
constexpr unsigned kInFlight = 2;

constexpr std::array kOwnKeys = {
    KeySpec{.name = "namespaces",
            .kind = KeyKind::texts,
            .summary = "the namespaces to read; else all, by one list of the cluster where its roles allow that"},
    KeySpec{.name = "names_only",
            .kind = KeyKind::flag,
            .summary = "asks for no value: a secret's and its keys' names are all that is looked at"},
    KeySpec{.name = "configmaps", .kind = KeyKind::flag, .summary = "reads ConfigMaps as well, in lists of their own"},
    KeySpec{
        .name = "helm",
        .kind = KeyKind::flag,
        .summary = "decodes the releases of Helm: the values, charts and manifests of every revision that it keeps"},
    KeySpec{.name = "workloads",
            .kind = KeyKind::flag,
            .summary = "lists what runs there, for what it does with secrets: that is evidence for their classes"},
};

/// Which clusters, and what of them.
std::span<const KeySpec> keys() {
  static const std::vector<KeySpec> kKeys = [] {
    std::vector<KeySpec> all(access_keys().begin(), access_keys().end());
    all.insert(all.end(), kOwnKeys.begin(), kOwnKeys.end());
    return all;
  }();
  return kKeys;
}

CrawlOptions options_of(const Settings& settings, const std::string& name) {
  const auto concurrency = static_cast<unsigned>(settings.count("concurrency", kInFlight));
  return {.name = name,
          .namespaces = settings.texts("namespaces"),
          .names_only = settings.flag("names_only"),
          .config_maps = settings.flag("configmaps"),
          .helm = settings.flag("helm"),
          .workloads = settings.flag("workloads"),
          .looks_ahead = !settings.has("concurrency"),
          .lists = settings.has("concurrency") ? concurrency : 1};
}

class Kubernetes : public Connector {
 public:
  Kubernetes(const Settings& settings, const Services& services, ClusterAccesses accesses)
      : name_(services.name),
        in_flight_(static_cast<unsigned>(settings.count("concurrency", kInFlight))),
        rate_(settings.rate("rate")),
        options_(options_of(settings, services.name)),
        accesses_(std::move(accesses)) {}

  Task<Result<SourceCheck>> check() override {
    ReachedClusters clusters = co_await reach_all();
    if (clusters.reached.empty()) co_return first_failure(clusters);
    co_return co_await survey(clusters, options_);
  }

  Task<Result<>> sweep(Sink& sink) override {
    ReachedClusters clusters = co_await reach_all();
    if (clusters.reached.empty()) co_return first_failure(clusters);
    std::vector<Result<>> crawled(clusters.reached.size());
    TaskGroup group(kClustersAtOnce);
    for (std::size_t i = 0; i < crawled.size(); ++i) {
      co_await group.start(crawl_one(clusters.reached[i], crawled[i], sink));
    }
    for (const LostContext& lost : clusters.lost) co_await end_lost(lost, sink);
    co_await group.join();
    // One cluster that cannot be asked costs the others nothing; where none is left, the source is of no use.
    const bool none = std::ranges::none_of(crawled, [](const Result<>& result) { return bool(result); });
    if (none) co_return std::move(crawled.front()).error().within(name_);
    co_return Result<>();
  }

 private:
  Task<ReachedClusters> reach_all() {
    ReachedClusters clusters = co_await reach(accesses_.usable, in_flight_, rate_, name_);
    for (const UnusableContext& unusable : accesses_.unusable) {
      clusters.lost.push_back({.context = unusable.context, .identity = unusable.context, .why = unusable.why});
    }
    co_return clusters;
  }

  [[nodiscard]] Error first_failure(ReachedClusters& clusters) const {
    if (clusters.lost.empty()) return {ErrorKind::misconfigured, name_ + ": no cluster is named"};
    return std::move(clusters.lost.front().why).within(name_);
  }

  Task<> crawl_one(const ReachedCluster& cluster, Result<>& result, Sink& sink) {
    std::vector<Api*> ways;
    for (const Way& way : cluster.ways) ways.push_back(way.api.get());
    result = co_await crawl(ways, cluster.identity, options_, sink);
  }

  Task<> end_lost(const LostContext& lost, Sink& sink) {
    const auto number = sink.begin({.source = "kubernetes",
                                    .name = name_,
                                    .store = lost.context,
                                    .realm = "kubernetes:" + lost.identity,
                                    .prefix = ""});
    if (!number) co_return;
    ScopeEnd end;
    end.state = ScopeState::failed;
    end.reason = lost.why.what;
    co_await sink.end(*number, std::move(end));
  }

  std::string name_;
  unsigned in_flight_;
  std::optional<double> rate_;
  CrawlOptions options_;
  ClusterAccesses accesses_;
};

Result<std::unique_ptr<Connector>> make(const Settings& settings, const Services& services) {
  if (settings.flag("helm") && settings.flag("names_only")) {
    return Error{ErrorKind::misconfigured, "helm takes values, and names_only asks for none: leave one of them out"};
  }
  TRY(ClusterAccesses accesses, cluster_accesses(settings, services));
  return std::unique_ptr<Connector>(std::make_unique<Kubernetes>(settings, services, std::move(accesses)));
}

}  // namespace

const ConnectorEntry kEntry = {.spec = {.id = "kubernetes",
                                        .summary = "secrets of Kubernetes clusters",
                                        .keys = keys(),
                                        .network = network_keys()},
                               .make = make};

}  // namespace tokensweep::kubernetes
