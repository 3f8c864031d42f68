#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <map>
#include <span>
#include <string>
#include <string_view>

#include "connectors/connector.hpp"

/// What is asked of GitHub, where, and how many requests that takes (apis.md, 1.3 and 1.4). Pure.
namespace tokensweep::github {

/// What is kept where: a kind of list that an organisation, a repository or an environment has.
enum class Family : std::uint8_t {
  actions,       ///< secrets of Actions
  environments,  ///< secrets of a repository's environments
  dependabot,
  codespaces,
  agents,
  variables,  ///< of Actions
  environment_variables,
  agents_variables,
  registries,  ///< an organisation's private registries
  workflows,   ///< the files of a repository's workflows: by GraphQL alone
  count_       ///< not a family: how many there are
};

/// What is read of an organisation.
class Wanted {
 public:
  Wanted() = default;
  Wanted(std::initializer_list<Family> families) {
    for (const Family family : families) add(family);
  }
  void add(Family family) { has_[static_cast<std::size_t>(family)] = true; }
  [[nodiscard]] bool has(Family family) const { return has_[static_cast<std::size_t>(family)]; }

 private:
  std::array<bool, static_cast<std::size_t>(Family::count_)> has_{};
};

/// What a place of this family has behind its organisation or repository: `actions`, `environments`, …
std::string_view segment(Family family);
/// The family of a place below `prefix`, by its segment; `count_` for one that we never made.
Family family_of(std::string_view place, std::string_view prefix);
/// What people call it: "Dependabot secrets".
std::string_view title(Family family);
/// Whether its lists show values.
bool shows_values(Family family);

inline constexpr std::array kOrganisationFamilies = {Family::actions,         Family::registries, Family::dependabot,
                                                     Family::codespaces,      Family::agents,     Family::variables,
                                                     Family::agents_variables};
inline constexpr std::array kRepositoryFamilies = {Family::actions, Family::dependabot, Family::codespaces,
                                                   Family::agents,  Family::variables,  Family::agents_variables};
inline constexpr std::array kEnvironmentFamilies = {Family::environments, Family::environment_variables};

/// Addresses of lists, below the REST API's base and with the largest page there is. `repository` is `owner/name`.
std::string organisation_target(std::string_view organisation);
std::string organisation_list(std::string_view organisation, Family family);
std::string selected_list(std::string_view organisation, Family family, std::string_view name);
std::string repository_list(std::string_view repository, Family family);
/// The organisation's secrets that a repository sees. Of Actions and agents alone.
std::string seen_list(std::string_view repository, Family family);
std::string environment_list(std::string_view repository, std::string_view environment, Family family);
std::string environments_of(std::string_view repository);
std::string repositories_of(std::string_view organisation);
/// The audit log since a day, oldest events first, without the categories that never tell of what is stored.
std::string audit_log_list(std::string_view organisation, std::chrono::sys_days since);
/// Whether an event of the audit log says that what is stored in its repositories may have changed. What is not known
/// to be harmless does: GitHub has new actions each month.
bool tells_of_change(std::string_view action);
/// Whether the audit log has an event for each change of this family's lists in repositories and environments. Of
/// agents secrets its documentation says nothing, and variables' lists are never kept, as they show values.
bool is_in_audit_log(Family family);
/// The Codespaces secrets of the user who asks.
std::string own_codespaces_list();

/// GraphQL's request for a page of repositories with their first ten environments, as JSON. `after` is empty for the
/// first page. Without `protection` a page of a hundred costs one point instead of eleven.
std::string repositories_query(std::string_view organisation, std::string_view after, unsigned first, bool protection);

/// So many repositories' workflows are asked for at once at first.
inline constexpr std::size_t kWorkflowsAtOnce = 25;

/// GraphQL's request for the workflow files of repositories, and for the package.json at their roots, as JSON: one
/// point. `ids` are GraphQL's own.
std::string workflows_query(std::span<const std::string> ids);

/// How large an organisation is, as far as requests depend on it.
struct FleetSize {
  std::uint64_t repositories = 0;
  std::uint64_t environments = 0;
  std::uint64_t crowded = 0;            ///< repositories with more environments than GraphQL's first ten
  std::uint64_t selected = 0;           ///< organisation secrets and variables for selected repositories only
  std::map<Family, std::uint64_t> own;  ///< rows of the organisation's own lists
  bool by_rest = false;                 ///< GraphQL is refused
  std::uint64_t audit_log = 0;          ///< its pages; 0: it is not read, or not to be had
};

/// The plan of a sweep, in its order, with GraphQL's points and the time that the limits alone take. `hourly` is the
/// credential's budget; 0: it has none. What only the sweep will know counts once: a secret for more than a hundred
/// selected repositories takes more, and a variable for selected ones nothing where its value is no token's.
void add_plan(SourceCheck& check, const FleetSize& size, const Wanted& wanted, const Limits& limits,
              std::uint64_t hourly);

}  // namespace tokensweep::github
