#include "model/model.hpp"

#include <algorithm>
#include <iterator>

namespace tokensweep {
namespace {

constexpr std::string_view kClasses[] = {"A", "B", "C", "D"};
constexpr std::string_view kConfidences[] = {"confirmed", "inferred", "assumed"};
constexpr std::string_view kChecksums[] = {"none", "valid", "invalid"};
constexpr std::string_view kStates[] = {"present", "gone", "unknown"};
constexpr std::string_view kAgeBases[] = {"updated_at", "created_at", "bounds", "file_mtime", "first_seen", "registry"};
constexpr std::string_view kScopeFlags[] = {
    "org-wide",   "org-private",   "selected-repos", "repo",           "environment", "unprotected-environment",
    "dependabot", "codespaces",    "variable",       "project",        "context",     "unrestricted-context",
    "namespace",  "unencrypted",   "world-readable", "group-readable", "git-tracked", "publish",
    "read-only",  "all-packages",  "bypass-2fa",     "no-expiry",      "no-ip-limit", "classic",
    "reference",  "commented-out", "shadowed",       "unscoped",       "inert",       "dead",
    "unfound",    "repeated",      "unused",         "shared-expiry",  "stage-only",  "ambiguous",
    "exempt"};
static_assert(std::size(kScopeFlags) == static_cast<std::size_t>(ScopeFlag::count_));

template <class Enum, std::size_t N>
std::string_view name_of(const std::string_view (&names)[N], Enum value) {
  return names[static_cast<std::size_t>(value)];
}

template <class Enum, std::size_t N>
std::optional<Enum> value_of(const std::string_view (&names)[N], std::string_view text) {
  const auto* found = std::find(std::begin(names), std::end(names), text);
  if (found == std::end(names)) return std::nullopt;
  return static_cast<Enum>(found - std::begin(names));
}

}  // namespace

std::string_view to_string(Class value) { return name_of(kClasses, value); }
std::string_view to_string(Confidence value) { return name_of(kConfidences, value); }
std::string_view to_string(Checksum value) { return name_of(kChecksums, value); }
std::string_view to_string(State value) { return name_of(kStates, value); }
std::string_view to_string(AgeBasis value) { return name_of(kAgeBases, value); }
std::string_view to_string(ScopeFlag value) { return name_of(kScopeFlags, value); }

std::optional<Class> parse_class(std::string_view text) { return value_of<Class>(kClasses, text); }
std::optional<Confidence> parse_confidence(std::string_view text) { return value_of<Confidence>(kConfidences, text); }
std::optional<Checksum> parse_checksum(std::string_view text) { return value_of<Checksum>(kChecksums, text); }
std::optional<State> parse_state(std::string_view text) { return value_of<State>(kStates, text); }
std::optional<AgeBasis> parse_age_basis(std::string_view text) { return value_of<AgeBasis>(kAgeBases, text); }
std::optional<ScopeFlag> parse_scope_flag(std::string_view text) { return value_of<ScopeFlag>(kScopeFlags, text); }

std::vector<std::string_view> names(ScopeFlags flags) {
  std::vector<std::string_view> all;
  for (std::size_t i = 0; i < std::size(kScopeFlags); ++i) {
    if (flags.has(static_cast<ScopeFlag>(i))) all.push_back(kScopeFlags[i]);
  }
  return all;
}

}  // namespace tokensweep
