#include "connectors/kubernetes/namespace_scopes.hpp"

#include <utility>

#include "net/url.hpp"

namespace tokensweep::kubernetes {

std::string NamespaceScopes::prefix_of(std::string_view name_space) { return percent_encoded(name_space); }

Scope NamespaceScopes::scope(std::string store, std::string prefix) const {
  return {
      .source = "kubernetes", .name = name_, .store = std::move(store), .realm = realm_, .prefix = std::move(prefix)};
}

std::optional<ScopeNumber> NamespaceScopes::of(const std::string& name_space) {
  const auto [state, is_new] = all_.try_emplace(name_space);
  if (is_new) {
    state->second.number = sink_.begin(scope(store_ + "/" + name_space, prefix_of(name_space)));
    state->second.ended = !state->second.number;
  }
  return state->second.number;
}

std::optional<ScopeNumber> NamespaceScopes::whole() { return sink_.begin(scope(store_, "")); }

bool NamespaceScopes::has_ended(const std::string& name_space) const {
  const auto state = all_.find(name_space);
  return state != all_.end() && state->second.number && state->second.ended;
}

std::vector<std::string> NamespaceScopes::names() const {
  std::vector<std::string> names;
  for (const auto& [name, state] : all_) names.push_back(name);
  return names;
}

Task<> NamespaceScopes::end(std::string name_space, ScopeEnd how) {
  const auto state = all_.find(name_space);
  if (state == all_.end() || state->second.ended) co_return;
  state->second.ended = true;
  co_await sink_.end(*state->second.number, std::move(how));
}

Task<> NamespaceScopes::end_all(ScopeEnd how) {
  std::vector<ScopeNumber> open;
  for (auto& [name, state] : all_) {
    if (!state.ended) open.push_back(*state.number);
    state.ended = true;
  }
  for (const ScopeNumber number : open) {
    ScopeEnd end = how;
    co_await sink_.end(number, std::move(end));
  }
}

}  // namespace tokensweep::kubernetes
