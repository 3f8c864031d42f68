#include "connectors/kubernetes/workload_crawl.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include "base/text.hpp"
#include "net/paging.hpp"
#include "net/task_group.hpp"

namespace tokensweep::kubernetes {
namespace {

/// 500 to a page: more than any cluster has.
constexpr std::size_t kMostPages = 100'000;
constexpr std::size_t kMostNamed = 3;

class IntoUses final : public WorkloadListener {
 public:
  explicit IntoUses(WorkloadUses& uses) : uses_(uses) {}
  Result<> use(WorkloadUse use) override { return uses_.add(std::move(use)); }

 private:
  WorkloadUses& uses_;
};

class Nobody final : public WorkloadListener {
 public:
  Result<> use(WorkloadUse /*use*/) override { return {}; }
};

/// The lists that could not be had, and why.
class Unread {
 public:
  /// `name_space`: empty for all that the cluster has.
  void add(WorkloadKind kind, const std::string& name_space, const Answer<bool>& answer) {
    if (reason_.empty()) reason_ = answer.value.error().what;
    denied_ = denied_ && answer.reaction == Reaction::denied;
    kinds_.insert(kind);
    namespaces_.insert(name_space);
  }

  [[nodiscard]] ScopeEnd end() const {
    ScopeEnd end;
    if (kinds_.empty()) return end;
    // Not `incomplete`, whatever else was read: that is for scopes with places, and no line of a sweep's summary.
    end.state = denied_ ? ScopeState::denied : ScopeState::failed;
    end.reason = "which workloads use its secrets is not known in full: the list of ";
    std::size_t count = 0;
    for (const WorkloadKind kind : kinds_) end.reason.append(count++ == 0 ? "" : ", ").append(resource_of(kind));
    end.reason += where() + ": " + reason_;
    return end;
  }

 private:
  [[nodiscard]] std::string where() const {
    if (namespaces_.contains("")) return {};
    std::string words = " in ";
    std::size_t count = 0;
    for (const std::string& name : namespaces_) {
      if (count == kMostNamed) return words + fmt::format(" and {} more", grouped(namespaces_.size() - kMostNamed));
      words.append(count++ == 0 ? "" : ", ").append(name);
    }
    return words;
  }

  std::string reason_;
  std::set<WorkloadKind> kinds_;
  std::set<std::string> namespaces_;
  bool denied_ = true;  ///< and nothing worse
};

class WorkloadCrawl {
 public:
  WorkloadCrawl(std::span<Api* const> ways, const CrawlOptions& options) : ways_(ways), options_(options) {}

  Task<> run() {
    std::vector<std::string> names = options_.namespaces;
    std::vector<WorkloadKind> kinds = all_kinds();
    co_await list_all(std::move(names), std::move(kinds));
    if (refused_.empty()) co_return;
    // Nobody may list them in the whole cluster.
    names = co_await known_namespaces();
    if (names.empty()) {
      for (const auto& [kind, answer] : refused_) miss(kind, "", answer);
      co_return;
    }
    kinds.clear();
    for (const auto& [kind, answer] : refused_) kinds.push_back(kind);
    co_await list_all(std::move(names), std::move(kinds));
  }

  WorkloadUses uses;
  Unread unread;

 private:
  static std::vector<WorkloadKind> all_kinds() {
    std::vector<WorkloadKind> all;
    for (std::size_t i = 0; i < static_cast<std::size_t>(WorkloadKind::count_); ++i) {
      all.push_back(static_cast<WorkloadKind>(i));
    }
    return all;
  }

  /// `names`: empty for one list of the cluster.
  Task<> list_all(std::vector<std::string> names, std::vector<WorkloadKind> kinds) {
    TaskGroup group(std::max(options_.lists, 1U));
    for (const WorkloadKind kind : kinds) {
      if (names.empty()) co_await group.start(list(kind, ""));
      for (const std::string& name : names) co_await group.start(list(kind, name));
    }
    co_await group.join();
  }

  Task<> list(WorkloadKind kind, std::string name_space) {
    Answer<bool> answer(Reaction::failed, Error{ErrorKind::malformed, "the cluster is not asked any more"});
    for (Api* way : ways_) {
      if (broken_) break;
      answer = co_await walk(*way, kind, name_space);
      if (answer.reaction != Reaction::denied) break;
    }
    broken_ = broken_ || answer.reaction == Reaction::ends_cluster;
    if (answer) co_return;
    if (answer.reaction == Reaction::denied && name_space.empty()) {
      refused_.emplace_back(kind, std::move(answer));
    } else {
      miss(kind, name_space, answer);
    }
  }

  Task<Answer<bool>> walk(Api& way, WorkloadKind kind, std::string name_space) {
    PageGuard guard(kMostPages);
    IntoUses into(uses);
    WorkloadListRequest request{
        .kind = kind, .name_space = std::move(name_space), .limit = kWorkloadsPerPage, .page = {}};
    for (;;) {
      WorkloadListReader reader(into, kind);
      Api::Page page = co_await way.workloads(request, reader);
      // What is listed anew behind a snapshot that is gone lacks nothing.
      if (page.answer) page.continuation = reader.next();
      if (page.continuation.empty()) co_return std::move(page.answer);
      if (!guard.enter(page.continuation)) {
        co_return Answer<bool>(Reaction::failed, Error{ErrorKind::malformed, "its pages go round or never end"});
      }
      request.page = std::move(page.continuation);
    }
  }

  void miss(WorkloadKind kind, const std::string& name_space, const Answer<bool>& answer) {
    uses.add_unread(name_space);
    unread.add(kind, name_space, answer);
  }

  Task<std::vector<std::string>> known_namespaces() {
    for (Api* way : ways_) {
      auto names = co_await way->namespaces("");
      if (names) co_return std::move(*names.value);
    }
    std::set<std::string> own;
    for (Api* way : ways_) own.insert(way->cluster().namespaces.begin(), way->cluster().namespaces.end());
    std::vector<std::string> names(own.begin(), own.end());
    if (names.empty()) co_return names;
    for (const auto& [kind, answer] : refused_) unread.add(kind, "", answer);
    uses.know_only(std::move(own));
    co_return names;
  }

  std::span<Api* const> ways_;
  const CrawlOptions& options_;
  std::vector<std::pair<WorkloadKind, Answer<bool>>> refused_;  ///< kinds that nobody may list in the whole cluster
  bool broken_ = false;
};

}  // namespace

Task<WorkloadUses> read_workloads(std::span<Api* const> ways, const std::string& identity, const CrawlOptions& options,
                                  Sink& sink) {
  const auto number = sink.begin({.source = "kubernetes",
                                  .name = options.name,
                                  .store = ways.front()->cluster().context,
                                  .realm = "kubernetes:" + identity,
                                  .prefix = std::string(kWorkloadsScope)});
  WorkloadCrawl crawl(ways, options);
  co_await crawl.run();
  ScopeEnd end = crawl.unread.end();
  if (number) co_await sink.end(*number, std::move(end));
  co_return std::move(crawl.uses);
}

Task<Answer<std::uint64_t>> count_workloads(Api& api, WorkloadKind kind, std::string name_space) {
  Nobody nobody;
  WorkloadListReader reader(nobody, kind);
  const WorkloadListRequest request{.kind = kind, .name_space = std::move(name_space), .page = {}};
  Api::Page page = co_await api.workloads(request, reader);
  if (!page.answer) co_return Answer<std::uint64_t>(page.answer.reaction, std::move(page.answer.value).error());
  co_return Answer<std::uint64_t>(reader.items());
}

}  // namespace tokensweep::kubernetes
