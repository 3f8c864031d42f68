#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/secret.hpp"
#include "identity/fingerprint.hpp"
#include "identity/sealing.hpp"
#include "model/model.hpp"
#include "scanner/text_search.hpp"

namespace tokensweep {

// Kinds that are told apart here; rules may name others.
inline constexpr std::string_view kReferenceKind = "reference";
inline constexpr std::string_view kBasicKind = "npm-basic-auth";
inline constexpr std::string_view kLegacyKind = "npm-legacy-token";
inline constexpr std::string_view kTokenKind = "npm-token";

/// A value in a text, and what the text says of it: what a reader and the rules made of it, brought together.
struct Located {
  std::uint32_t line = 0;
  std::string inner;  ///< see Finding::inner
  std::string rule;
  std::string kind;
  Secret value;           ///< empty for a reference
  std::string name;       ///< the setting or variable
  std::string reference;  ///< what a reference names
  std::optional<std::string> registry;
  Checksum checksum = Checksum::none;
  ScopeFlags flags;
  std::string remark;  ///< what its reason has to add: shadowed by what
};

/// What a finding is: references have no value, and of a basic credential the password counts.
Located locate(const Detector& detector, Finding finding, std::uint32_t line);

/// All findings in `text`, whose first line is `first_line`. `_auth=` and the token inside its base64 are one value.
std::vector<Located> locate_all(const Detector& detector, std::vector<Finding> findings, std::string_view text,
                                std::uint32_t first_line);

/// A password may be a token of a known shape: then that is what it is, wherever it stands. False where an allow list
/// names it.
bool take_shape(const Detector& detector, Located& located);

/// How often each token or name stood in one place: the second one there is another hit.
using Ordinals = std::unordered_map<std::string, std::uint32_t>;

/// What a value is made unreadable with.
struct ValueKeys {
  const Fingerprinter& fingerprinter;
  Sealer* sealer = nullptr;  ///< null: nobody collects
};

/// Gives a hit its fingerprint, its box for a collector, its preview and its id. `realm` is what its place is unique
/// in. A value ends here.
void identify(Hit& hit, const Located& located, std::string_view realm, const ValueKeys& keys, Ordinals& ordinals);

/// Whether a registry (host and path) is the public one.
bool is_public(const std::optional<std::string>& registry);

}  // namespace tokensweep
