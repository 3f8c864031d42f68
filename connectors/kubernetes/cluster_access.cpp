#include "connectors/kubernetes/cluster_access.hpp"

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "connectors/common_keys.hpp"
#include "connectors/kubernetes/context_access.hpp"
#include "connectors/kubernetes/kubeconfig_files.hpp"
#include "connectors/kubernetes/pod.hpp"

namespace tokensweep::kubernetes {
namespace {

constexpr std::array kKeys = {
    KeySpec{.name = "kubeconfig",
            .kind = KeyKind::path,
            .summary = "a kubeconfig file; else those of `$KUBECONFIG`, else `~/.kube/config`, else the pod's own",
            .one_of = "kubeconfig"},
    KeySpec{.name = "kubeconfigs",
            .kind = KeyKind::paths,
            .summary = "several of them, merged as kubectl does: the first one to have an entry wins",
            .one_of = "kubeconfig"},
    KeySpec{.name = "in_cluster",
            .kind = KeyKind::flag,
            .summary = "the cluster of the pod that the sweep runs in, whatever kubeconfigs there are",
            .one_of = "kubeconfig"},
    KeySpec{.name = "contexts",
            .kind = KeyKind::texts,
            .summary = "the kubeconfig's contexts to sweep; the current one by default, `[\"*\"]` is all of them"},
    KeySpec{.name = "allow_exec",
            .kind = KeyKind::texts,
            .summary = "credential plugins that the kubeconfig may have run beside the usual ones, by name or absolute "
                       "path as it has them"},
};

Error misconfigured(std::string what) { return {ErrorKind::misconfigured, std::move(what)}; }

Result<Kubeconfig> find_kubeconfig(const Settings& settings, const Services& services) {
  if (!settings.flag("in_cluster")) {
    TRY(auto config, read_kubeconfigs(settings, services.environment));
    if (config) return std::move(*config);
  }
  TRY(auto config, pod_kubeconfig(services.environment));
  if (config) return std::move(*config);
  if (settings.flag("in_cluster")) return misconfigured("in_cluster: this is no pod of a cluster");
  return misconfigured("no kubeconfig: name one with kubeconfig or $KUBECONFIG, or put it at ~/.kube/config");
}

/// The names of those that are meant, in the kubeconfig's order where all are.
Result<std::vector<std::string>> contexts_of(const Settings& settings, const Kubeconfig& config) {
  std::vector<std::string> all;
  for (const ContextEntry& context : config.contexts) all.push_back(context.name);
  std::vector<std::string> named = settings.texts("contexts");
  if (named == std::vector<std::string>{"*"}) {
    if (all.empty()) return misconfigured("the kubeconfig has no contexts");
    return all;
  }
  if (named.empty()) {
    if (config.current_context.empty()) {
      return misconfigured("the kubeconfig has no current context: name some in contexts");
    }
    named.push_back(config.current_context);
  }
  for (const std::string& name : named) {
    if (std::find(all.begin(), all.end(), name) == all.end()) {
      return misconfigured("the kubeconfig has no context " + name);
    }
  }
  return named;
}

/// A kubeconfig's entries by name, where several contexts share them.
template <class Entry>
class Entries {
 public:
  explicit Entries(std::vector<Entry> entries) {
    for (Entry& entry : entries) all_.push_back(std::make_shared<const Entry>(std::move(entry)));
  }
  /// Null where there is none.
  [[nodiscard]] std::shared_ptr<const Entry> find(std::string_view name) const {
    const auto found = std::find_if(all_.begin(), all_.end(), [name](const auto& one) { return one->name == name; });
    return found == all_.end() ? nullptr : *found;
  }

 private:
  std::vector<std::shared_ptr<const Entry>> all_;
};

/// Turns contexts into clusters, one after the other.
class Finder {
 public:
  Finder(Kubeconfig config, const Settings& settings)
      : contexts_(std::move(config.contexts)),
        clusters_(std::move(config.clusters)),
        users_(std::move(config.users)),
        settings_(settings) {}

  /// `name` has to be there.
  void add(const std::string& name) {
    const auto context =
        std::find_if(contexts_.begin(), contexts_.end(), [&name](const auto& one) { return one.name == name; });
    auto target = target_of(*context);
    if (!target) {
      unusable_.push_back({name, std::move(target).error()});
      return;
    }
    const auto same = [&target](const ContextTarget& other) { return is_same(other, *target); };
    const auto known = std::find_if(targets_.begin(), targets_.end(), same);
    if (known == targets_.end()) {
      targets_.push_back(std::move(*target));
      return;
    }
    known->cluster.other_contexts.push_back(name);
    for (std::string& its : target->cluster.namespaces) {
      auto& all = known->cluster.namespaces;
      if (std::find(all.begin(), all.end(), its) == all.end()) all.push_back(std::move(its));
    }
  }

  ClusterAccesses finish(const Services& services) && {
    ClusterAccesses found;
    for (ContextTarget& target : targets_) found.usable.push_back(context_access(std::move(target), services));
    found.unusable = std::move(unusable_);
    return found;
  }

 private:
  static bool is_same(const ContextTarget& a, const ContextTarget& b) {
    return a.cluster.server.origin == b.cluster.server.origin && a.cluster.server.target == b.cluster.server.target &&
           a.cluster.authority == b.cluster.authority && a.means.user == b.means.user;
  }

  Result<ContextTarget> target_of(const ContextEntry& context) const {
    ClientOptions network;
    apply_network_keys(settings_, network);
    ContextMeans means{
        .context = context.name,
        .place = context.file.empty() ? context.name : context.file.native() + ": context " + context.name,
        .default_namespace = context.default_namespace,
        .cluster = clusters_.find(context.cluster),
        .user = context.user.empty() ? nobody_ : users_.find(context.user),
        .ca_file = std::move(network.tls.ca_file),
        .proxy = std::move(network.proxy),
        .timeout = network.timeout,
        .allowed_commands = settings_.texts("allow_exec")};
    if (context.wrong) return Error(*context.wrong).within(means.place);
    if (!means.cluster) return misconfigured(means.place + ": its cluster is in none of the kubeconfigs");
    if (!means.user) return misconfigured(means.place + ": its user is in none of the kubeconfigs");
    return context_target(std::move(means));
  }

  std::vector<ContextEntry> contexts_;
  Entries<ClusterEntry> clusters_;
  Entries<UserEntry> users_;
  std::shared_ptr<const UserEntry> nobody_ = std::make_shared<const UserEntry>();
  const Settings& settings_;
  std::vector<ContextTarget> targets_;
  std::vector<UnusableContext> unusable_;
};

}  // namespace

Url Cluster::at(std::string_view path) const {
  return server.at(server.target == "/" ? std::string(path) : server.target + std::string(path));
}

Result<ClusterAccesses> cluster_accesses(const Settings& settings, const Services& services) {
  TRY(Kubeconfig config, find_kubeconfig(settings, services));
  TRY(const auto names, contexts_of(settings, config));
  Finder finder(std::move(config), settings);
  for (const std::string& name : names) finder.add(name);
  return std::move(finder).finish(services);
}

std::span<const KeySpec> access_keys() { return kKeys; }

}  // namespace tokensweep::kubernetes
