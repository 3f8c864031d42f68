#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "connectors/connector.hpp"
#include "connectors/kubernetes/secret_list.hpp"

namespace tokensweep::kubernetes {

/// Parts of places that no name and no uid can be: these never hold an @ as it is.
inline constexpr std::string_view kConfigMapsPart = "@configmaps";
inline constexpr std::string_view kReleasePart = "@release";

/// The scopes of one cluster's namespaces, for one kind of object: each begins where it is first seen, and ends once.
/// What another list reads, or none, has other places in the same namespace: these scopes never call it gone.
class NamespaceScopes {
 public:
  /// What is read: releases of Helm only where that is wanted.
  struct Reads {
    ObjectKind kind = ObjectKind::secret;
    bool releases = false;
    /// Whether it is what stands at a place.
    [[nodiscard]] bool covers(std::string_view place) const;
  };

  /// `realm` and `store` are the cluster's; `name` is the source's.
  NamespaceScopes(Sink& sink, Reads reads, std::string name, std::string realm, std::string store)
      : sink_(sink), reads_(reads), name_(std::move(name)), realm_(std::move(realm)), store_(std::move(store)) {}

  /// Nothing where this sweep has read the namespace before it was interrupted.
  std::optional<ScopeNumber> of(const std::string& name_space);

  /// Begins the scope of the cluster's own list. That of secrets holds all that is in the cluster; that of ConfigMaps
  /// no place at all, but tells how its list ended. As `of`.
  std::optional<ScopeNumber> whole();

  /// Whether an earlier sweep has read anything of this cluster.
  [[nodiscard]] bool was_read_before() const { return sink_.knows_any(realm_); }

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

  /// What is read, and so what an end may call gone.
  [[nodiscard]] const Reads& reads() const { return reads_; }

  /// Above all places of a namespace's objects; and a place's namespace.
  static std::string prefix_of(std::string_view name_space, ObjectKind kind);
  static std::string_view prefix_in(std::string_view place) { return place.substr(0, place.find('/')); }

 private:
  struct State {
    std::optional<ScopeNumber> number;
    bool ended = false;
  };

  [[nodiscard]] Scope scope(std::string store, std::string prefix) const;

  Sink& sink_;
  Reads reads_;
  std::string name_;
  std::string realm_;
  std::string store_;
  std::map<std::string, State> all_;
};

}  // namespace tokensweep::kubernetes
