#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "model/registry.hpp"
#include "rules/ranks.hpp"

namespace tokensweep {

/// The packages that a token can write, as far as the registry's lists tell.
struct Reach {
  bool is_known = true;      ///< no part of it is a guess: each package, or its account's list, was there to look at
  std::size_t packages = 0;  ///< how many are known; one that two rights allow counts twice
  std::string one;           ///< the name of one of them, where there is any
  std::optional<RankedPackage> best;  ///< the most downloaded of them

  void add(const Reach& other);
};

/// The imported lists of packages that accounts, organisations and teams can write, made ready to be asked once for
/// each token. Immutable: any number of threads may ask.
class WritablePackages {
 public:
  WritablePackages() = default;
  WritablePackages(std::span<const WritablePackage> lists, const Ranks& ranks);

  /// What a token with write access can write: of its account's list what its scopes allow. A right to an organisation
  /// counts as one to its packages, and to the scope of its name, though npm says that it includes no publishing: a
  /// reach may be too wide, never too narrow. Where no list tells which packages of a scope there are, those on the
  /// list of the most downloaded stand for them, and the reach is not known.
  [[nodiscard]] Reach of(const RegistryToken& token, const Ranks& ranks) const;

 private:
  [[nodiscard]] Reach of_account(std::string_view account) const;
  [[nodiscard]] Reach in_scope(std::string_view account, std::string_view scope, const Ranks& ranks) const;
  [[nodiscard]] Reach allowed_by(const RegistryScope& scope, std::string_view account, const Ranks& ranks) const;

  std::map<std::string, Reach, std::less<>> accounts_;
  std::map<std::string, Reach, std::less<>> scopes_;  // by `@scope`, whoever can write there
  std::map<std::pair<std::string, std::string>, Reach> scopes_of_accounts_;
};

}  // namespace tokensweep
