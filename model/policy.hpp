#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/model.hpp"

/// What a company decided about its tokens: how often, who may wait, what it publishes itself.
namespace tokensweep {

/// How often a token of each class has to be rotated, and by which ranks class A and its strictest part are told.
struct Cadences {
  std::chrono::days a_top{7};  ///< class A that can publish one of the `top_ranks` most downloaded
  std::chrono::days a{30};
  std::chrono::days b{90};
  std::chrono::days c{90};
  std::chrono::days d{365};
  int top_ranks = 100;
  int ranks = 1000;  ///< class A: one of so many most downloaded

  /// `rank`: of the most downloaded package that the token can publish, where that is known.
  [[nodiscard]] std::chrono::days of(Class klass, std::optional<int> rank) const;
};

/// How long the old token stays valid after a rotation, so that everybody who uses it can change.
struct Overlaps {
  std::chrono::hours ci{24};
  std::chrono::hours developer{24 * 7};
};

/// Which hits a rule or an exception is about: every part that is not empty has to fit. `*` stands for any characters
/// (slashes too), `?` for one, `[…]` for one of these, as in fnmatch(3).
struct HitPattern {
  std::string id;      ///< of a hit, or of a token, in full
  std::string source;  ///< the connector's id or the configured source's name
  std::string store;
  std::string locator;
  std::string name;  ///< of the secret or variable

  /// `token`: the id of the hit's token, `source_name`: the configured source's name; either may be empty.
  [[nodiscard]] bool fits(const Hit& hit, std::string_view token, std::string_view source_name) const;

  friend bool operator==(const HitPattern&, const HitPattern&) = default;
};

/// A class that the company knows, in place of what the place shows. What the registry itself says is stronger where it
/// is stricter.
struct PolicyRule {
  HitPattern hits;
  Class klass = Class::B;
  std::string reason;
  int line = 0;  ///< of the policy's file
};

/// Somebody answers for a token that is not rotated in time, until a day.
struct PolicyException {
  HitPattern hits;
  std::string owner;
  std::string reason;
  Date until;    ///< the last day on which it holds
  int line = 0;  ///< of the policy's file
};

struct Policy {
  std::vector<std::string> publishes;  ///< names and patterns of packages: `acme-cli`, `@acme/*`
  Cadences cadences;
  Overlaps overlaps;
  std::chrono::days unused_after{90};
  std::vector<PolicyRule> rules;            ///< the first that fits counts
  std::vector<PolicyException> exceptions;  ///< the same

  /// The rule for a hit; null where there is none. For `token` and `source_name` see HitPattern::fits.
  [[nodiscard]] const PolicyRule* rule_for(const Hit& hit, std::string_view token, std::string_view source_name) const;

  /// The exception that holds for a hit on a day; null where there is none.
  [[nodiscard]] const PolicyException* exception_for(const Hit& hit, std::string_view token,
                                                     std::string_view source_name, Date day) const;
};

}  // namespace tokensweep
