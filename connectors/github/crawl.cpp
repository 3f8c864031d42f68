#include "connectors/github/crawl.hpp"

#include <algorithm>
#include <utility>

#include "connectors/github/workflow.hpp"
#include "formats/package_json.hpp"

namespace tokensweep::github {
namespace {

using Kind = Outcome::Kind;

// GraphQL gives so many environments with a repository.
constexpr std::int64_t kEnvironmentsInQuery = 10;

/// Servers are too old for some of it.
Asked asked_of_organisation(Family family) {
  const bool is_new = family == Family::agents || family == Family::agents_variables || family == Family::codespaces;
  return is_new ? Asked::new_feature : Asked::known;
}

Asked asked_of_repository(Family family) {
  return family == Family::agents || family == Family::agents_variables ? Asked::new_feature : Asked::known;
}

/// Of these a repository says which of the organisation's it sees.
bool repositories_tell(Family family) { return family == Family::actions || family == Family::agents; }

Outcome known_denial(const Outcome& outcome) {
  return {.kind = Kind::denied, .reason = outcome.reason + " (as in other repositories with this role)"};
}

/// The number of the repository that a place below an organisation is in; nothing for the organisation's own.
std::optional<std::int64_t> repository_in(std::string_view place, std::string_view organisation) {
  if (place.size() <= organisation.size() + 1) return std::nullopt;
  place.remove_prefix(organisation.size() + 1);
  constexpr std::size_t kLongest = 18;
  const std::string_view number = place.substr(0, place.find('/'));
  if (number.empty() || number.size() > kLongest || number.find_first_not_of("0123456789") != std::string_view::npos) {
    return std::nullopt;
  }
  return std::stoll(std::string(number));
}

}  // namespace

Crawl::Crawl(Api& api, Sink& sink, CrawlOptions options)
    : api_(api),
      sink_(sink),
      options_(std::move(options)),
      listing_(api, options_.organisation, true),
      group_(options_.at_once),
      workflows_(api) {}

Task<Result<>> Crawl::run() {
  // The organisation's number comes first: places are made of it. The first page comes with it.
  Outcome known;
  std::optional<Rows> page;
  TaskGroup opening(2);
  co_await opening.start(ask_organisation(known));
  co_await opening.start(next_page(page));
  co_await opening.join();
  if (api_.ended()) co_return Error{api_.ended()->error, api_.ended()->reason};
  // Neither came: there is nobody.
  if (known.kind == Kind::failed && listing_.outcome().kind == Kind::failed) {
    co_return Error{known.error, std::move(known.reason)};
  }
  if (!known) {
    co_await end_unknown(std::move(known));
    co_return Result<>();
  }
  own_ = sink_.begin(scope_of(options_.organisation, std::to_string(organisation_.id)));
  if (options_.audit_log) co_await ask_audit_log();
  if (own_) {
    co_await list_organisation();
    co_await start_counting();
  }
  co_await crawl_repositories(std::move(page));
  co_await group_.join();
  if (own_) co_await end_organisation();
  if (api_.ended()) co_return Error{api_.ended()->error, api_.ended()->reason};
  co_return Result<>();
}

Task<> Crawl::ask_organisation(Outcome& outcome) {
  auto answer =
      co_await api_.get(Asked::known, organisation_target(options_.organisation), &organisation_reader, false);
  outcome = std::move(answer.outcome);
  organisation_ = answer.document;
}

Task<> Crawl::next_page(std::optional<Rows>& page) { page = co_await listing_.next(); }

/// Where there is none, or not for us, everything is asked for: the sweep is as complete as without.
Task<> Crawl::ask_audit_log() {
  auto reading = co_await read_audit_log(api_, options_.organisation);
  log_ = std::move(reading.log);
  if (log_ || !own_) co_return;
  Gap gap{.place = options_.organisation,
          .reason = "the audit log: " + reading.outcome.reason + "; everything was asked for",
          .incomplete = false};
  sink_.gap(*own_, std::move(gap));
}

/// An organisation without a number has no place, but that nothing of it was read has to be seen.
Task<> Crawl::end_unknown(Outcome outcome) {
  const auto scope = sink_.begin(scope_of(options_.organisation, "unknown/" + options_.organisation));
  if (!scope) co_return;
  Tally tally;
  tally.note("the organisation", outcome);
  auto end = tally.end();
  co_await sink_.end(*scope, std::move(end));
}

Task<> Crawl::list_organisation() {
  for (const Family family : kOrganisationFamilies) {
    if (!options_.wanted.has(family)) continue;
    if (family == Family::registries) {
      co_await group_.start(list_registries());
    } else if (shows_values(family)) {
      co_await group_.start(list_variables(family));
    } else {
      co_await group_.start(list_secrets(family));
    }
  }
  co_await group_.join();
}

Task<> Crawl::list_secrets(Family family) {
  co_await sink_.room();
  auto answer = co_await api_.list(asked_of_organisation(family), organisation_list(options_.organisation, family),
                                   &secrets_reader, true);
  own_tally_.note(title(family), answer.outcome);
  const Spot spot = organisation_spot(organisation_.id, family);
  const auto& rows = answer.document.rows;
  const auto selected = std::count_if(rows.begin(), rows.end(),
                                      [](const StoredSecret& row) { return row.visibility == Visibility::selected; });
  // What the organisation does not tell, its repositories do: a request for each of them.
  const bool refused = answer.outcome.kind == Kind::denied;
  const bool too_many = listing_.total() && selected > *listing_.total();
  if (repositories_tell(family) && (refused || too_many)) told_[family].names = refused;
  for (const StoredSecret& row : rows) found_own(family, row.visibility, sighting_of(spot, row));
}

Task<> Crawl::list_variables(Family family) {
  co_await sink_.room();
  auto answer = co_await api_.list(asked_of_organisation(family), organisation_list(options_.organisation, family),
                                   &variables_reader, false);
  own_tally_.note(title(family), answer.outcome);
  const Spot spot = organisation_spot(organisation_.id, family);
  for (StoredVariable& row : answer.document.rows) {
    const Visibility visibility = row.visibility;
    if (sink_.may_matter(row.name, row.value.reveal(), Spelling::plain))
      found_own(family, visibility, sighting_of(spot, std::move(row)));
  }
}

Task<> Crawl::list_registries() {
  co_await sink_.room();
  auto answer = co_await api_.list(Asked::known, organisation_list(options_.organisation, Family::registries),
                                   &registries_reader, true);
  own_tally_.note(title(Family::registries), answer.outcome);
  const Spot spot = organisation_spot(organisation_.id, Family::registries);
  for (const PrivateRegistry& row : answer.document.rows) {
    if (is_npm_registry(row)) emit(*own_, sighting_of(spot, row));
  }
}

void Crawl::found_own(Family family, Visibility visibility, Sighting sighting) {
  const auto open = static_cast<std::uint64_t>(organisation_.public_repositories);
  const auto total = static_cast<std::uint64_t>(listing_.total().value_or(0));
  if (visibility == Visibility::selected) {
    const auto told = told_.find(family);
    if (told == told_.end()) {
      selected_.push_back({.family = family, .sighting = std::move(sighting)});
    } else {
      std::string name = sighting.name;
      told->second.seen[std::move(name)].sighting = std::move(sighting);
    }
    return;
  }
  if (visibility == Visibility::all && total > 0) add_reach(sighting, {.repositories = total, .open = open});
  if (visibility == Visibility::private_ && total >= open && total > 0) {
    add_reach(sighting, {.repositories = total - open, .open = 0});
  }
  OrganisationUses::Readers readers{.all_but_public = visibility == Visibility::private_, .selected = {}};
  emit_own(family, std::move(sighting), std::move(readers));
}

Task<> Crawl::start_counting() {
  for (Selected& one : selected_) co_await group_.start(count_reach(std::move(one)));
  selected_.clear();
}

Task<> Crawl::count_reach(Selected selected) {
  co_await sink_.room();
  // Each page holds a hundred whole repositories, which change all the time: it is not kept.
  auto answer = co_await api_.list(asked_of_organisation(selected.family),
                                   selected_list(options_.organisation, selected.family, selected.sighting.name),
                                   &selected_reader, false);
  OrganisationUses::Readers readers;
  if (answer.outcome) {
    Reach reach;
    readers.selected.emplace();
    for (const RepositoryRow& row : answer.document.rows) {
      ++reach.repositories;
      if (row.visibility == "public") ++reach.open;
      readers.selected->insert(row.id);
    }
    add_reach(selected.sighting, reach);
  }
  const std::string part = "repositories of " + selected.sighting.locator;
  own_tally_.note(part, answer.outcome);
  emit_own(selected.family, std::move(selected.sighting), std::move(readers));
}

Task<> Crawl::crawl_repositories(std::optional<Rows> page) {
  while (page) {
    // The next page is on its way while this one's repositories are asked.
    std::optional<Rows> ahead;
    TaskGroup listing(1);
    co_await listing.start(next_page(ahead));
    // Those that are listed are begun, even when nothing can be asked any more: that they were not read has to be seen.
    std::vector<SharedRun> runs;
    for (RepositoryRow& repository : *page) {
      auto run = co_await start_repository(std::move(repository));
      if (run && reads_workflows()) runs.push_back(std::move(run));
      if (runs.size() < kWorkflowsAtOnce) continue;
      std::vector<SharedRun> batch = std::exchange(runs, {});
      co_await group_.start(ask_workflows(std::move(batch)));
    }
    if (!runs.empty()) co_await group_.start(ask_workflows(std::move(runs)));
    co_await listing.join();
    page = std::move(ahead);
  }
}

/// A task for each part, so that a repository with many parts does not end long after the others.
Task<Crawl::SharedRun> Crawl::start_repository(RepositoryRow repository) {
  const std::string prefix = std::to_string(organisation_.id) + "/" + std::to_string(repository.id);
  const auto scope = sink_.begin(scope_of(repository.full_name, prefix));
  if (!scope && !(own_ && reads_workflows())) co_return nullptr;
  auto run = std::make_shared<Run>();
  run->scope = scope;
  run->repository = std::move(repository);
  run->pending = reads_workflows() ? 2 : 1;  // not ended before the last part has started
  if (scope) co_await start_parts(run);
  co_await end_part(run);
  co_return run;
}

Task<> Crawl::start_parts(SharedRun run) {
  for (const Family family : kRepositoryFamilies) {
    if (options_.wanted.has(family)) co_await start_part(run, ask_list(run, family));
    if (told_.contains(family)) co_await start_part(run, ask_seen(run, family));
  }
  const bool wanted = options_.wanted.has(Family::environments) || options_.wanted.has(Family::environment_variables);
  const auto& environments = run->repository.environments;
  if (wanted && (!environments || run->repository.environment_count > kEnvironmentsInQuery)) {
    co_await start_part(run, ask_environments(run));
  } else if (wanted) {
    for (const EnvironmentRow& environment : *environments) {
      for (const Family family : kEnvironmentFamilies) {
        if (options_.wanted.has(family)) co_await start_part(run, ask_environment(run, environment, family));
      }
    }
  }
}

Task<> Crawl::start_part(SharedRun run, Task<> part) {
  ++run->pending;
  co_await group_.start(std::move(part));
}

Task<> Crawl::ask_list(SharedRun run, Family family) {
  const Permission role = run->repository.permission;
  Outcome outcome;
  if (const Outcome* denied = denials_.known(family, role)) {
    outcome = known_denial(*denied);
  } else {
    const Spot spot = repository_spot(organisation_.id, run->repository, family);
    outcome = co_await read_list(run, spot, repository_list(run->repository.full_name, family));
    denials_.note(family, role, outcome);
  }
  run->tally.note(title(family), outcome);
  co_await end_part(run);
}

/// What it sees of the organisation's goes into the organisation's scope, and so does a refusal.
Task<> Crawl::ask_seen(SharedRun run, Family family) {
  co_await sink_.room();
  auto answer = co_await api_.list(asked_of_repository(family), seen_list(run->repository.full_name, family),
                                   &secrets_reader, true);
  if (!answer.outcome) own_tally_.note("what repositories see of it", answer.outcome);
  for (StoredSecret& row : answer.document.rows) {
    Seen& seen = told_[family].seen[row.name];
    seen.row = std::move(row);
    ++seen.reach.repositories;
    if (run->repository.visibility == "public") ++seen.reach.open;
  }
  co_await end_part(run);
}

Task<> Crawl::ask_environments(SharedRun run) {
  co_await sink_.room();
  auto answer =
      co_await api_.list(Asked::known, environments_of(run->repository.full_name), &environments_reader, true);
  run->tally.note("environments", answer.outcome);
  for (const EnvironmentRow& environment : answer.document.rows) {
    for (const Family family : kEnvironmentFamilies) {
      if (options_.wanted.has(family)) co_await read_environment(run, environment, family);
    }
  }
  co_await end_part(run);
}

Task<> Crawl::ask_environment(SharedRun run, EnvironmentRow environment, Family family) {
  co_await read_environment(run, environment, family);
  co_await end_part(run);
}

Task<> Crawl::read_environment(SharedRun run, const EnvironmentRow& environment, Family family) {
  const Permission role = run->repository.permission;
  Outcome outcome;
  if (const Outcome* denied = denials_.known(family, role)) {
    outcome = known_denial(*denied);
  } else {
    const Spot spot = environment_spot(organisation_.id, run->repository, environment, family);
    outcome = co_await read_list(run, spot, environment_list(run->repository.full_name, environment.name, family));
    denials_.note(family, role, outcome);
  }
  run->tally.note(title(family), outcome);
}

Task<> Crawl::end_part(SharedRun run) {
  if (--run->pending > 0) co_return;
  if (reads_workflows()) settle_uses(*run);
  if (!run->scope) co_return;
  ScopeEnd end = run->tally.end();
  std::string prefix = std::to_string(organisation_.id) + "/" + std::to_string(run->repository.id);
  end.covers = [wanted = options_.wanted, prefix = std::move(prefix)](std::string_view place) {
    const Family family = family_of(place, prefix);
    return family != Family::count_ && wanted.has(family);
  };
  co_await sink_.end(*run->scope, std::move(end));
}

Task<> Crawl::ask_workflows(std::vector<SharedRun> runs) {
  co_await sink_.room();
  std::vector<RepositoryRow> repositories;
  for (const SharedRun& run : runs) repositories.push_back(run->repository);
  auto read = co_await workflows_.read(std::move(repositories));
  for (std::size_t i = 0; i < runs.size(); ++i) {
    take_workflows(*runs[i], std::move(read[i]));
    co_await end_part(runs[i]);
  }
}

void Crawl::take_workflows(Run& run, ReadWorkflows read) {
  run.tally.note(title(Family::workflows), read.outcome);
  if (!read.outcome) return;
  WorkflowText& manifest = read.files.package;
  std::string package;
  if (manifest.text && !manifest.is_truncated) {
    package = publishable_name(manifest.text->reveal()).value_or(std::string());
  }
  std::vector<WorkflowFile> files;
  run.uses.whole = true;
  for (WorkflowText& file : read.files.files) {
    // GitHub looks at no others.
    const bool is_workflow = file.is_file && (file.name.ends_with(".yml") || file.name.ends_with(".yaml"));
    if (is_workflow) take_workflow(run, std::move(file), package, files);
  }
  run.uses = repository_uses(files, std::move(package), run.uses.whole);
}

void Crawl::take_workflow(Run& run, WorkflowText file, const std::string& package, std::vector<WorkflowFile>& files) {
  std::string path = workflow_path(file.name);
  if (!file.text || file.is_truncated) {
    run.uses.whole = false;
    run.tally.note(title(Family::workflows),
                   {.kind = Kind::failed, .reason = path + (file.text ? " came cut off" : " is no text")});
  }
  if (!file.text) return;
  auto workflow = read_workflow(file.text->reveal());
  if (workflow) {
    files.push_back({.path = path, .workflow = std::move(*workflow)});
  } else {
    run.uses.whole = false;
    Gap gap{.place = run.repository.full_name + "/" + path,
            .reason = "what it does with secrets is not known: " + workflow.error().what,
            .incomplete = false};
    if (run.scope) sink_.gap(*run.scope, std::move(gap));
  }
  if (!run.scope || !sink_.may_matter(path, file.text->reveal(), Spelling::plain)) return;
  emit(*run.scope, workflow_sighting(organisation_.id, run.repository, std::move(file), package));
}

/// All that is known of a repository is there: its secrets wait no more.
void Crawl::settle_uses(Run& run) {
  for (Waiting& one : run.waiting) {
    add_uses(one.sighting, one.environment, run.uses, run.names);
    emit(*run.scope, std::move(one.sighting));
  }
  run.waiting.clear();
  if (own_)
    uses_.add(run.repository.id, run.repository.full_name, run.repository.visibility == "public", run.uses, run.names);
}

Task<Outcome> Crawl::read_list(SharedRun run, const Spot& spot, std::string target) {
  co_await sink_.room();
  const Asked asked = asked_of_repository(spot.family);
  if (shows_values(spot.family)) {
    auto answer = co_await api_.list(asked, std::move(target), &variables_reader, false);
    for (StoredVariable& row : answer.document.rows) {
      if (sink_.may_matter(row.name, row.value.reveal(), Spelling::plain))
        emit(*run->scope, sighting_of(spot, std::move(row)));
    }
    co_return answer.outcome;
  }
  RightSince right_since;
  if (options_.audit_log && is_in_audit_log(spot.family)) {
    right_since = log_ ? log_->right_since(run->repository) : kNeverRight;
  }
  auto answer = co_await api_.list(asked, std::move(target), &secrets_reader, true, right_since);
  for (const StoredSecret& row : answer.document.rows) emit_secret(*run, spot, row);
  co_return answer.outcome;
}

/// Workflows tell of secrets of Actions alone.
void Crawl::emit_secret(Run& run, const Spot& spot, const StoredSecret& row) {
  if (!reads_workflows() || (spot.family != Family::actions && spot.family != Family::environments)) {
    return emit(*run.scope, sighting_of(spot, row));
  }
  run.names.add(spot.environment, row.name);
  run.waiting.push_back({.environment = spot.environment, .sighting = sighting_of(spot, row)});
}

void Crawl::emit_own(Family family, Sighting sighting, OrganisationUses::Readers readers) {
  if (!reads_workflows() || family != Family::actions) return emit(*own_, std::move(sighting));
  waiting_.push_back({.sighting = std::move(sighting), .readers = std::move(readers)});
}

void Crawl::emit_waiting() {
  for (OwnWaiting& one : waiting_) {
    uses_.add_uses(one.sighting, one.readers, listing_.whole());
    emit(*own_, std::move(one.sighting));
  }
}

/// Each secret that repositories told of once, with how many of them see it.
void Crawl::emit_told() {
  for (auto& [family, told] : told_) {
    const Spot spot = organisation_spot(organisation_.id, family);
    for (auto& [name, seen] : told.seen) {
      if (!seen.sighting && !told.names) continue;  // it was emitted: it is not for selected repositories
      if (!seen.sighting) {
        seen.sighting = sighting_of(spot, seen.row);
        const bool everywhere = seen.reach.repositories == listing_.ids().size();
        seen.sighting->flags.add(everywhere ? ScopeFlag::org_wide : ScopeFlag::selected_repos);
        own_tally_.read();
      }
      add_reach(*seen.sighting, seen.reach);
      emit_own(family, *std::move(seen.sighting), {});
    }
  }
}

Task<> Crawl::end_organisation() {
  emit_told();
  emit_waiting();
  Outcome listed = listing_.outcome();
  if (listed && !listing_.whole()) {
    listed = api_.ended() ? *api_.ended() : wrong_list("some are missing or changed while they were listed");
  }
  own_tally_.note("the list of repositories", listed);
  if (api_.signs().partial_sso) {
    own_tally_.note("the list of repositories",
                    {.kind = Kind::denied, .reason = "the token is not authorised for the single sign-on of some"});
  }
  if (options_.sees_all == false) {
    Gap gap{.place = options_.organisation, .reason = "the App sees selected repositories only", .incomplete = false};
    sink_.gap(*own_, std::move(gap));
  }
  if (api_.has_strange_etags()) {
    Gap gap{.place = options_.organisation,
            .reason =
                "GitHub makes its ETags in another way than is known: what has not changed is asked for anew with "
                "each new credential, such as an App's of every hour",
            .incomplete = false};
    sink_.gap(*own_, std::move(gap));
  }
  auto end = organisation_end();
  co_await sink_.end(*own_, std::move(end));
}

ScopeEnd Crawl::organisation_end() const {
  ScopeEnd end = own_tally_.end();
  const bool tells_of_all =
      listing_.whole() && !api_.signs().partial_sso && options_.sees_all.value_or(api_.signs().organisation_owner);
  end.covers = [wanted = options_.wanted, prefix = std::to_string(organisation_.id), tells_of_all,
                ids = listing_.ids()](std::string_view place) {
    if (const auto repository = repository_in(place, prefix)) return tells_of_all && !ids.contains(*repository);
    const Family family = family_of(place, prefix);
    return family != Family::count_ && wanted.has(family);
  };
  return end;
}

void Crawl::emit(ScopeNumber scope, Sighting sighting) { sink_.found(scope, std::move(sighting)); }

Scope Crawl::scope_of(std::string store, std::string prefix) const {
  return {.source = "github",
          .name = options_.source,
          .store = std::move(store),
          .realm = "github:" + api_.site().host,
          .prefix = std::move(prefix)};
}

}  // namespace tokensweep::github
