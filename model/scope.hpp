#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tokensweep {

/// How a scope's listing ended. Only `complete` may call anything gone.
enum class ScopeState : std::uint8_t { open, complete, incomplete, denied, failed, skipped };

inline constexpr std::string_view kScopeStates[] = {"open", "complete", "incomplete", "denied", "failed", "skipped"};

constexpr std::string_view to_string(ScopeState state) { return kScopeStates[static_cast<std::size_t>(state)]; }

constexpr std::optional<ScopeState> parse_scope_state(std::string_view text) {
  for (std::size_t i = 0; i < std::size(kScopeStates); ++i) {
    if (kScopeStates[i] == text) return static_cast<ScopeState>(i);
  }
  return std::nullopt;
}

/// What a sweep covers: a root directory, a repository, a namespace, a region, a context.
struct Scope {
  std::string source;  ///< the connector's id: filesystem
  std::string name;    ///< the configured source's name; for `scan --path` the connector's id
  std::string store;   ///< as exported: host and root, org/repo, ...
  std::string realm;   ///< in which places are unique: the host, the account, ...
  /// Every place of the scope is this one or lies below it ("/home/a" holds "/home/a/x", not "/home/ab"); "/" and ""
  /// hold the whole realm. Two scopes of one realm may nest. A realm is one connector's: the same name elsewhere is
  /// another.
  std::string prefix;
};

/// How much was seen in a part of a tree of directories.
struct TreeFigures {
  std::uint64_t directories = 0;
  std::uint64_t files_seen = 0;
  std::uint64_t files_read = 0;
  std::uint64_t bytes_read = 0;

  TreeFigures& operator+=(const TreeFigures& more) {
    directories += more.directories;
    files_seen += more.files_seen;
    files_read += more.files_read;
    bytes_read += more.bytes_read;
    return *this;
  }
  friend bool operator==(const TreeFigures&, const TreeFigures&) = default;
};

/// A directory that was read whole, with all that lies below it: nothing there was missed, and all that it gave was
/// told before. A sweep that goes on after a stop need not look there again.
struct TreeRead {
  std::string place;
  TreeFigures figures;
};

/// How a scope ended.
struct ScopeEnd {
  ScopeState state = ScopeState::complete;
  std::string reason;              ///< empty where complete
  bool deep = false;               ///< whether the places that only a deep sweep reads were read
  std::vector<std::string> rules;  ///< ids of the rules in force: only their hits can be gone
  /// Whether the sweep would have looked at a place, where it was told to pass over some; empty: it would.
  std::function<bool(std::string_view place)> covers;
  std::uint64_t files_seen = 0;
  std::uint64_t files_read = 0;
  std::uint64_t bytes_read = 0;
};

}  // namespace tokensweep
