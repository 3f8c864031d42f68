#include "connectors/github/plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "base/text.hpp"
#include "base/time.hpp"
#include "net/url.hpp"

namespace tokensweep::github {
namespace {

struct FamilyRow {
  Family family;
  std::string_view segment;
  std::string_view title;
  std::string_view path;  ///< behind /orgs/ORG, /repos/OWNER/NAME or an environment
  bool shows_values;
};

constexpr std::array<FamilyRow, static_cast<std::size_t>(Family::count_)> kFamilies = {{
    {Family::actions, "actions", "Actions secrets", "/actions/secrets", false},
    {Family::environments, "environments", "environment secrets", "/secrets", false},
    {Family::dependabot, "dependabot", "Dependabot secrets", "/dependabot/secrets", false},
    {Family::codespaces, "codespaces", "Codespaces secrets", "/codespaces/secrets", false},
    {Family::agents, "agents", "agents secrets", "/agents/secrets", false},
    {Family::variables, "variables", "Actions variables", "/actions/variables", true},
    {Family::environment_variables, "environment-variables", "environment variables", "/variables", true},
    {Family::agents_variables, "agents-variables", "agents variables", "/agents/variables", true},
    {Family::registries, "registries", "private registries", "/private-registries", false},
    {Family::workflows, "workflows", "workflow files", "", false},
}};

// Categories of the audit log's events that tell of nothing that is stored, by GitHub's list of events: what busy
// organisations have most of, and what names people alone. They are not even asked for.
constexpr std::string_view kHarmlessCategories[] = {
    "checks",
    "code_scanning",
    "copilot",
    "git",
    "hook",
    "issue",
    "issue_comment",
    "issues",
    "oauth_access",
    "oauth_authorization",
    "packages",
    "personal_access_token",
    "project",
    "protected_branch",
    "pull_request",
    "pull_request_review",
    "pull_request_review_comment",
    "repository_vulnerability_alert",
    "secret_scanning_alert",
    "team",
    "user",
    "workflows",
};

// Frequent ones of the category that tells the most.
constexpr std::string_view kHarmlessActions[] = {
    "repo.add_topic",
    "repo.code_scanning_analysis_deleted",
    "repo.download_zip",
    "repo.register_self_hosted_runner",
    "repo.remove_self_hosted_runner",
    "repo.remove_topic",
    "repo.self_hosted_runner_offline",
    "repo.self_hosted_runner_online",
    "repo.self_hosted_runner_updated",
};

const FamilyRow& row_of(Family family) { return kFamilies[static_cast<std::size_t>(family)]; }

std::string organisation_path(std::string_view organisation) { return "/orgs/" + percent_encoded(organisation); }

/// A page holds a hundred, of variables thirty.
std::string paged(std::string path, Family family) {
  return path.append(shows_values(family) ? "?per_page=30" : "?per_page=100");
}

std::uint64_t pages(std::uint64_t rows, std::uint64_t a_page) { return (rows + a_page - 1) / a_page; }

// One request a connection instance at full `first`, divided by a hundred (apis.md, 1.4): 1 + 100 + 1,000.
constexpr std::uint64_t kPointsAPage = 11;

void add_line(SourceCheck& check, std::uint64_t requests, std::string what) {
  if (requests > 0) check.plan.push_back({.what = std::move(what), .requests = requests});
}

}  // namespace

std::string_view segment(Family family) { return row_of(family).segment; }
std::string_view title(Family family) { return row_of(family).title; }
bool shows_values(Family family) { return row_of(family).shows_values; }

Family family_of(std::string_view place, std::string_view prefix) {
  if (!place.starts_with(prefix) || !place.substr(prefix.size()).starts_with('/')) return Family::count_;
  place.remove_prefix(prefix.size() + 1);
  const std::string_view first = place.substr(0, place.find('/'));
  const auto* const found =
      std::find_if(kFamilies.begin(), kFamilies.end(), [&](const FamilyRow& row) { return row.segment == first; });
  return found == kFamilies.end() ? Family::count_ : found->family;
}

std::string organisation_target(std::string_view organisation) { return organisation_path(organisation); }

std::string organisation_list(std::string_view organisation, Family family) {
  return paged(organisation_path(organisation).append(row_of(family).path), family);
}

std::string selected_list(std::string_view organisation, Family family, std::string_view name) {
  return organisation_path(organisation)
      .append(row_of(family).path)
      .append("/")
      .append(percent_encoded(name))
      .append("/repositories?per_page=100");
}

std::string repository_list(std::string_view repository, Family family) {
  return paged(std::string("/repos/").append(repository).append(row_of(family).path), family);
}

std::string seen_list(std::string_view repository, Family family) {
  const std::string_view store = family == Family::agents ? "/agents" : "/actions";
  return std::string("/repos/").append(repository).append(store).append("/organization-secrets?per_page=100");
}

std::string environment_list(std::string_view repository, std::string_view environment, Family family) {
  return paged(std::string("/repos/")
                   .append(repository)
                   .append("/environments/")
                   .append(percent_encoded(environment))
                   .append(row_of(family).path),
               family);
}

std::string environments_of(std::string_view repository) {
  return std::string("/repos/").append(repository).append("/environments?per_page=100");
}

std::string repositories_of(std::string_view organisation) {
  return organisation_path(organisation).append("/repos?type=all&per_page=100");
}

std::string audit_log_list(std::string_view organisation, std::chrono::sys_days since) {
  // A day, without a time: any zone that GitHub may take it in is within the day that the log is read too far.
  std::string phrase = "created:>=" + format_date(since);
  for (const std::string_view category : kHarmlessCategories) phrase.append(" -action:").append(category);
  return organisation_path(organisation)
      .append("/audit-log?phrase=")
      .append(percent_encoded(phrase))
      .append("&include=web&order=asc&per_page=100");
}

bool tells_of_change(std::string_view action) {
  const std::string_view category = action.substr(0, action.find('.'));
  return std::find(std::begin(kHarmlessCategories), std::end(kHarmlessCategories), category) ==
             std::end(kHarmlessCategories) &&
         std::find(std::begin(kHarmlessActions), std::end(kHarmlessActions), action) == std::end(kHarmlessActions);
}

bool is_in_audit_log(Family family) {
  return family == Family::actions || family == Family::environments || family == Family::dependabot ||
         family == Family::codespaces;
}

std::string own_codespaces_list() { return paged("/user/codespaces/secrets", Family::codespaces); }

std::string repositories_query(std::string_view organisation, std::string_view after, unsigned first, bool protection) {
  const std::string environments =
      protection ? "environments(first:10){totalCount nodes{databaseId name protectionRules(first:4){nodes{type}}}}"
                 : "environments(first:1){totalCount}";
  const std::string query =
      "query($org:String!,$first:Int!,$after:String){viewer{login} organization(login:$org){"
      "repositories(first:$first,after:$after,orderBy:{field:NAME,direction:ASC}){totalCount "
      "pageInfo{hasNextPage endCursor} nodes{id databaseId nameWithOwner visibility isArchived isDisabled "
      "viewerPermission " +
      environments + "}}} rateLimit{cost remaining resetAt}}";
  boost::json::object variables;
  variables["org"] = organisation;
  variables["first"] = first;
  if (after.empty()) {
    variables["after"] = nullptr;
  } else {
    variables["after"] = after;
  }
  boost::json::object request;
  request["query"] = query;
  request["variables"] = std::move(variables);
  return boost::json::serialize(request);
}

std::string workflows_query(std::span<const std::string> ids) {
  constexpr std::string_view kQuery =
      "query($ids:[ID!]!){nodes(ids:$ids){...on Repository{databaseId "
      "workflows:object(expression:\"HEAD:.github/workflows\"){...on Tree{entries{name type "
      "object{...on Blob{text isTruncated}}}}} "
      "package:object(expression:\"HEAD:package.json\"){...on Blob{text isTruncated}}}}}";
  boost::json::object variables;
  variables["ids"] = boost::json::array(ids.begin(), ids.end());
  boost::json::object request;
  request["query"] = kQuery;
  request["variables"] = std::move(variables);
  return boost::json::serialize(request);
}

void add_plan(SourceCheck& check, const FleetSize& size, const Wanted& wanted, const Limits& limits,
              std::uint64_t hourly) {
  const std::uint64_t listing = std::max<std::uint64_t>(pages(size.repositories, 100), 1);
  add_line(check, 1, "the organisation");
  add_line(check, size.audit_log, "the audit log of eight days");
  for (const Family family : kOrganisationFamilies) {
    if (!wanted.has(family)) continue;
    const auto rows = size.own.find(family);
    const std::uint64_t own = rows == size.own.end() ? 0 : pages(rows->second, shows_values(family) ? 30 : 100);
    add_line(check, std::max<std::uint64_t>(own, 1), fmt::format("{} of the organisation", title(family)));
  }
  add_line(check, size.selected, fmt::format("repositories of {} that are for selected ones", grouped(size.selected)));
  if (size.by_rest) add_line(check, listing, fmt::format("the list of {} repositories", grouped(size.repositories)));
  for (const Family family : kRepositoryFamilies) {
    if (!wanted.has(family)) continue;
    add_line(check, size.repositories, fmt::format("{} of {} repositories", title(family), grouped(size.repositories)));
  }
  if (wanted.has(Family::environments)) {
    const std::uint64_t asked = size.by_rest ? size.repositories : size.crowded;
    add_line(check, asked, fmt::format("environments of {} repositories", grouped(asked)));
  }
  for (const Family family : kEnvironmentFamilies) {
    if (!wanted.has(family)) continue;
    add_line(check, size.environments, fmt::format("{} of {} environments", title(family), grouped(size.environments)));
  }
  if (size.audit_log > 0) {
    std::uint64_t saved = 0;
    for (const Family family : kRepositoryFamilies) {
      if (wanted.has(family) && is_in_audit_log(family)) saved += size.repositories;
    }
    if (wanted.has(Family::environments)) saved += size.environments;
    check.remarks.push_back(
        fmt::format("the audit log may be read: it saves up to {} of these requests where a sweep of "
                    "the last seven days has made them",
                    grouped(saved)));
  }
  if (!size.by_rest) check.points += listing * kPointsAPage;
  const std::uint64_t workflows = wanted.has(Family::workflows) ? pages(size.repositories, kWorkflowsAtOnce) : 0;
  check.points += workflows;

  std::uint64_t requests = 0;
  for (const SourceCheck::Line& line : check.plan) requests += line.requests;
  double seconds =
      limits.rate ? static_cast<double>(requests + workflows + (size.by_rest ? 0 : listing)) / *limits.rate : 0;
  if (hourly > 0 && requests > hourly) {
    // Each window but the last one is waited for to its end.
    const std::uint64_t windows = pages(requests, hourly);
    seconds = std::max(seconds, static_cast<double>((windows - 1) * 3600));
    check.remarks.push_back(
        fmt::format("{} requests an hour are allowed: this takes {} windows of an hour with this "
                    "credential, or one with {} credentials of different owners",
                    grouped(hourly), windows, windows));
  }
  check.at_least += std::chrono::seconds(static_cast<std::int64_t>(seconds));
}

}  // namespace tokensweep::github
