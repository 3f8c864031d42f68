#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/connector.hpp"
#include "connectors/github/workflow.hpp"

/// What the workflows of repositories say of the secrets that are stored there, as evidence. Pure.
namespace tokensweep::github {

/// A workflow, and the file that it stands in.
struct WorkflowFile {
  std::string path;  ///< `.github/workflows/release.yml`
  Workflow workflow;
};

/// A use, and the file that it stands in.
struct FoundUse : WorkflowUse {
  std::string path;
};

/// The uses of a repository's own workflows, with those of its workflows that they call. What is called, and is not
/// among `files`, may do anything with what it is handed.
std::vector<FoundUse> uses_in(std::span<const WorkflowFile> files);

/// Which secrets a repository and its environments have. A job sees its environment's before its repository's before
/// the organisation's.
class SecretNames {
 public:
  /// `environment` is empty for the repository's own.
  void add(std::string_view environment, std::string_view name);
  /// Whether the repository, or the environment that the job runs in, has a secret of that name.
  [[nodiscard]] bool hide_from_organisation(const WorkflowUse& use) const;
  /// Whether the environment that the job runs in has one.
  [[nodiscard]] bool hide_from_repository(const WorkflowUse& use) const;

 private:
  std::set<std::pair<std::string, std::string>> names_;  ///< in GitHub's own case for comparing
};

/// All that a repository's workflows say.
struct RepositoryUses {
  std::vector<FoundUse> uses;
  std::vector<std::string> tokenless;  ///< files with a job that publishes with no secret in sight
  std::string package;                 ///< the name of the package at its root, where it can be published
  bool whole = false;                  ///< every workflow was read
};

RepositoryUses repository_uses(std::span<const WorkflowFile> files, std::string package, bool whole);

/// Adds to a repository's or an environment's secret what its workflows say of it. `environment` is empty for the
/// repository's own.
void add_uses(Sighting& sighting, std::string_view environment, const RepositoryUses& repository,
              const SecretNames& names);

/// What the repositories of an organisation say of its own secrets.
class OrganisationUses {
 public:
  /// Which repositories see a secret.
  struct Readers {
    bool all_but_public = false;
    std::optional<std::set<std::int64_t>> selected;  ///< these alone
  };

  void add(std::int64_t repository, std::string_view full_name, bool is_public, const RepositoryUses& uses,
           const SecretNames& names);
  /// A repository whose workflows could not be read.
  void add_unread(std::int64_t repository, bool is_public);

  /// Adds what the repositories that see a secret do with it: the strictest use counts, and the first few repositories
  /// are named. `whole`: every repository was listed.
  void add_uses(Sighting& sighting, const Readers& readers, bool whole) const;

 private:
  struct Use {
    std::int64_t repository = 0;
    bool is_public = false;
    std::string full_name;
    std::string package;
    FoundUse use;
  };
  std::map<std::string, std::vector<Use>> uses_;  ///< by the secret's name in upper case; `*`: any
  std::map<std::int64_t, bool> unread_;           ///< and whether it is public
};

}  // namespace tokensweep::github
