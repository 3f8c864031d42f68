#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "connectors/circleci/parse.hpp"
#include "connectors/settings.hpp"

/// What a source is to read, as the settings and the followed projects say it.
namespace tokensweep::circleci {

struct Targets {
  std::vector<std::string> organisations;  ///< slugs, at least one, each once
  std::vector<std::string> projects;       ///< slugs, each of one of the organisations; they have to be there
  std::vector<std::string> candidates;     ///< the same, but one that is not there is no project
};

/// Fails (`misconfigured`) for what is no slug, and for projects of other organisations.
Result<Targets> read_targets(const Settings& settings);

/// How we know of a project.
enum class ProjectSource : std::uint8_t { followed, configured, candidate };

struct Project {
  std::string slug;
  ProjectSource source = ProjectSource::followed;
};

/// The projects of one organisation, each once, by slug. `followed`: of all organisations.
std::vector<Project> projects_of(const Organisation& organisation, const Targets& targets,
                                 std::span<const std::string> followed);

/// For people: where these projects come from, and that nobody can say whether they are all.
std::string describe_sources(std::span<const Project> projects);

}  // namespace tokensweep::circleci
