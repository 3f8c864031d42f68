#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "connectors/kubernetes/api.hpp"
#include "connectors/kubernetes/namespace_scopes.hpp"
#include "connectors/kubernetes/page_size.hpp"
#include "connectors/kubernetes/workload_uses.hpp"
#include "net/task_group.hpp"

/// One list of secrets or ConfigMaps, of a cluster or a namespace, from its first page to its end.
namespace tokensweep::kubernetes {

struct CrawlOptions {
  std::string name;                     ///< the source's
  std::vector<std::string> namespaces;  ///< that are read; empty: all
  bool names_only = false;              ///< no value is asked for
  bool config_maps = false;             ///< are read beside secrets
  bool helm = false;                    ///< Helm's releases are decoded; else those in secrets are not asked for
  bool workloads = false;               ///< what runs in the cluster is listed, for what it does with secrets
  bool looks_ahead = true;              ///< the next page is asked for while one still comes
  unsigned lists = 1;                   ///< of one cluster, side by side on one snapshot
};

/// What the lists of one cluster and one kind of object have in common.
struct ClusterReading {
  /// `uses`: null where nobody asked for them.
  ClusterReading(const CrawlOptions& options_, Sink& sink_, NamespaceScopes scopes_, const WorkloadUses* uses_)
      : options(options_),
        sink(sink_),
        scopes(std::move(scopes_)),
        uses(uses_),
        expects_news(!scopes.was_read_before()) {}

  const CrawlOptions& options;
  Sink& sink;
  NamespaceScopes scopes;
  const WorkloadUses* uses;
  PageSize page_size;
  /// Whether most of what comes is new, as that which came last, or all of a cluster that no sweep has read: then
  /// values are asked for at once. Else a page of names and versions goes before, and most values never leave the
  /// cluster.
  bool expects_news;
};

/// How a list ended.
struct WalkEnd {
  Reaction reaction = Reaction::read;
  std::string why;           ///< empty where it was read to its end
  bool began = false;        ///< whether any page of it came
  bool one_snapshot = true;  ///< else the cluster forgot the snapshot, and the rest is of later
};

class ListWalk {
 public:
  /// `name_space`: empty for all of the cluster: then each namespace's scope ends where the list has left it, and the
  /// last ones are left open. `snapshot` as in a ListRequest. All have to outlive the walk.
  ListWalk(Api& api, ClusterReading& reading, std::string name_space, std::string snapshot);
  ~ListWalk();

  Task<WalkEnd> run();

 private:
  class Page;
  using PagePtr = std::shared_ptr<Page>;

  Task<PagePtr> start(std::string token);
  Task<> read(PagePtr page);
  static Task<> wait_for_end(PagePtr page);
  Task<WalkEnd> walk();
  Task<Answer<bool>> settle(PagePtr page);
  Task<Answer<bool>> read_news(PagePtr page);
  Task<Answer<bool>> read_again(PagePtr page);
  Task<> read_one(PagePtr page, std::size_t number);
  Task<> leave_namespaces(PagePtr page);

  Api& api_;
  ClusterReading& reading_;
  std::string name_space_;
  std::string snapshot_;
  TaskGroup pages_;
  TaskGroup singles_;
  WalkEnd end_;
  std::vector<std::string> open_;       ///< namespaces that the list may still be in
  std::optional<Answer<bool>> broken_;  ///< what ended the cluster while single secrets were read
};

}  // namespace tokensweep::kubernetes
