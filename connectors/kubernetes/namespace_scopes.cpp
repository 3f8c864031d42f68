#include "connectors/kubernetes/namespace_scopes.hpp"

#include <utility>

#include "net/url.hpp"

namespace tokensweep::kubernetes {

std::string NamespaceScopes::prefix_of(std::string_view name_space, ObjectKind kind) {
  std::string prefix = percent_encoded(name_space);
  if (kind == ObjectKind::config_map) prefix.append("/").append(kConfigMapsPart);
  return prefix;
}

bool NamespaceScopes::Reads::covers(std::string_view place) const {
  const auto holds = [place](std::string_view part) {
    return place.find("/" + std::string(part) + "/") != std::string_view::npos;
  };
  return holds(kConfigMapsPart) == (kind == ObjectKind::config_map) && (releases || !holds(kReleasePart));
}

Scope NamespaceScopes::scope(std::string store, std::string prefix) const {
  return {
      .source = "kubernetes", .name = name_, .store = std::move(store), .realm = realm_, .prefix = std::move(prefix)};
}

std::optional<ScopeNumber> NamespaceScopes::of(const std::string& name_space) {
  const auto [state, is_new] = all_.try_emplace(name_space);
  if (is_new) {
    state->second.number = sink_.begin(scope(store_ + "/" + name_space, prefix_of(name_space, reads_.kind)));
    state->second.ended = !state->second.number;
  }
  return state->second.number;
}

std::optional<ScopeNumber> NamespaceScopes::whole() {
  return sink_.begin(scope(store_, reads_.kind == ObjectKind::secret ? "" : std::string(kConfigMapsPart)));
}

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
  how.covers = [reads = reads_](std::string_view place) { return reads.covers(place); };
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
    end.covers = [reads = reads_](std::string_view place) { return reads.covers(place); };
    co_await sink_.end(number, std::move(end));
  }
}

}  // namespace tokensweep::kubernetes
