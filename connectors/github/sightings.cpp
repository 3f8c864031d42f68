#include "connectors/github/sightings.hpp"

#include <fmt/format.h>

#include <utility>

#include "base/text.hpp"
#include "formats/build_commands.hpp"
#include "net/url.hpp"

namespace tokensweep::github {
namespace {

Evidence note(std::string words) { return {.kind = EvidenceKind::note, .value = std::move(words)}; }

Spot spot_at(std::string prefix, Family family) {
  Spot spot{.prefix = std::move(prefix), .family = family};
  // Codespaces are where people work, not where software is built.
  if (family != Family::codespaces) spot.evidence.push_back({.kind = EvidenceKind::ci_secret});
  if (family == Family::dependabot) spot.flags.add(ScopeFlag::dependabot);
  if (family == Family::codespaces) spot.flags.add(ScopeFlag::codespaces);
  if (shows_values(family)) spot.flags.add(ScopeFlag::variable);
  return spot;
}

std::string id_of(std::int64_t organisation, const RepositoryRow& repository) {
  return fmt::format("{}/{}", organisation, repository.id);
}

void add_repository(Spot& spot, const RepositoryRow& repository) {
  if (repository.archived) spot.evidence.push_back(note("the repository is archived"));
  if (repository.disabled) spot.evidence.push_back(note("the repository is disabled"));
}

std::string protection_words(const Protection& protection) {
  std::string words;
  const auto add = [&](bool has, std::string_view word) {
    if (has) words.append(words.empty() ? "" : ", ").append(word);
  };
  add(protection.reviewers, "reviewers");
  add(protection.wait, "a wait");
  add(protection.branches, "rules for branches");
  return words;
}

std::string place_in(const Spot& spot, std::string_view name) {
  std::string place = spot.prefix;
  place.append("/").append(segment(spot.family)).append("/");
  if (!spot.environment.empty()) place.append(percent_encoded(spot.environment)).append("/");
  return place.append(name);
}

/// For people, a secret of Actions is its name; all else says what it is in front.
std::string locator_in(const Spot& spot, std::string_view name) {
  std::string locator;
  if (spot.family != Family::actions) locator.append(segment(spot.family)).append("/");
  if (!spot.environment.empty()) locator.append(spot.environment).append("/");
  return locator.append(name);
}

void add_visibility(Sighting& sighting, Visibility visibility) {
  switch (visibility) {
    case Visibility::all:
      sighting.flags.add(ScopeFlag::org_wide);
      break;
    case Visibility::private_:
      sighting.flags.add(ScopeFlag::org_private);
      break;
    case Visibility::selected:
      sighting.flags.add(ScopeFlag::selected_repos);
      break;
    case Visibility::none:
      break;
  }
}

}  // namespace

Spot organisation_spot(std::int64_t organisation, Family family) {
  return spot_at(std::to_string(organisation), family);
}

Spot repository_spot(std::int64_t organisation, const RepositoryRow& repository, Family family) {
  Spot spot = spot_at(id_of(organisation, repository), family);
  spot.flags.add(ScopeFlag::repo);
  add_repository(spot, repository);
  return spot;
}

Spot environment_spot(std::int64_t organisation, const RepositoryRow& repository, const EnvironmentRow& environment,
                      Family family) {
  Spot spot = spot_at(id_of(organisation, repository), family);
  spot.environment = environment.name;
  spot.flags.add(ScopeFlag::environment);
  if (environment.protection.none()) {
    spot.flags.add(ScopeFlag::unprotected_environment);
  } else {
    spot.evidence.push_back(note("the environment is protected by " + protection_words(environment.protection)));
  }
  add_repository(spot, repository);
  return spot;
}

Sighting sighting_of(const Spot& spot, const StoredSecret& row) {
  Sighting sighting{.place = place_in(spot, row.name),
                    .locator = locator_in(spot, row.name),
                    .name = row.name,
                    .created_at = row.created_at,
                    .updated_at = row.updated_at,
                    .flags = spot.flags,
                    .evidence = spot.evidence};
  if (row.created_at) sighting.age_basis = AgeBasis::created_at;
  if (row.updated_at) sighting.age_basis = AgeBasis::updated_at;
  add_visibility(sighting, row.visibility);
  return sighting;
}

Sighting own_codespaces_sighting(const std::string& prefix, const StoredSecret& row) {
  Spot spot = spot_at(prefix, Family::codespaces);
  spot.evidence.push_back(note("a user's own, for Codespaces"));
  StoredSecret own = row;
  // `all` are the user's repositories, and no organisation's.
  if (own.visibility != Visibility::selected) own.visibility = Visibility::none;
  return sighting_of(spot, own);
}

Sighting sighting_of(const Spot& spot, StoredVariable row) {
  Sighting sighting = sighting_of(spot, static_cast<const StoredSecret&>(row));
  sighting.value = std::move(row.value);
  return sighting;
}

std::string workflow_path(std::string_view file) { return ".github/workflows/" + std::string(file); }

Sighting workflow_sighting(std::int64_t organisation, const RepositoryRow& repository, WorkflowText file,
                           const std::string& package) {
  Sighting sighting{.locator = workflow_path(file.name), .value = std::move(file.text)};
  sighting.place =
      fmt::format("{}/{}/{}", id_of(organisation, repository), segment(Family::workflows), percent_encoded(file.name));
  sighting.name = sighting.locator;
  sighting.flags.add(ScopeFlag::repo);
  const Commands commands = sighting.value ? commands_in(sighting.value->reveal()) : Commands();
  if (commands.publishes) sighting.evidence.push_back({.kind = EvidenceKind::publishes});
  if (commands.installs) sighting.evidence.push_back({.kind = EvidenceKind::installs});
  if (!package.empty()) {
    sighting.evidence.push_back({.kind = EvidenceKind::package, .value = package, .from = "package.json"});
  }
  sighting.evidence.push_back({.kind = EvidenceKind::build_file});
  return sighting;
}

Sighting sighting_of(const Spot& spot, const PrivateRegistry& row) {
  Sighting sighting = sighting_of(spot, static_cast<const StoredSecret&>(row));
  if (const auto url = Url::parse(row.url)) {
    std::string address = to_string(*url);
    address.erase(0, address.find("://") + 3);
    while (address.ends_with('/')) address.pop_back();
    sighting.registry = std::move(address);
  }
  return sighting;
}

bool is_npm_registry(const PrivateRegistry& row) {
  return row.type == "npm_registry" && !row.auth_type.starts_with("oidc_");
}

void add_reach(Sighting& sighting, const Reach& reach) {
  sighting.evidence.push_back(
      note(fmt::format("{} {} it, {} of them public", grouped(reach.repositories),
                       reach.repositories == 1 ? "repository sees" : "repositories see", grouped(reach.open))));
}

}  // namespace tokensweep::github
