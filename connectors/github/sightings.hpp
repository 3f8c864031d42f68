#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "connectors/connector.hpp"
#include "connectors/github/parse.hpp"
#include "connectors/github/plan.hpp"

/// What a row of GitHub's is, in our words. Pure. Places are made of numbers that stay when an organisation or a
/// repository is renamed:
///
///   ORG/actions/NAME              ORG/REPO/actions/NAME
///   ORG/registries/NAME           ORG/REPO/environments/ENV/NAME      (ENV percent-encoded)
///   users/USER/codespaces/NAME    ORG/REPO/workflows/FILE             (FILE percent-encoded)
namespace tokensweep::github {

/// A list of one family, and where it is.
struct Spot {
  std::string prefix;  ///< of the scope: `ORG` or `ORG/REPO`
  Family family = Family::actions;
  std::string environment;  ///< its name, of an environment's families
  ScopeFlags flags;         ///< of all that is in it
  std::vector<Evidence> evidence;
};

/// How many repositories see an organisation's secret.
struct Reach {
  std::uint64_t repositories = 0;
  std::uint64_t open = 0;  ///< of them public
};

/// The list of an organisation's.
Spot organisation_spot(std::int64_t organisation, Family family);
/// The list of a repository's.
Spot repository_spot(std::int64_t organisation, const RepositoryRow& repository, Family family);
/// The list of an environment's.
Spot environment_spot(std::int64_t organisation, const RepositoryRow& repository, const EnvironmentRow& environment,
                      Family family);

/// A secret: a name, and when its value was written.
Sighting sighting_of(const Spot& spot, const StoredSecret& row);
/// A Codespaces secret of a user's own; `prefix` is `users/USER`.
Sighting own_codespaces_sighting(const std::string& prefix, const StoredSecret& row);
/// A variable, with its value.
Sighting sighting_of(const Spot& spot, StoredVariable row);
/// A workflow file, with its text, and `package`, the name of the package that its repository can publish.
Sighting workflow_sighting(std::int64_t organisation, const RepositoryRow& repository, WorkflowText file,
                           const std::string& package);
/// Where workflow files lie in a repository.
std::string workflow_path(std::string_view file);
/// A private registry, with its host and path.
Sighting sighting_of(const Spot& spot, const PrivateRegistry& row);

/// Whether it is a registry for npm with a credential that is kept: OIDC keeps none.
bool is_npm_registry(const PrivateRegistry& row);

/// Adds to an organisation's how many repositories see it.
void add_reach(Sighting& sighting, const Reach& reach);

}  // namespace tokensweep::github
