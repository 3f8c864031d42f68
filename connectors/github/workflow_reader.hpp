#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "connectors/github/api.hpp"
#include "connectors/github/plan.hpp"

namespace tokensweep::github {

/// What came of asking for one repository's workflows.
struct ReadWorkflows {
  Outcome outcome;
  RepositoryWorkflows files;  ///< where it is fine
};

/// Asks for the workflow files of repositories, many at once; where that takes GitHub too long, fewer. What is refused
/// as a whole is not asked for again.
class WorkflowReader {
 public:
  explicit WorkflowReader(Api& api) : api_(api) {}

  /// For each repository what came, in their order.
  Task<std::vector<ReadWorkflows>> read(std::vector<RepositoryRow> repositories);

 private:
  Task<Answer<WorkflowPage>> ask(const std::vector<std::string>& ids);

  Api& api_;
  std::size_t at_once_ = kWorkflowsAtOnce;
  std::optional<Outcome> refused_;
};

}  // namespace tokensweep::github
