#include "connectors/kubernetes/crawl.hpp"

#include <algorithm>
#include <functional>
#include <optional>
#include <set>
#include <utility>

#include "connectors/kubernetes/list_head.hpp"
#include "connectors/kubernetes/workload_crawl.hpp"
#include "net/task_group.hpp"
#include "net/url.hpp"

namespace tokensweep::kubernetes {
namespace {

/// Fewer secrets to a namespace than this, and lists of single namespaces cost more than they save.
constexpr std::uint64_t kWorthAList = 50;

ScopeEnd ended(ScopeState state, std::string reason) {
  ScopeEnd end;
  end.state = state;
  end.reason = std::move(reason);
  return end;
}

std::string_view name_of(ObjectKind kind) { return kind == ObjectKind::secret ? "secrets" : "ConfigMaps"; }

ScopeEnd ended_by(const WalkEnd& walk, ObjectKind kind) {
  if (walk.reaction == Reaction::read) return {};
  return ended(walk.reaction == Reaction::denied ? ScopeState::denied : ScopeState::failed,
               "the list of its " + std::string(name_of(kind)) + ": " + walk.why);
}

using Covers = std::function<bool(std::string_view place)>;

/// Reads what a cluster has of one kind of object.
class Crawl {
 public:
  /// `uses`: of secrets, where somebody asked for them; else null.
  Crawl(std::span<Api* const> ways, const std::string& identity, ObjectKind kind, const CrawlOptions& options,
        const WorkloadUses* uses, Sink& sink)
      : ways_(ways),
        sink_(sink),
        kind_(kind),
        reading_(options, sink,
                 NamespaceScopes(sink, {.kind = kind, .releases = options.helm}, options.name, "kubernetes:" + identity,
                                 ways.front()->cluster().context),
                 uses) {}

  /// Reads all of it. The cluster's own scope stays open.
  Task<> read() {
    if (!reading_.options.namespaces.empty()) {
      co_await read_each(reading_.options.namespaces, "");
    } else if ((whole_ = reading_.scopes.whole())) {
      whole_end_ = co_await read_whole();
      // What the list was still in when it ended.
      ScopeEnd rest = whole_end_;
      co_await reading_.scopes.end_all(std::move(rest));
    }
  }

  /// Whether an interrupted sweep has read it before.
  [[nodiscard]] bool is_over() const { return reading_.options.namespaces.empty() && !whole_; }
  /// What ended the cluster, if anything did.
  [[nodiscard]] const std::optional<std::string>& broken() const { return broken_; }
  /// Tells the places in namespaces that the cluster does not have any more, or that hold no such object; empty where
  /// that is not certain.
  [[nodiscard]] const Covers& vanished() const { return whole_end_.covers; }

  /// Ends the cluster's own scope, which may hold what another list tells to have vanished.
  Task<> end(Covers also) {
    if (!whole_) co_return;
    if (whole_end_.covers && also) {
      whole_end_.covers = [own = std::move(whole_end_.covers), other = std::move(also)](std::string_view place) {
        return own(place) || other(place);
      };
    }
    co_await sink_.end(*whole_, std::move(whole_end_));
  }

 private:
  Task<ScopeEnd> read_whole() {
    if (reading_.options.lists > 1) {
      auto end = co_await read_side_by_side();
      if (end) co_return std::move(*end);
    }
    for (Api* way : ways_) {
      ListWalk list(*way, reading_, "", "");
      const WalkEnd walk = co_await list.run();
      if (walk.reaction == Reaction::denied && !walk.began) continue;
      if (!walk.one_snapshot)
        note_snapshots(*whole_, kind_ == ObjectKind::secret ? "" : std::string(kConfigMapsPart) + "/");
      note_end(walk);
      ScopeEnd end = ended_by(walk, kind_);
      if (walk.reaction == Reaction::read) end.covers = covers_vanished();
      co_return end;
    }
    co_return co_await read_known_namespaces();
  }

  /// Nobody may list the whole cluster.
  Task<ScopeEnd> read_known_namespaces() {
    const std::string denied =
        std::string(name_of(kind_)) + " of the whole cluster cannot be listed, nor its namespaces";
    for (Api* way : ways_) {
      auto names = co_await way->namespaces("");
      if (names) {
        co_await read_each(*names.value, "");
        ScopeEnd end;
        listed_.insert(names.value->begin(), names.value->end());
        end.covers = covers_vanished();
        co_return end;
      }
      if (names.reaction == Reaction::ends_cluster) {
        broken_ = names.value.error().what;
        co_return ended(ScopeState::failed, *broken_);
      }
      if (names.reaction != Reaction::denied) co_return ended(ScopeState::failed, names.value.error().what);
    }
    std::vector<std::string> names;
    for (Api* way : ways_) {
      const auto& own = way->cluster().namespaces;
      names.insert(names.end(), own.begin(), own.end());
    }
    co_await read_each(names, "");
    co_return ended(ScopeState::denied, denied + (names.empty() ? ", and no context names one"
                                                                : ": only those that the contexts name were read"));
  }

