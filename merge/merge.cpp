#include "merge/merge.hpp"

#include <algorithm>
#include <map>
#include <span>
#include <utility>
#include <vector>

namespace tokensweep {
namespace {

constexpr std::string_view kSenderMark = "sender:";
constexpr std::size_t kBatch = 1'000;

Result<> write_scope(Inventory& inventory, SweepId sweep, ScopeId id, const MergedScope& scope) {
  TRY_VOID(inventory.write(sweep, id, {}, scope.gaps, scope.ended_at));
  for (std::size_t at = 0; at < scope.hits.size(); at += kBatch) {
    const auto batch = std::span(scope.hits).subspan(at, std::min(kBatch, scope.hits.size() - at));
    TRY_VOID(inventory.write(sweep, id, batch, {}, scope.ended_at));
  }
  return {};
}

}  // namespace

Result<SweepId> merge(Inventory& inventory, const SealedInventory& laptop, Time now) {
  TRY(const SweepId sweep,
      inventory.begin_sweep(laptop.generated_at, laptop.tool, std::string(kSenderMark).append(laptop.sender)));
  std::vector<ScopeId> ids;
  for (const MergedScope& scope : laptop.scopes) {
    TRY(const ScopeId id, inventory.open_scope(sweep, scope.scope));
    ids.push_back(id);
  }
  // All hits before any scope is closed: scopes may nest, and what one of them saw is not gone in another.
  for (std::size_t i = 0; i < ids.size(); ++i) TRY_VOID(write_scope(inventory, sweep, ids[i], laptop.scopes[i]));
  bool complete = true;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const MergedScope& scope = laptop.scopes[i];
    TRY_VOID(inventory.close_scope(sweep, ids[i], scope.end, scope.ended_at));
    complete = complete && (scope.end.state == ScopeState::complete || scope.end.state == ScopeState::skipped);
  }
  TRY_VOID(inventory.finish_sweep(sweep, complete ? SweepState::complete : SweepState::incomplete, now));
  return sweep;
}

Result<std::function<std::optional<Time>(const std::string& sender)>> newest_merged(const Inventory& inventory) {
  TRY(const std::vector<SweepInfo> sweeps, inventory.sweeps());
  std::map<std::string, Time> newest;
  for (const SweepInfo& sweep : sweeps) {
    const bool ended = sweep.state == SweepState::complete || sweep.state == SweepState::incomplete;
    if (!ended || !sweep.rules_digest.starts_with(kSenderMark)) continue;
    Time& time = newest[sweep.rules_digest.substr(kSenderMark.size())];
    time = std::max(time, sweep.started_at);
  }
  return std::function<std::optional<Time>(const std::string&)>(
      [newest = std::move(newest)](const std::string& sender) -> std::optional<Time> {
        const auto found = newest.find(sender);
        return found == newest.end() ? std::nullopt : std::optional(found->second);
      });
}

}  // namespace tokensweep
