#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "connectors/github/audit_log.hpp"
#include "connectors/github/plan.hpp"

namespace {

using namespace tokensweep;
using namespace tokensweep::github;
using namespace std::chrono_literals;
using std::chrono::days;
using std::chrono::sys_seconds;

constexpr sys_seconds kNow{std::chrono::seconds(1'790'000'000)};
constexpr sys_seconds kOldest = kNow - kLongestBelief;

RepositoryRow site() {
  return {.id = 11, .node_id = {}, .full_name = "acme/site", .visibility = {}, .environments = {}};
}

AuditEvent event(std::string action, std::vector<std::string> repositories, std::vector<std::int64_t> ids,
                 std::optional<std::chrono::sys_time<std::chrono::milliseconds>> at = kNow - 2h) {
  return {
      .action = std::move(action), .repositories = std::move(repositories), .repository_ids = std::move(ids), .at = at};
}

TEST_CASE(
    "kept answers are right since the last event of their repository, with a margin, and for seven days at most") {
  const struct {
    const char* what;
    std::vector<AuditEvent> events;
    sys_seconds right_since;
  } cases[] = {
      {"nothing happened", {}, kOldest},
      {"a secret was made", {event("repo.create_actions_secret", {"acme/site"}, {11})}, kNow - 1h},
      {"an event by number alone", {event("repo.create_actions_secret", {}, {11})}, kNow - 1h},
      {"an event by name alone, in another case", {event("environment.delete", {"ACME/Site"}, {})}, kNow - 1h},
      {"the last one counts",
       {event("repo.access", {"acme/site"}, {}, kNow - 3h), event("repo.archived", {"acme/site"}, {11}, kNow - 5h)},
       kNow - 2h},
      {"of several repositories", {event("x.y", {"acme/a", "acme/site"}, {1, 11})}, kNow - 1h},
      {"another repository's", {event("repo.create_actions_secret", {"acme/api"}, {12})}, kOldest},
      {"a former name, without its owner", {event("repo.rename", {"acme/new", "site"}, {12})}, kNow - 1h},
      {"an action that nobody knows", {event("repo.vaulted", {"acme/site"}, {})}, kNow - 1h},
      {"a category that nobody knows", {event("vault.emptied", {"acme/site"}, {})}, kNow - 1h},
      {"an action that is no category's", {event("vaulted", {"acme/site"}, {})}, kNow - 1h},
      {"an event of now", {event("repo.access", {"acme/site"}, {}, kNow)}, kNow + 1h},
      {"an event that says not when it was", {event("repo.access", {"acme/site"}, {}, std::nullopt)}, kNow + 1h},
      {"an event of a millisecond", {event("repo.access", {"acme/site"}, {}, kNow - 2h + 1ms)}, kNow - 1h + 1s},
      {"an event of long ago", {event("repo.access", {"acme/site"}, {}, kNow - days(8))}, kOldest},
      {"an event right before the oldest belief", {event("repo.access", {"acme/site"}, {}, kOldest - 1s)}, kOldest},
      {"an event right after it", {event("repo.access", {"acme/site"}, {}, kOldest)}, kOldest + 1h},
      {"pull requests, runners",
       {event("pull_request.create", {"acme/site"}, {11}),
        event("repo.self_hosted_runner_online", {"acme/site"}, {11})},
       kOldest},
      {"the organisation's own", {event("org.update_actions_secret", {}, {})}, kOldest},
      {"a repository's that is not named", {event("repo.create_actions_secret", {}, {})}, kNeverRight},
      {"an environment's", {event("environment.delete", {}, {})}, kNeverRight},
      {"a harmless one's", {event("repo.add_topic", {}, {})}, kOldest},
  };
  for (const auto& c : cases) {
    CAPTURE(c.what);
    AuditLog log("acme", kNow);
    for (const AuditEvent& one : c.events) log.take(one);
    CHECK(log.right_since(site()) == c.right_since);
  }
}

TEST_CASE("times that no clock shows do not go round") {
  AuditLog log("acme", kNow);
  using Milliseconds = std::chrono::milliseconds;
  log.take(event("repo.access", {"acme/site"}, {}, std::chrono::sys_time<Milliseconds>(Milliseconds::max())));
  CHECK(log.right_since(site()) > kNow);
}

TEST_CASE("the log is asked for from a day, oldest first, without what is harmless") {
  const std::string target = audit_log_list("acme", std::chrono::floor<days>(kNow));
  CHECK(target.starts_with("/orgs/acme/audit-log?phrase=created%3A%3E%3D2026-09-21%20-action%3A"));
  CHECK(target.find("%20-action%3Aworkflows") != std::string::npos);
  CHECK(target.find("-action%3Arepo&") == std::string::npos);
  CHECK(target.ends_with("&include=web&order=asc&per_page=100"));
  CHECK(target.size() < 1500);
}

TEST_CASE("each event that GitHub lists for what is stored counts as a change") {
  for (const char* action : {"repo.create_actions_secret",
                             "repo.update_actions_secret",
                             "repo.remove_actions_secret",
                             "repo.create_integration_secret",
                             "repo.update_integration_secret",
                             "repo.remove_integration_secret",
                             "repo.create_actions_variable",
                             "repo.update_actions_variable",
                             "repo.remove_actions_variable",
                             "environment.create_actions_secret",
                             "environment.update_actions_secret",
                             "environment.remove_actions_secret",
                             "environment.create_actions_variable",
                             "environment.update_actions_variable",
                             "environment.remove_actions_variable",
                             "environment.delete",
                             "environment.add_protection_rule",
                             "environment.update_protection_rule",
                             "environment.remove_protection_rule",
                             "repo.create",
                             "repo.destroy",
                             "repo.rename",
                             "repo.transfer",
                             "repo.transfer_outgoing",
                             "repo.transfer_start",
                             "repo.archived",
                             "repo.unarchived",
                             "repo.access",
                             "repo.actions_enabled",
                             "repo.update_actions_settings",
                             "codespaces.create_an_org_secret",
                             "org.create_actions_secret",
                             "org.create_integration_secret"}) {
    CAPTURE(action);
    CHECK(tells_of_change(action));
  }
}

TEST_CASE("only families are proved whose events GitHub lists") {
  CHECK(is_in_audit_log(Family::actions));
  CHECK(is_in_audit_log(Family::environments));
  CHECK(is_in_audit_log(Family::dependabot));
  CHECK(is_in_audit_log(Family::codespaces));
  for (const Family family : {Family::agents, Family::variables, Family::environment_variables,
                              Family::agents_variables, Family::registries, Family::workflows}) {
    CHECK_FALSE(is_in_audit_log(family));
  }
}

}  // namespace
