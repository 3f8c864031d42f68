#include "connectors/circleci/targets.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "base/text.hpp"

namespace tokensweep::circleci {
namespace {

constexpr std::size_t kOrganisationParts = 2;
constexpr std::size_t kProjectParts = 3;

Error wrong(std::string_view key, std::size_t index, std::string_view expected) {
  return {ErrorKind::misconfigured,
          std::string(key) + ": entry " + std::to_string(index + 1) + ": expected " + std::string(expected)};
}

bool is_below(std::string_view project, std::string_view organisation) {
  return project.size() > organisation.size() && project.starts_with(organisation) &&
         project[organisation.size()] == '/';
}

Result<std::vector<std::string>> read_projects(const Settings& settings, std::string_view key,
                                               const std::vector<std::string>& organisations) {
  std::vector<std::string> slugs = settings.texts(key);
  for (std::size_t i = 0; i < slugs.size(); ++i) {
    if (!is_slug(slugs[i], kProjectParts)) return wrong(key, i, "a project's slug, such as gh/acme/site");
    const auto holds = [&](const std::string& organisation) { return is_below(slugs[i], organisation); };
    if (std::ranges::none_of(organisations, holds))
      return wrong(key, i, "a project of one of the source's organisations");
  }
  return slugs;
}

}  // namespace

Result<Targets> read_targets(const Settings& settings) {
  Targets targets;
  const std::string_view key = settings.has("org") ? "org" : "orgs";
  const auto named = settings.has("org") ? std::vector{settings.text("org")} : settings.texts("orgs");
  for (std::size_t i = 0; i < named.size(); ++i) {
    if (!is_slug(named[i], kOrganisationParts)) return wrong(key, i, "an organisation's slug, such as gh/acme");
    if (std::ranges::find(targets.organisations, named[i]) == targets.organisations.end()) {
      targets.organisations.push_back(named[i]);
    }
  }
  TRY(targets.projects, read_projects(settings, "projects", targets.organisations));
  TRY(targets.candidates, read_projects(settings, "candidates", targets.organisations));
  return targets;
}

std::vector<Project> projects_of(const Organisation& organisation, const Targets& targets,
                                 std::span<const std::string> followed) {
  // Where a server tells no slugs, they are put together from ids: the same organisation has two names then.
  const std::string by_id = "circleci/" + organisation.id;
  std::map<std::string, ProjectSource> found;
  const auto add = [&](std::span<const std::string> slugs, ProjectSource source) {
    for (const std::string& slug : slugs) {
      if (is_below(slug, organisation.slug) || is_below(slug, by_id)) found.emplace(slug, source);
    }
  };
  add(followed, ProjectSource::followed);
  add(targets.projects, ProjectSource::configured);
  add(targets.candidates, ProjectSource::candidate);

  std::vector<Project> projects;
  projects.reserve(found.size());
  for (const auto& [slug, source] : found) projects.push_back({slug, source});
  return projects;
}

std::string describe_sources(std::span<const Project> projects) {
  const auto count = [&](ProjectSource source) {
    return grouped(static_cast<std::uint64_t>(std::ranges::count(projects, source, &Project::source)));
  };
  return count(ProjectSource::followed) + " followed by the token's user, " + count(ProjectSource::configured) +
         " more of `projects`, " + count(ProjectSource::candidate) +
         " more of `candidates`: CircleCI has no list of all projects";
}

}  // namespace tokensweep::circleci
