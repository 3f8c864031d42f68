#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/evidence.hpp"

/// The nouns of the domain. The same word means the same thing in code, schema, exports and documentation.
namespace tokensweep {

using Time = std::chrono::sys_seconds;
using Date = std::chrono::sys_days;

/// How often a token has to be rotated follows from its class: A is the strictest.
enum class Class : std::uint8_t { A, B, C, D };

/// What a class rests on: the registry's word; scope, name, place or use; nothing but the safe default.
enum class Confidence : std::uint8_t { confirmed, inferred, assumed };

/// Whether the six checksum characters of an `npm_` token fit its body; `none` for every other kind.
enum class Checksum : std::uint8_t { none, valid, invalid };

/// Whether a hit is still there. `unknown`: the last sweep of its scope did not reach it.
enum class State : std::uint8_t { present, gone, unknown };

/// What an age is counted from, the strongest known.
enum class AgeBasis : std::uint8_t { updated_at, created_at, bounds, file_mtime, first_seen, registry };

/// Facts about a hit that filters and figures use. The bit order is the schema's: append, never reorder.
enum class ScopeFlag : std::uint8_t {
  org_wide,
  org_private,
  selected_repos,
  repo,
  environment,
  unprotected_environment,
  dependabot,
  codespaces,
  variable,
  project,
  context,
  unrestricted_context,
  name_space,
  unencrypted,
  world_readable,
  group_readable,
  git_tracked,
  publish,
  read_only,
  all_packages,
  bypass_2fa,
  no_expiry,
  no_ip_limit,
  classic,
  reference,
  commented_out,
  shadowed,       ///< another credential for the same registry wins over this one
  unscoped,       ///< bound to no registry: npm 9 and later refuse it, older clients send it to the default registry
  inert,          ///< on disk, but the package manager cannot see it (a key in an ini section)
  dead,           ///< stored, but revoked, expired or classic
  unfound,        ///< alive at the registry, stored nowhere that was looked
  repeated,       ///< the same token is held in more than one place
  unused,         ///< not used for 90 days, as the registry says
  shared_expiry,  ///< expires on the same day as another token
  stage_only,     ///< may only stage a package's release
  ambiguous,      ///< more than one token of the registry's lists fits what is known of it
  exempt,         ///< an exception of the policy is in force
  count_          ///< not a flag: how many there are
};

/// A set of scope flags, ordered as they are declared.
class ScopeFlags {
 public:
  constexpr ScopeFlags() = default;
  explicit constexpr ScopeFlags(std::uint64_t bits) : bits_(bits) {}
  constexpr ScopeFlags& add(ScopeFlag flag) { return bits_ |= bit(flag), *this; }
  constexpr ScopeFlags& add(ScopeFlags flags) { return bits_ |= flags.bits_, *this; }
  [[nodiscard]] constexpr bool has(ScopeFlag flag) const { return (bits_ & bit(flag)) != 0; }
  [[nodiscard]] constexpr std::uint64_t bits() const { return bits_; }
  friend constexpr bool operator==(ScopeFlags, ScopeFlags) = default;

 private:
  static constexpr std::uint64_t bit(ScopeFlag flag) { return std::uint64_t{1} << static_cast<unsigned>(flag); }
  std::uint64_t bits_ = 0;
};

/// The keyed fingerprint of a value: equal for equal values within one inventory, useless without its key.
using Fingerprint = std::array<std::uint8_t, 32>;

/// What a fingerprint is made of, sealed to a collector's public key (identity/sealing.hpp, docs/merge.md): opaque for
/// all others, and another for the same value each time. The first kSealedKeyId bytes tell for which key.
using SealedInner = std::array<std::uint8_t, 89>;
inline constexpr std::size_t kSealedKeyId = 8;

/// One token, or one name of a token, in one place. It never holds a value.
struct Hit {
  std::string id;  ///< stable while the same token or name stays in the same place
  Class klass = Class::D;
  Confidence confidence = Confidence::assumed;
  std::string reason;   ///< why this class, one sentence
  std::string rule;     ///< id of the rule that matched
  std::string kind;     ///< npm-token, npm-legacy-token, npm-basic-auth, registry-token, reference, ...
  std::string source;   ///< the connector's id: filesystem, github, ...
  std::string store;    ///< the container: host and root, org/repo, ...
  std::string place;    ///< where in the store, without what shifts (no line): the unit of retiring
  std::string locator;  ///< where in the store, for people: path:line
  std::string name;     ///< the key or variable that holds it, empty where there is none
  std::optional<std::string> registry;
  std::optional<Fingerprint> fingerprint;  ///< empty where there is no value to read
  std::optional<SealedInner> sealed;  ///< empty where there is no collector, and where the inventory has one already
  std::optional<std::string> preview;
  Checksum checksum = Checksum::none;
  std::optional<Time> created_at;
  std::optional<Time> updated_at;
  AgeBasis age_basis = AgeBasis::first_seen;
  ScopeFlags scope;
  std::vector<Evidence> evidence;  ///< what the place shows, in the order in which it counts
  std::optional<int> rank;         ///< of the most downloaded package that it can publish, where that is known
  bool deep = false;               ///< only a deep sweep looks there, so only a deep sweep may call it gone
};

/// A place that a sweep should have looked into and could not. Empty and refused must never look the same.
struct Gap {
  std::string place;
  std::string reason;      ///< what the system said, in words
  bool incomplete = true;  ///< whether something that would have been looked at was missed
};

std::string_view to_string(Class value);
std::string_view to_string(Confidence value);
std::string_view to_string(Checksum value);
std::string_view to_string(State value);
std::string_view to_string(AgeBasis value);
std::string_view to_string(ScopeFlag value);

std::optional<Class> parse_class(std::string_view text);
std::optional<Confidence> parse_confidence(std::string_view text);
std::optional<Checksum> parse_checksum(std::string_view text);
std::optional<State> parse_state(std::string_view text);
std::optional<AgeBasis> parse_age_basis(std::string_view text);
std::optional<ScopeFlag> parse_scope_flag(std::string_view text);

/// The flags' names in declaration order.
std::vector<std::string_view> names(ScopeFlags flags);

}  // namespace tokensweep
