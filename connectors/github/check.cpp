#include "connectors/github/check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "base/text.hpp"
#include "base/time.hpp"
#include "connectors/github/audit_log.hpp"
#include "connectors/github/listing.hpp"
#include "connectors/github/workflow_reader.hpp"

namespace tokensweep::github {
namespace {

/// What is learnt about one organisation.
struct Survey {
  Api& api;
  std::string organisation;
  const Wanted& wanted;
  SourceCheck& check;
  FleetSize size;
  std::optional<RepositoryRow> sample;  ///< where the credential may do most
  std::optional<RepositoryRow> with_environments;

  void note(std::string what, const Outcome& outcome) {
    if (!outcome) check.missing.push_back(std::move(what) + ": " + outcome.reason);
  }
};

Asked asked_of(Family family) {
  const bool is_new = family == Family::agents || family == Family::agents_variables || family == Family::codespaces;
  return is_new ? Asked::new_feature : Asked::known;
}

Task<Outcome> list_repositories(Survey& survey) {
  Listing listing(survey.api, survey.organisation, false);
  while (auto page = co_await listing.next()) {
    for (RepositoryRow& row : *page) {
      ++survey.size.repositories;
      survey.size.environments += static_cast<std::uint64_t>(row.environment_count);
      if (row.environment_count > 10) ++survey.size.crowded;
      if (row.environment_count > 0 && !survey.with_environments) survey.with_environments = row;
      if (!survey.sample || row.permission > survey.sample->permission) survey.sample = std::move(row);
    }
  }
  survey.size.by_rest = listing.by_rest();
  if (!listing.viewer().empty()) survey.check.identity = listing.viewer();
  if (listing.by_rest()) {
    survey.check.remarks.emplace_back(
        "GraphQL is refused: environments are asked for repository by repository, and are not in the plan");
  }
  if (listing.outcome() && !listing.whole()) survey.check.remarks.emplace_back("some repositories could not be listed");
  co_return listing.outcome();
}

Task<> ask_own_list(Survey& survey, Family family) {
  std::string target = organisation_list(survey.organisation, family);
  Outcome outcome;
  std::int64_t selected = 0;
  const auto count = [&](const auto& rows) {
    survey.size.own[family] = rows.size();
    selected =
        std::count_if(rows.begin(), rows.end(), [](const auto& row) { return row.visibility == Visibility::selected; });
  };
  if (family == Family::registries) {
    auto answer = co_await survey.api.list(Asked::known, target, &registries_reader, true);
    count(answer.document.rows);
    outcome = std::move(answer.outcome);
  } else if (shows_values(family)) {
    auto answer = co_await survey.api.list(asked_of(family), target, &variables_reader, false);
    count(answer.document.rows);
    outcome = std::move(answer.outcome);
  } else {
    auto answer = co_await survey.api.list(asked_of(family), target, &secrets_reader, true);
    count(answer.document.rows);
    outcome = std::move(answer.outcome);
  }
  // How many repositories use a registry is not asked for.
  if (family != Family::registries) survey.size.selected += static_cast<std::uint64_t>(selected);
  survey.note(fmt::format("{} of the organisation", title(family)), outcome);
}

Task<Outcome> try_list(Survey& survey, Family family, std::string target) {
  if (shows_values(family)) {
    co_return (co_await survey.api.page(asked_of(family), std::move(target), "", &variables_reader, false)).outcome;
  }
  co_return (co_await survey.api.page(asked_of(family), std::move(target), "", &secrets_reader, true)).outcome;
}

/// One repository stands for all: the one where the credential may do most.
Task<> try_repository(Survey& survey) {
  if (!survey.sample) co_return;
  for (const Family family : kRepositoryFamilies) {
    if (!survey.wanted.has(family)) continue;
    const Outcome outcome = co_await try_list(survey, family, repository_list(survey.sample->full_name, family));
    survey.note(fmt::format("{} of repositories", title(family)), outcome);
  }
}

Task<> try_environment(Survey& survey) {
  const bool wanted = survey.wanted.has(Family::environments) || survey.wanted.has(Family::environment_variables);
  if (!wanted || !survey.with_environments) co_return;
  const std::string& repository = survey.with_environments->full_name;
  auto answer = co_await survey.api.page(Asked::known, environments_of(repository), "", &environments_reader, true);
  survey.note("environments of repositories", answer.outcome);
  if (!answer.outcome || answer.document.rows.empty()) co_return;
  for (const Family family : kEnvironmentFamilies) {
    if (!survey.wanted.has(family)) continue;
    const Outcome outcome =
        co_await try_list(survey, family, environment_list(repository, answer.document.rows.front().name, family));
    survey.note(std::string(title(family)), outcome);
  }
}

Task<> try_workflows(Survey& survey) {
  if (!survey.wanted.has(Family::workflows) || !survey.sample) co_return;
  WorkflowReader reader(survey.api);
  std::vector<RepositoryRow> sample = {*survey.sample};
  const auto read = co_await reader.read(std::move(sample));
  survey.note(std::string(title(Family::workflows)), read.front().outcome);
}

/// Reads it as a sweep does: only then it is known how long it is, and whether it may be believed.
Task<> try_audit_log(Survey& survey) {
  const auto reading = co_await read_audit_log(survey.api, survey.organisation);
  survey.size.audit_log = reading.log ? reading.pages : 0;
  survey.note("the audit log, without which everything is asked for", reading.outcome);
}

void add_expiry(SourceCheck& check, const CredentialSigns& signs, const Clock& clock) {
  const auto day =
      parse_date(std::string_view(signs.expires).substr(0, std::min<std::size_t>(signs.expires.size(), 10)));
  if (!day) return;
  const auto left = *day - std::chrono::floor<std::chrono::days>(clock.wall());
  check.remarks.push_back(fmt::format("the token ends on {}, in {} days", format_date(*day), left.count()));
}

}  // namespace

Task<Result<>> check_organisation(const Access& access, CheckOptions options, const Limits& limits, const Clock& clock,
                                  SourceCheck& check) {
  const Wanted& wanted = options.wanted;
  Survey survey{.api = *access.api, .organisation = options.organisation, .wanted = wanted, .check = check, .size = {}};
  if (!access.identity.empty()) check.identity = access.identity;
  const auto listed = co_await list_repositories(survey);
  if (!listed) co_return Error{listed.error, options.organisation + ": " + listed.reason};
  for (const Family family : kOrganisationFamilies) {
    if (wanted.has(family)) co_await ask_own_list(survey, family);
  }
  co_await try_repository(survey);
  co_await try_environment(survey);
  co_await try_workflows(survey);
  if (options.audit_log) co_await try_audit_log(survey);
  const auto budget = co_await access.api->get(Asked::known, "/rate_limit", &rate_limit_reader, false);
  const auto hourly = budget.outcome ? static_cast<std::uint64_t>(budget.document.core.limit) : 0;
  add_plan(check, survey.size, wanted, limits, hourly);
  if (access.sees_all == false) check.remarks.emplace_back("the App is installed for selected repositories only");
  if (access.api->signs().partial_sso) {
    check.remarks.emplace_back("the token is not authorised for the single sign-on of some organisations");
  }
  add_expiry(check, access.api->signs(), clock);
  if (access.api->ended()) co_return Error{access.api->ended()->error, access.api->ended()->reason};
  co_return Result<>();
}

}  // namespace tokensweep::github
