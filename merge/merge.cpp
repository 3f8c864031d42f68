#include "merge/merge.hpp"

#include <algorithm>
#include <span>
#include <unordered_map>
#include <vector>

#include "db/last_visits.hpp"

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

/// Passes on what is this inventory's own.
class OwnVisits final : public LastVisitReader {
 public:
  explicit OwnVisits(SealedExport& sealed) : sealed_(sealed) {}

  void visit(const VisitRow& row) override {
    if (row.scope.source != kSealedSource || row.rules_digest.starts_with(kSenderMark)) return;
    numbers_[row.id] = sealed_.scope({.scope = row.scope,
                                      .state = row.end.state,
                                      .reason = row.end.reason,
                                      .deep = row.end.deep,
                                      .files_seen = row.end.files_seen,
                                      .files_read = row.end.files_read,
                                      .bytes_read = row.end.bytes_read,
                                      .ended_at = row.ended_at,
                                      .rules = row.end.rules});
  }
  void gap(ScopeId scope, const Gap& gap) override {
    if (const auto number = numbers_.find(scope); number != numbers_.end()) sealed_.gap(number->second, gap);
  }
  void hit(ScopeId scope, const HitRow& row) override {
    if (const auto number = numbers_.find(scope); number != numbers_.end()) sealed_.hit(number->second, row);
  }

 private:
  SealedExport& sealed_;
  std::unordered_map<ScopeId, std::uint64_t> numbers_;
};

}  // namespace

Result<SweepId> merge(Inventory& inventory, const SealedInventory& laptop, const JudgeToken& judge, Time now) {
  TRY(const SweepId sweep,
      inventory.begin_sweep(laptop.generated_at, laptop.tool, std::string(kSenderMark).append(laptop.sender)));
  TRY_VOID(inventory.conclude_at_once(judge));
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
  TRY_VOID(inventory.settle_classes(sweep, judge, now));
  TRY_VOID(inventory.finish_sweep(sweep, complete ? SweepState::complete : SweepState::incomplete, now));
  return sweep;
}

Result<std::map<std::string, Time>> newest_merged(const Inventory& inventory) {
  TRY(const std::vector<SweepInfo> sweeps, inventory.sweeps());
  std::map<std::string, Time> newest;
  for (const SweepInfo& sweep : sweeps) {
    const bool ended = sweep.state == SweepState::complete || sweep.state == SweepState::incomplete;
    if (!ended || !sweep.rules_digest.starts_with(kSenderMark)) continue;
    Time& time = newest[sweep.rules_digest.substr(kSenderMark.size())];
    time = std::max(time, sweep.started_at);
  }
  return newest;
}

Result<> hand_over(const Inventory& inventory, SealedExport& sealed) {
  OwnVisits visits(sealed);
  return inventory.read_last_visits(visits);
}

}  // namespace tokensweep
