#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "db/inventory.hpp"
#include "model/policy.hpp"
#include "rules/classify.hpp"
#include "rules/ranks.hpp"
#include "rules/reach.hpp"

namespace tokensweep {

/// All that a class follows from besides the place: the policy, download ranks, what accounts can write. Immutable:
/// threads share one.
class Classification {
 public:
  /// The defaults: no policy, the ranks that are built in, no list.
  Classification();
  /// What an inventory holds: the newest ranks and lists of packages, and its policy where `policy` is empty.
  static Result<Classification> of(const Inventory& inventory, std::optional<Policy> policy, Time now);

  [[nodiscard]] const Policy& policy() const { return policy_; }
  [[nodiscard]] const Ranks& ranks() const { return ranks_; }

  /// Gives a hit the class that its place says. `token` is its token's id, `source_name` the configured source's name.
  void judge(Hit& hit, std::string_view token, std::string_view source_name) const;

  // What the inventory asks for; both borrow this object.
  [[nodiscard]] JudgeHit judge_hit() const;
  [[nodiscard]] JudgeToken judge_token() const;

  /// The evidence of one hit in words, and what follows from it: `listed` are the registry's tokens that fit.
  [[nodiscard]] Verdict explain(const HitRow& row, std::span<const RegistryToken> listed) const;

 private:
  [[nodiscard]] std::optional<TokenVerdict> judge_listed(const TokenSubject& subject) const;

  Policy policy_;
  Ranks ranks_;
  WritablePackages writable_;
  std::optional<Time> now_;
};

}  // namespace tokensweep
