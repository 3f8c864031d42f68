#include "connectors/kubernetes/survey.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/text.hpp"
#include "connectors/kubernetes/list_head.hpp"
#include "connectors/kubernetes/workload_crawl.hpp"

namespace tokensweep::kubernetes {
namespace {

std::uint64_t pages_of(std::uint64_t objects) { return objects / PageSize::kMost + 1; }

Task<> survey_list(Api& api, ObjectKind kind, const std::string& name_space, std::string what, SourceCheck& check) {
  const bool secrets = kind == ObjectKind::secret;
  auto head = co_await read_head(api, kind, name_space);
  if (!head) {
    check.missing.push_back(what + ": " + head.value.error().what + " (it takes the verb list on " +
                            (secrets ? "secrets)" : "configmaps)"));
    co_return;
  }
  const std::uint64_t items = head.value->items;
  check.plan.push_back(
      {.what = counted(items, secrets ? "secret" : "ConfigMap") + " of " + what, .requests = pages_of(items)});
}

/// Which workloads use secrets; kinds that may not be listed are told in one line.
Task<> survey_workloads(Api& api, const std::string& name_space, std::string what, SourceCheck& check) {
  std::uint64_t workloads = 0;
  std::uint64_t requests = 0;
  std::string refused;
  std::string why;
  for (std::size_t i = 0; i < static_cast<std::size_t>(WorkloadKind::count_); ++i) {
    const auto kind = static_cast<WorkloadKind>(i);
    auto count = co_await count_workloads(api, kind, name_space);
    if (count) {
      workloads += *count.value;
      requests += *count.value / kWorkloadsPerPage + 1;
      continue;
    }
    refused.append(refused.empty() ? "" : ", ").append(resource_of(kind));
    if (why.empty()) why = count.value.error().what;
  }
  if (!refused.empty()) {
    check.missing.push_back(
        fmt::format("{}: which workloads use its secrets: {} (it takes the verb list on {})", what, why, refused));
  }
  if (requests > 0) {
    check.plan.push_back({.what = counted(workloads, "workload") + " of " + what, .requests = requests});
  }
}

Task<> survey_lists(Api& api, const CrawlOptions& options, std::string name_space, std::string what,
                    SourceCheck& check) {
  if (options.workloads) co_await survey_workloads(api, name_space, what, check);
  co_await survey_list(api, ObjectKind::secret, name_space, what, check);
  if (options.config_maps) co_await survey_list(api, ObjectKind::config_map, name_space, what, check);
}

}  // namespace

Task<SourceCheck> survey(const ReachedClusters& clusters, const CrawlOptions& options) {
  SourceCheck check;
  for (const LostContext& lost : clusters.lost) check.missing.push_back(lost.why.what);
  for (const ReachedCluster& reached : clusters.reached) {
    const std::string& context = reached.cluster().context;
    check.identity += (check.identity.empty() ? "" : ", ") + context;
    Api& api = *reached.ways.front().api;
    if (!reached.has_uid) {
      check.remarks.push_back(context +
                              ": known by its address, because the namespace kube-system may not be read (it "
                              "takes the verb get on it)");
    }
    if (options.namespaces.empty()) co_await survey_lists(api, options, "", context, check);
    for (const std::string& one : options.namespaces) {
      co_await survey_lists(api, options, one, fmt::format("{}/{}", context, one), check);
    }
  }
  check.remarks.emplace_back(options.helm ? "releases of Helm are decoded; tokens of service accounts are passed over"
                                          : "releases of Helm and tokens of service accounts are passed over");
  co_return check;
}

}  // namespace tokensweep::kubernetes