  /// All namespaces as they were at one moment, several lists at once. Nothing where that is not allowed, or not worth
  /// it.
  Task<std::optional<ScopeEnd>> read_side_by_side() {
    using End = std::optional<ScopeEnd>;
    Api& way = *ways_.front();
    const auto head = co_await read_head(way, kind_, "");
    if (!head) co_return End();
    auto names = co_await way.namespaces(head.value->snapshot);
    if (!names || head.value->items < kWorthAList * names.value->size()) co_return End();
    co_await read_each(*names.value, head.value->snapshot);
    if (broken_) co_return End(ended(ScopeState::failed, *broken_));
    listed_.insert(names.value->begin(), names.value->end());
    ScopeEnd end;
    end.covers = covers_vanished();
    co_return End(std::move(end));
  }

  Task<> read_each(const std::vector<std::string>& names, std::string snapshot) {
    TaskGroup group(std::max(reading_.options.lists, 1U));
    for (const std::string& name : names) {
      if (!reading_.scopes.contains(name)) co_await group.start(read_namespace(name, snapshot));
    }
    co_await group.join();
  }

  Task<> read_namespace(std::string name, std::string snapshot) {
    const auto number = reading_.scopes.of(name);
    if (!number) co_return;
    WalkEnd walk{.reaction = Reaction::failed, .why = broken_.value_or("")};
    for (std::size_t i = 0; i < ways_.size() && !broken_; ++i) {
      walk = co_await walk_namespace(*ways_[i], name, snapshot);
      if (walk.reaction != Reaction::denied || walk.began) break;
    }
    if (!walk.one_snapshot) note_snapshots(*number, NamespaceScopes::prefix_of(name, kind_) + "/");
    note_end(walk);
    ScopeEnd end = ended_by(walk, kind_);
    co_await reading_.scopes.end(std::move(name), std::move(end));
  }

  Task<WalkEnd> walk_namespace(Api& way, const std::string& name, const std::string& snapshot) {
    ListWalk list(way, reading_, name, snapshot);
    WalkEnd walk = co_await list.run();
    if (walk.reaction != Reaction::expired || walk.began || snapshot.empty()) co_return walk;
    // Its turn came too late: it is read as it is now.
    ListWalk newest(way, reading_, name, "");
    walk = co_await newest.run();
    walk.one_snapshot = false;
    co_return walk;
  }

  void note_end(const WalkEnd& walk) {
    if (walk.reaction == Reaction::ends_cluster && !broken_) broken_ = walk.why;
  }

  void note_snapshots(ScopeNumber scope, const std::string& prefix) {
    Gap gap{.place = prefix + "?snapshot",
            .reason =
                "the list took longer than the cluster remembers: what is at its end is of later than what is at "
                "its beginning",
            .incomplete = false};
    sink_.gap(scope, std::move(gap));
  }

  Covers covers_vanished() {
    std::set<std::string, std::less<>> prefixes;
    for (const std::string& name : reading_.scopes.names()) prefixes.insert(percent_encoded(name));
    for (const std::string& name : listed_) prefixes.insert(percent_encoded(name));
    return [listed = std::move(prefixes), reads = reading_.scopes.reads()](std::string_view place) {
      return reads.covers(place) && !listed.contains(NamespaceScopes::prefix_in(place));
    };
  }

  std::span<Api* const> ways_;
  Sink& sink_;
  ObjectKind kind_;
  ClusterReading reading_;
  std::optional<ScopeNumber> whole_;
  ScopeEnd whole_end_;
  std::set<std::string> listed_;       ///< namespaces that a list of namespaces named
  std::optional<std::string> broken_;  ///< what ended the cluster
};

}  // namespace

Task<Result<>> crawl(std::span<Api* const> ways, const std::string& identity, const CrawlOptions& options, Sink& sink) {
  std::optional<WorkloadUses> uses;
  if (options.workloads) uses = co_await read_workloads(ways, identity, options, sink);
  Crawl secrets(ways, identity, ObjectKind::secret, options, uses ? &*uses : nullptr, sink);
  co_await secrets.read();
  std::optional<std::string> broken = secrets.broken();
  Covers vanished;
  if (options.config_maps && !secrets.is_over() && !broken) {
    Crawl config_maps(ways, identity, ObjectKind::config_map, options, nullptr, sink);
    co_await config_maps.read();
    broken = config_maps.broken();
    vanished = config_maps.vanished();
    co_await config_maps.end(nullptr);
  }
  co_await secrets.end(std::move(vanished));
  if (broken) co_return Error{ErrorKind::misconfigured, std::move(*broken)};
  co_return Result<>();
}

}  // namespace tokensweep::kubernetes
