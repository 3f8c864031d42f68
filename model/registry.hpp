#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/model.hpp"

/// What a registry says of its own tokens and packages, as it was imported: the strongest evidence there is.
namespace tokensweep {

/// What a token may do with packages. A list of an older npm tells less: `unknown`.
enum class PackageAccess : std::uint8_t { unknown, none, read, stage, write };

/// What a token's rights are limited to.
struct RegistryScope {
  enum class Type : std::uint8_t { package, scope, organisation };
  Type type = Type::package;
  std::string name;  ///< `left-pad`, `@acme/site`; `@acme` for a scope; `acme` for an organisation

  friend bool operator==(const RegistryScope&, const RegistryScope&) = default;
};

/// One token in the list of an account. The list never shows a value: its beginning and end are what a stored token is
/// recognised by.
struct RegistryToken {
  std::string account;  ///< whose list it stands in
  std::string key;      ///< the registry's id of it, unique in the account; empty where npm masked it (`***`)
  std::string name;     ///< what its owner calls it; empty before npm 12
  std::string first;    ///< its first characters: 8 (`npm_aBcD`), 6 in older lists
  std::string last;     ///< its last 4; empty in older lists
  PackageAccess access = PackageAccess::unknown;
  bool all_packages = false;  ///< write access that is limited to nothing
  std::vector<RegistryScope> scopes;
  bool bypass_2fa = false;
  bool classic = false;  ///< a publish, automation or read-only token of before 2025-11-05: dead
  bool revoked = false;
  std::vector<std::string> ip_ranges;  ///< CIDR blocks; empty: from everywhere
  std::optional<Time> created_at;
  std::optional<Time> updated_at;
  std::optional<Time> accessed_at;  ///< its last use, as far as the registry keeps it
  std::optional<Time> expires_at;

  friend bool operator==(const RegistryToken&, const RegistryToken&) = default;
};

/// A package that somebody can write.
struct WritablePackage {
  std::string account;  ///< the user, organisation or team whose list it stands in
  std::string name;     ///< `left-pad`, `@acme/site`

  friend bool operator==(const WritablePackage&, const WritablePackage&) = default;
};

}  // namespace tokensweep
