#pragma once

#include <array>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.hpp"
#include "db/inventory.hpp"
#include "model/known_version.hpp"
#include "model/scope.hpp"

/// What a nightly sweep need not fetch: places whose stores number their versions, and which are as they were.
namespace tokensweep {

/// The versions of places that earlier sweeps have read: loaded before the crawl, then only asked, by any thread.
class VersionMemory {
 public:
  /// Loads what is known of a configured source.
  Result<> load(const Inventory& inventory, std::string_view connector, std::string_view source);

  /// Of one scope, by mark; null where nothing is known.
  [[nodiscard]] const std::vector<KnownVersion>* of(const Scope& scope) const;

  /// Whether anything is known of a realm, as this configured source reads it.
  [[nodiscard]] bool any_of(std::string_view connector, std::string_view source, std::string_view realm) const;

 private:
  using Realm = std::array<std::string, 3>;  ///< of a connector, a source

  std::unordered_map<std::string, std::vector<KnownVersion>> scopes_;  ///< by key_of()
  std::set<Realm> realms_;
};

/// What was asked of the places in one scope: from the connector's side to the writer.
struct PlaceVersions {
  struct Place {
    Mark place{};
    Mark version{};
    std::optional<SweepId> unchanged_since;
  };
  std::vector<Place> places;
};

/// The mark of a place alone.
Mark mark_of_place(std::string_view place);

/// Calls `each` with the mark of `place` and of all above it, until it returns false.
template <class Each>
void for_place_and_above(std::string_view place, const Each& each) {
  while (each(mark_of_place(place))) {
    const std::size_t slash = place.rfind('/');
    if (slash == std::string_view::npos) return;
    place = place.substr(0, slash);
  }
}

/// Marks in hash tables: they are digests already.
struct MarkHash {
  std::size_t operator()(const Mark& mark) const;
};

}  // namespace tokensweep
