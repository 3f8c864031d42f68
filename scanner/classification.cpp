#include "scanner/classification.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "scanner/config.hpp"

namespace tokensweep {
namespace {

constexpr std::string_view kKeptPolicy = "the inventory's policy";

/// What several places of one token do with it, each piece with the place that shows it.
std::vector<Evidence> joined_evidence(std::span<const HitRow> hits) {
  constexpr std::size_t kEnough = 64;
  std::vector<Evidence> all;
  for (const HitRow& row : hits) {
    for (Evidence evidence : row.hit.evidence) {
      if (all.size() == kEnough) return all;
      if (evidence.from.empty()) evidence.from = row.hit.locator;
      all.push_back(std::move(evidence));
    }
  }
  return all;
}

TokenVerdict token_verdict(Verdict verdict) {
  return {.klass = verdict.klass,
          .confidence = verdict.confidence,
          .reason = std::move(verdict.reason),
          .rank = verdict.rank,
          .flags = verdict.flags};
}

/// The places of one token disagree: the strictest of them counts for all.
TokenVerdict strictest_of(std::span<const HitRow> hits) {
  const Hit& strictest = hits.front().hit;
  TokenVerdict verdict{.klass = strictest.klass, .confidence = strictest.confidence, .rank = strictest.rank};
  verdict.reason = fmt::format("the same token is class {} in {}, {}: {}", to_string(strictest.klass), strictest.store,
                               strictest.locator, strictest.reason);
  if (strictest.scope.has(ScopeFlag::publish)) verdict.flags.add(ScopeFlag::publish);
  for (const HitRow& row : hits) {
    if (row.hit.klass != strictest.klass || !row.hit.rank) continue;
    verdict.rank = std::min(verdict.rank.value_or(*row.hit.rank), *row.hit.rank);
  }
  return verdict;
}

std::vector<const RegistryToken*> pointers_to(std::span<const RegistryToken> listed) {
  std::vector<const RegistryToken*> all;
  for (const RegistryToken& token : listed) all.push_back(&token);
  return all;
}

}  // namespace

Classification::Classification() : ranks_(builtin_ranks()) {}

Result<Classification> Classification::of(const Inventory& inventory, std::optional<Policy> policy, Time now) {
  Classification all;
  all.now_ = now;
  TRY(auto ranks, inventory.ranks());
  if (ranks) {
    TRY(all.ranks_, Ranks::parse(std::move(*ranks), "the inventory's ranks"));
  }
  TRY(const auto packages, inventory.packages());
  all.writable_ = WritablePackages(packages, all.ranks_);
  if (policy) {
    all.policy_ = std::move(*policy);
    return all;
  }
  TRY(const auto text, inventory.policy());
  if (text) {
    TRY(auto config, parse_config(*text, kKeptPolicy));
    all.policy_ = std::move(config.policy);
  }
  return all;
}

void Classification::judge(Hit& hit, std::string_view token, std::string_view source_name) const {
  apply(classify({.evidence = hit.evidence,
                  .name = hit.name,
                  .writable = &writable_,
                  .policy = &policy_,
                  .rule = policy_.rule_for(hit, token, source_name),
                  .ranks = &ranks_,
                  .now = now_}),
        hit);
  for (const Evidence& evidence : hit.evidence) {
    if (evidence.kind == EvidenceKind::note) hit.reason.append("; ").append(evidence.value);
  }
}

JudgeHit Classification::judge_hit() const {
  return [this](const HitRow& row) {
    Hit hit = row.hit;
    judge(hit, row.token.value_or(std::string()), row.source_name);
    return TokenVerdict{.klass = hit.klass,
                        .confidence = hit.confidence,
                        .reason = std::move(hit.reason),
                        .rank = hit.rank,
                        .flags = hit.scope};
  };
}

JudgeToken Classification::judge_token() const {
  return [this](const TokenSubject& subject) -> std::optional<TokenVerdict> {
    if (!subject.listed.empty()) return judge_listed(subject);
    if (subject.hits.empty()) return std::nullopt;
    return strictest_of(subject.hits);
  };
}

std::optional<TokenVerdict> Classification::judge_listed(const TokenSubject& subject) const {
  const std::vector<Evidence> evidence = joined_evidence(subject.hits);
  const auto listed = pointers_to(subject.listed);
  const PolicyRule* rule = nullptr;
  std::string_view name;
  for (const HitRow& row : subject.hits) {
    if (name.empty()) name = row.hit.name;
    if (rule == nullptr) rule = policy_.rule_for(row.hit, row.token.value_or(std::string()), row.source_name);
  }
  return token_verdict(classify({.evidence = evidence,
                                 .name = name,
                                 .listed = listed,
                                 .writable = &writable_,
                                 .policy = &policy_,
                                 .rule = rule,
                                 .ranks = &ranks_,
                                 .now = now_}));
}

Verdict Classification::explain(const HitRow& row, std::span<const RegistryToken> listed) const {
  const auto pointers = pointers_to(listed);
  return classify({.evidence = row.hit.evidence,
                   .name = row.hit.name,
                   .listed = pointers,
                   .writable = &writable_,
                   .policy = &policy_,
                   .rule = policy_.rule_for(row.hit, row.token.value_or(std::string()), row.source_name),
                   .ranks = &ranks_,
                   .now = now_});
}

}  // namespace tokensweep
