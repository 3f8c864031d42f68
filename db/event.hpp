#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "db/inventory.hpp"

namespace tokensweep {

/// What became of a hit between two sweeps.
enum class EventKind : std::uint8_t {
  came,           ///< seen for the first time
  returned,       ///< was gone, and is there again
  went,           ///< a complete sweep no longer found it
  value_changed,  ///< the same name in the same place holds another value
  moved,          ///< the same token left one place and came to another
  class_changed,
  flags_changed
};

/// One of them. What an event does not change holds what is so after it; after `went`, what was so before.
struct EventRow {
  SweepId sweep = 0;  ///< that saw it
  Time at;
  EventKind kind = EventKind::came;
  std::string id;           ///< the hit's
  std::string source;       ///< the connector's id
  std::string source_name;  ///< the configured source's name
  std::string store;
  std::string locator;
  std::string name;                  ///< the key or variable that holds it
  std::optional<std::string> token;  ///< the token's id; empty where there is no value to read
  std::optional<std::string> preview;
  std::optional<std::string> old_token;    ///< value_changed: the one before
  std::optional<std::string> old_preview;  ///< the same
  std::string old_locator;                 ///< moved: where it was
  std::string old_store;                   ///< the same
  std::optional<Class> klass;
  std::optional<Class> old_class;  ///< class_changed
  ScopeFlags flags;
  ScopeFlags old_flags;  ///< flags_changed
  std::string reason;    ///< why this class, or why it is gone; may be empty
};

/// The words are the exports': `came`, `returned`, `gone`, `value_changed`, `moved`, `class_changed`, `flags_changed`.
constexpr std::string_view to_string(EventKind kind) {
  constexpr std::string_view kNames[] = {"came",  "returned",      "gone",         "value_changed",
                                         "moved", "class_changed", "flags_changed"};
  return kNames[static_cast<std::size_t>(kind)];
}

}  // namespace tokensweep
