#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "connectors/connector.hpp"
#include "connectors/github/api.hpp"
#include "connectors/github/audit_log.hpp"
#include "connectors/github/denials.hpp"
#include "connectors/github/listing.hpp"
#include "connectors/github/plan.hpp"
#include "connectors/github/sightings.hpp"
#include "connectors/github/tally.hpp"
#include "connectors/github/workflow_reader.hpp"
#include "connectors/github/workflow_uses.hpp"
#include "net/task_group.hpp"

namespace tokensweep::github {

/// Which organisation is crawled, as what, and how.
struct CrawlOptions {
  std::string source;  ///< the configured source's name
  std::string organisation;
  Wanted wanted;
  unsigned at_once = 10;  ///< requests under way
  /// Whether the credential sees every repository; empty: its answers tell (an owner's classic token does).
  std::optional<bool> sees_all;
  bool audit_log = false;  ///< whether the audit log may say what need not be asked for again
};

/// Crawls one organisation: its own secrets first, then each repository while the next ones are being listed. One scope
/// for each repository and one for the organisation.
///
/// A repository's scope covers what was asked for in it. The organisation's covers its own places, and those of
/// repositories that are gone, which nothing else could: only where the listing shows for certain that they are, since
/// GitHub says of what it hides that it is not there.
///
/// Where workflows are read, a secret of Actions waits for what they say of it: a repository's until its scope ends,
/// the organisation's until all repositories have told.
class Crawl {
 public:
  /// `api` and `sink` have to outlive it.
  Crawl(Api& api, Sink& sink, CrawlOptions options);

  /// Every scope that was begun is ended when it returns. An error: nothing else can be read with this credential.
  Task<Result<>> run();

 private:
  using Rows = std::vector<RepositoryRow>;

  /// A secret that waits for what workflows say of it.
  struct Waiting {
    std::string environment;
    Sighting sighting;
  };

  /// A repository's scope while its parts are asked for.
  struct Run {
    std::optional<ScopeNumber> scope;  ///< empty: it was read before, and its workflows tell of the organisation alone
    RepositoryRow repository;
    Tally tally;
    std::size_t pending = 0;  ///< parts that have not come
    std::vector<Waiting> waiting;
    SecretNames names;
    RepositoryUses uses;
  };
  using SharedRun = std::shared_ptr<Run>;

  /// A secret of the organisation that its repositories tell of.
  struct Seen {
    std::optional<Sighting> sighting;  ///< where the organisation's list has it
    StoredSecret row;
    Reach reach;
  };
  struct Told {
    bool names = false;  ///< the organisation refused its list: its names are the repositories' to tell, too
    std::map<std::string, Seen> seen;
  };
  struct Selected {
    Family family;
    Sighting sighting;
  };
  /// A secret of the organisation's that waits for all workflows.
  struct OwnWaiting {
    Sighting sighting;
    OrganisationUses::Readers readers;
  };

  Task<> ask_organisation(Outcome& outcome);
  Task<> next_page(std::optional<Rows>& page);
  Task<> ask_audit_log();
  Task<> end_unknown(Outcome outcome);

  Task<> list_organisation();
  Task<> list_secrets(Family family);
  Task<> list_variables(Family family);
  Task<> list_registries();
  /// Emits an organisation's sighting, or keeps it until its reach is known.
  void found_own(Family family, Visibility visibility, Sighting sighting);
  Task<> start_counting();
  Task<> count_reach(Selected selected);
  Task<> end_organisation();
  void emit_told();
  void emit_waiting();

  Task<> crawl_repositories(std::optional<Rows> page);
  /// Null where nothing is asked of it.
  Task<SharedRun> start_repository(RepositoryRow repository);
  Task<> start_parts(SharedRun run);
  Task<> ask_workflows(std::vector<SharedRun> runs);
  void take_workflows(Run& run, ReadWorkflows read);
  void take_workflow(Run& run, WorkflowText file, const std::string& package, std::vector<WorkflowFile>& files);
  Task<> start_part(SharedRun run, Task<> part);
  Task<> ask_list(SharedRun run, Family family);
  Task<> ask_seen(SharedRun run, Family family);
  Task<> ask_environments(SharedRun run);
  Task<> ask_environment(SharedRun run, EnvironmentRow environment, Family family);
  Task<> read_environment(SharedRun run, const EnvironmentRow& environment, Family family);
  Task<> end_part(SharedRun run);

  /// Asks for the list at `target` and emits what is in it.
  Task<Outcome> read_list(SharedRun run, const Spot& spot, std::string target);
  void emit(ScopeNumber scope, Sighting sighting);
  void emit_secret(Run& run, const Spot& spot, const StoredSecret& row);
  void emit_own(Family family, Sighting sighting, OrganisationUses::Readers readers);
  void settle_uses(Run& run);
  [[nodiscard]] bool reads_workflows() const { return options_.wanted.has(Family::workflows); }
  [[nodiscard]] Scope scope_of(std::string store, std::string prefix) const;
  [[nodiscard]] ScopeEnd organisation_end() const;

  Api& api_;
  Sink& sink_;
  CrawlOptions options_;
  Listing listing_;
  Denials denials_;
  TaskGroup group_;

  Organisation organisation_;
  std::optional<AuditLog> log_;
  std::optional<ScopeNumber> own_;  ///< the organisation's scope; empty: it was read before
  Tally own_tally_;
  std::vector<Selected> selected_;
  std::vector<OwnWaiting> waiting_;
  WorkflowReader workflows_;
  OrganisationUses uses_;
  /// Families whose reach, or whose names, the repositories tell.
  std::map<Family, Told> told_;
};

}  // namespace tokensweep::github
