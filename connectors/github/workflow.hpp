#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"

/// Workflow files of Actions, read for what they do with secrets. Pure: bytes in, uses out. Nothing of a file is kept
/// but names: of secrets, jobs, environments, directories and other workflows.
namespace tokensweep::github {

/// What the steps that see a secret do, as far as they show it; the later ones count more.
enum class Purpose : std::uint8_t { installs, unclear, publishes };

/// What one job does with one secret.
struct WorkflowUse {
  std::string secret;       ///< its name in upper case, as GitHub compares them; `*`: one whose name is computed
  std::string job;          ///< its id
  std::string environment;  ///< in which it runs, in lower case; empty: in none; `*`: its name is computed
  Purpose purpose = Purpose::unclear;
  std::string directory;      ///< of the package that it publishes, where the workflow says so
  bool has_identity = false;  ///< the job has `id-token: write`: trusted publishing could take the secret's place
  std::string passed_to;      ///< the workflow that it is handed to, and that was not read for it; else empty

  friend bool operator==(const WorkflowUse&, const WorkflowUse&) = default;
};

/// A job that is another workflow.
struct WorkflowCall {
  std::string job;
  std::string workflow;  ///< `./.github/workflows/x.yml`, or with an owner, a repository and an `@ref`
  bool inherits = false;
  /// The secret's name there, and the one here; both as in WorkflowUse::secret.
  std::vector<std::pair<std::string, std::string>> passed;

  friend bool operator==(const WorkflowCall&, const WorkflowCall&) = default;
};

struct Workflow {
  bool starts_itself = false;  ///< something else than another workflow starts it
  std::vector<WorkflowUse> uses;
  std::vector<WorkflowCall> calls;
  std::vector<std::string> tokenless;  ///< jobs that publish by their identity, with no secret in sight
};

/// Reads a workflow file. What is YAML and no workflow is one that does nothing. Fails (`malformed`) with line and
/// column, never with a piece of the file.
///
/// A step sees the secrets of its own `env`, of its job's and of the workflow's; what stands in a script or goes to an
/// action, and what a script writes to an .npmrc, the steps behind it see as well. A use counts as one that installs
/// only where nothing there is called by a word for publishing, and no action of the repository's own is handed it.
Result<Workflow> read_workflow(std::string_view yaml);

/// The secrets that the expressions in a text name, in upper case, without the `GITHUB_TOKEN` that each job gets.
std::set<std::string> secrets_in(std::string_view text);

}  // namespace tokensweep::github
