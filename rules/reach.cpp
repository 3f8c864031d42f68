#include "rules/reach.hpp"

namespace tokensweep {
namespace {

Reach to_package(const std::string& name, const Ranks& ranks) {
  return {.packages = 1, .one = name, .best = ranks.ranked(name)};
}

}  // namespace

void Reach::add(const Reach& other) {
  is_known = is_known && other.is_known;
  packages += other.packages;
  if (one.empty()) one = other.one;
  best = more_downloaded(std::move(best), other.best);
}

WritablePackages::WritablePackages(std::span<const WritablePackage> lists, const Ranks& ranks) {
  for (const WritablePackage& package : lists) {
    const Reach reach = to_package(package.name, ranks);
    accounts_[package.account].add(reach);
    const std::size_t slash = package.name.find('/');
    if (!package.name.starts_with('@') || slash == std::string::npos) continue;
    const std::string scope = package.name.substr(0, slash);
    scopes_[scope].add(reach);
    scopes_of_accounts_[{package.account, scope}].add(reach);
  }
}

Reach WritablePackages::of(const RegistryToken& token, const Ranks& ranks) const {
  if (token.all_packages || token.scopes.empty()) return of_account(token.account);
  Reach reach;
  for (const RegistryScope& scope : token.scopes) reach.add(allowed_by(scope, token.account, ranks));
  return reach;
}

Reach WritablePackages::of_account(std::string_view account) const {
  const auto found = accounts_.find(account);
  return found == accounts_.end() ? Reach{.is_known = false} : found->second;
}

Reach WritablePackages::in_scope(std::string_view account, std::string_view scope, const Ranks& ranks) const {
  if (accounts_.contains(account)) {
    // Its list is all that it can write: a scope that is not in it is one in which it can write nothing yet.
    const auto own = scopes_of_accounts_.find({std::string(account), std::string(scope)});
    return own == scopes_of_accounts_.end() ? Reach{} : own->second;
  }
  if (const auto others = scopes_.find(scope); others != scopes_.end()) return others->second;
  return {.is_known = false, .best = ranks.best_of(std::string(scope) + "/*")};
}

Reach WritablePackages::allowed_by(const RegistryScope& scope, std::string_view account, const Ranks& ranks) const {
  switch (scope.type) {
    case RegistryScope::Type::package:
      return to_package(scope.name, ranks);
    case RegistryScope::Type::scope:
      return in_scope(account, scope.name, ranks);
    case RegistryScope::Type::organisation:
      break;
  }
  Reach reach = in_scope(account, "@" + scope.name, ranks);
  if (accounts_.contains(scope.name)) reach.add(of_account(scope.name));
  return reach;
}

}  // namespace tokensweep
