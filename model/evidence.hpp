#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tokensweep {

/// What a place shows of the secret in it: the pieces that a class is concluded from, weaker than the registry's word.
enum class EvidenceKind : std::uint8_t {
  build_file,          ///< a CI file or a Dockerfile holds it
  ci_secret,           ///< a CI service's secret store holds it
  infrastructure,      ///< Terraform state, a cluster, a parameter store: what is configured there is not a person's
  personal,            ///< it lies in somebody's home directory
  package,             ///< the package that is published from the same directory or repository
  publishes,           ///< the build that uses it publishes
  installs,            ///< the build that uses it installs, and publishes nothing
  trusted_publishing,  ///< the build that uses it could publish without it
  note,                ///< what its reason has to add, in `value`; says nothing of the class
  ending,              ///< how a masked value ends, in `value`, made unreadable with the inventory's key; nor does this
  count_               ///< not a kind: how many there are
};

/// One piece of evidence, as its connector saw it.
struct Evidence {
  EvidenceKind kind = EvidenceKind::build_file;
  std::string value;  ///< of `package` its name, of `note` its words, of `ending` see there; else empty
  std::string from;   ///< where it was seen, where that is not the hit's own place: a package.json, a workflow

  friend bool operator==(const Evidence&, const Evidence&) = default;
};

std::string_view to_string(EvidenceKind value);
std::optional<EvidenceKind> parse_evidence_kind(std::string_view text);

}  // namespace tokensweep
