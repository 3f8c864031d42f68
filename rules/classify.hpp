#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/model.hpp"
#include "model/policy.hpp"
#include "model/registry.hpp"
#include "rules/ranks.hpp"
#include "rules/reach.hpp"

namespace tokensweep {

/// All that is known of one hit, whatever its store. Nothing is looked up: who calls brings the evidence together.
struct ClassifyInput {
  std::span<const Evidence> evidence = {};  ///< what its place shows
  std::string_view name = {};               ///< of the secret or variable; empty where there is none
  /// The tokens of the registry's lists that fit what is known of it. More than one: it is one of them.
  std::span<const RegistryToken* const> listed = {};
  bool ambiguous = false;  ///< only one fits, but by too few characters to be sure
  const WritablePackages* writable = nullptr;
  const Policy* policy = nullptr;    ///< the default one where it is null
  const PolicyRule* rule = nullptr;  ///< the policy's rule that fits the hit
  const Ranks* ranks = nullptr;      ///< without them nothing is class A
  std::optional<Time> now;           ///< tells which listed tokens have expired
};

/// What a piece of evidence is, the strongest first: the order in which they are looked at.
enum class LinkKind : std::uint8_t {
  registry,  ///< the registry's own list of tokens
  packages,  ///< the list of packages that an account or organisation can write
  policy,    ///< a rule of the company
  use,       ///< how the place uses the secret
  name,      ///< its name
  place,     ///< what kind of place holds it
  company,   ///< what the company publishes: counts where nothing shows what the token may do
  ending,    ///< which known tokens end as it does: nothing follows from that
};

/// One piece of evidence in words.
struct Link {
  LinkKind kind = LinkKind::place;
  std::string what;      ///< a clause: "the build that uses it publishes"
  std::string from;      ///< where it was seen; empty: in the hit's own place
  bool decided = false;  ///< whether the class follows from it

  friend bool operator==(const Link&, const Link&) = default;
};

/// A class that can be defended.
struct Verdict {
  Class klass = Class::B;
  Confidence confidence = Confidence::assumed;
  std::string reason;  ///< one sentence
  ScopeFlags flags;
  std::optional<int> rank;  ///< of the most downloaded package that it can publish, where that is known
  std::vector<Link> chain;  ///< the evidence, in the order in which it counts
};

/// Class, confidence and reason of a token. Pure: the same input gives the same verdict.
///
/// A: can publish a package among the most downloaded; B: another one, or nobody can tell; C: only reads, for installs;
/// D: a developer's own. What the registry says of the token's rights outweighs all else. Next comes a rule of the
/// policy, in place of what the hit's place shows; of the two, the stricter class holds. Of what the place shows, use
/// comes before name and name before the kind of place, and any sign that the token publishes before any that it only
/// reads. Where nothing shows what it may do, it gets the strictest class that the evidence allows, assumed.
/// A dead token keeps its class: its reason says that it is dead.
Verdict classify(const ClassifyInput& input);

/// Gives a hit its class, in place of the one that it had: class, confidence, reason, rank and the flags that come with
/// them.
void apply(Verdict verdict, Hit& hit);

std::string_view to_string(LinkKind value);

}  // namespace tokensweep
