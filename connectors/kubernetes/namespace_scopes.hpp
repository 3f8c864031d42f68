#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "connectors/connector.hpp"

namespace tokensweep::kubernetes {

/// The scopes of one cluster's namespaces: each begins where it is first seen, and ends once.
class NamespaceScopes {
 public:
  /// `realm` and `store` are the cluster's; `name` is the source's.
  NamespaceScopes(Sink& sink, std::string name, std::string realm, std::string store)
      : sink_(sink), name_(std::move(name)), realm_(std::move(realm)), store_(std::move(store)) {}

  /// Nothing where this sweep has read the namespace before it was interrupted.
  std::optional<ScopeNumber> of(const std::string& name_space);

  /// Begins the scope of the cluster, which holds those of all its namespaces. As `of`.
  std::optional<ScopeNumber> whole();

  /// Whether it was begun, by whichever sweep, and has ended since.
  [[nodiscard]] bool has_ended(const std::string& name_space) const;
  /// Whether it was ever asked for.
  [[nodiscard]] bool contains(const std::string& name_space) const { return all_.contains(name_space); }
  /// All that were.
  [[nodiscard]] std::vector<std::string> names() const;

  /// Ends one that is open; nothing happens to others.
  Task<> end(std::string name_space, ScopeEnd how);
  /// Ends all that are open.
  Task<> end_all(ScopeEnd how);

  /// A namespace's part of a place, and a place's namespace.
  static std::string prefix_of(std::string_view name_space);
  static std::string_view prefix_in(std::string_view place) { return place.substr(0, place.find('/')); }

 private:
  struct State {
    std::optional<ScopeNumber> number;
    bool ended = false;
  };

  [[nodiscard]] Scope scope(std::string store, std::string prefix) const;

  Sink& sink_;
  std::string name_;
  std::string realm_;
  std::string store_;
  std::map<std::string, State> all_;
};

}  // namespace tokensweep::kubernetes
