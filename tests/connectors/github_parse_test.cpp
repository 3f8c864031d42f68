#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

#include "base/time.hpp"
#include "connectors/github/parse.hpp"

namespace {

using namespace tokensweep;
using namespace tokensweep::github;

template <class Answer>
Result<Answer> read(const Reader<Answer>& reader, std::string_view bytes) {
  return read_answer(*reader, bytes);
}

TEST_CASE("a list of secrets gives names, times and visibility, and passes over all else") {
  const auto page = read(secrets_reader(), R"({"total_count": 2, "extra": [{"name": 5}], "secrets": [
    {"name": "NPM_TOKEN", "created_at": "2025-01-02T03:04:05Z", "updated_at": "2026-01-02T03:04:05+01:00",
     "visibility": "selected", "selected_repositories_url": "https://api.example.test/x", "new": {"deep": [1, 2.5, null]}},
    {"name": "É\ud83d\ude00", "created_at": null}]})");
  REQUIRE(page);
  CHECK(page->total == 2);
  REQUIRE(page->rows.size() == 2);
  CHECK(page->rows[0].name == "NPM_TOKEN");
  CHECK(page->rows[0].created_at == parse_time("2025-01-02T03:04:05Z"));
  CHECK(page->rows[0].updated_at == parse_time("2026-01-02T02:04:05Z"));
  CHECK(page->rows[0].visibility == Visibility::selected);
  CHECK(page->rows[1].name == "\xC3\x89\xF0\x9F\x98\x80");
  CHECK_FALSE(page->rows[1].created_at);
  CHECK(page->rows[1].visibility == Visibility::none);
}

TEST_CASE("what is no list of secrets is an error that quotes nothing") {
  const struct {
    const char* what;
    const char* text;
    const char* error;
  } cases[] = {
      {"nothing", "", "nothing in place of JSON"},
      {"spaces", " \n", "nothing in place of JSON"},
      {"a login page", "<!doctype html><p>canary", "a web page in place of JSON"},
      {"plain words", "canary", "no JSON"},
      {"cut", R"({"secrets": [{"name": "canary")", "no JSON"},
      {"two documents", R"({"secrets": []} {"canary": 1})", "no JSON"},
      {"a NUL behind it", "{\"secrets\": []}\x01", "no JSON"},
      {"no UTF-8", "{\"secrets\": [{\"name\": \"canary\xff\"}]}", "no JSON"},
      {"another document", R"({"canary": []})", "secrets is not there"},
      {"an array", R"(["canary"])", "the answer is no object"},
      {"an object for the list", R"({"secrets": {"name": "canary"}})", "secrets is no list"},
      {"null for the list", R"({"secrets": null})", "secrets is no list"},
      {"a text for a row", R"({"secrets": ["canary"]})", "secrets[] is no object"},
      {"a list for a row", R"({"secrets": [["canary"]]})", "secrets[] is no object"},
      {"a number for a name", R"({"secrets": [{"name": 7}]})", "secrets[].name is no text"},
      {"an object for a name", R"({"secrets": [{"name": {"canary": 1}}]})", "secrets[].name is no text"},
      {"a row without a name", R"({"secrets": [{"updated_at": "2025-01-02T03:04:05Z"}]})", "a row has no name"},
      {"a day that does not exist", R"({"secrets": [{"name": "x", "updated_at": "2025-02-30T00:00:00Z"}]})",
       "secrets[].updated_at is no time"},
      {"a new visibility", R"({"secrets": [{"name": "x", "visibility": "canary"}]})",
       "secrets[].visibility is no visibility"},
      {"a count that is none", R"({"total_count": -1, "secrets": []})", "total_count is no count"},
      {"a count with a fraction", R"({"total_count": 1.5, "secrets": []})", "total_count is no count"},
      {"a name that reads as a path", R"({"secrets[].name": "canary"})", "secrets is not there"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.what);
    const auto page = read(secrets_reader(), c.text);
    REQUIRE_FALSE(page);
    CHECK(page.error().kind == ErrorKind::malformed);
    CHECK(page.error().what == c.error);
    CHECK(page.error().what.find("canary") == std::string::npos);
  }
}

TEST_CASE("what comes in pieces of any size reads the same") {
  const std::string text =
      R"({"total_count":1,"variables":[{"name":"A","value":"line\n\"quoted\" \u00e9","updated_at":"2025-01-02T03:04:05Z"}]})";
  for (std::size_t size = 1; size <= text.size(); ++size) {
    CAPTURE(size);
    const auto reader = variables_reader();
    reader->begin();
    for (std::size_t i = 0; i < text.size(); i += size) REQUIRE(reader->read(std::string_view(text).substr(i, size)));
    auto page = reader->finish();
    REQUIRE(page);
    REQUIRE(page->rows.size() == 1);
    CHECK(page->rows[0].value.reveal() == "line\n\"quoted\" \xC3\xA9");
  }
}

TEST_CASE("a reader that begins again has forgotten what it read") {
  const auto reader = secrets_reader();
  REQUIRE(read_answer(*reader, R"({"total_count": 9, "secrets": [{"name": "A"}]})"));
  const auto page = read_answer(*reader, R"({"secrets": [{"name": "B"}]})");
  REQUIRE(page);
  CHECK_FALSE(page->total);
  REQUIRE(page->rows.size() == 1);
  CHECK(page->rows[0].name == "B");
}

TEST_CASE("a value longer than any that GitHub takes is an error, and so is nesting without end") {
  CHECK_FALSE(
      read(variables_reader(), R"({"variables": [{"name": "A", "value": ")" + std::string(300'000, 'x') + "\"}]}"));
  CHECK(read(variables_reader(), R"({"unread": ")" + std::string(300'000, 'x') + R"(", "variables": []})"));
  CHECK_FALSE(read(secrets_reader(), R"({"unread": )" + std::string(10'000, '[')));
}

TEST_CASE("private registries say what they are for") {
  const auto page = read(registries_reader(), R"({"total_count": 1, "configurations": [
    {"name": "NPM", "registry_type": "npm_registry", "auth_type": "token", "url": "https://registry.corp.example/npm",
     "username": null, "replaces_base": true, "visibility": "all"}]})");
  REQUIRE(page);
  CHECK(page->rows[0].type == "npm_registry");
  CHECK(page->rows[0].auth_type == "token");
  CHECK(page->rows[0].url == "https://registry.corp.example/npm");
  CHECK_FALSE(read(registries_reader(), R"({"configurations": [{"name": "NPM"}]})"));
}

TEST_CASE("environments say what protects them, in REST") {
  const auto page = read(environments_reader(), R"({"total_count": 3, "environments": [
    {"id": 1, "name": "prod/eu", "protection_rules": [
      {"id": 3, "type": "wait_timer", "wait_timer": 30},
      {"id": 4, "type": "required_reviewers", "reviewers": [{"type": "User", "reviewer": {"login": "ann"}}]}],
     "deployment_branch_policy": {"protected_branches": true, "custom_branch_policies": false}},
    {"id": 2, "name": "dev", "protection_rules": [], "deployment_branch_policy": null},
    {"id": 3, "name": "old", "protection_rules": [{"type": "a_new_one"}]}]})");
  REQUIRE(page);
  REQUIRE(page->rows.size() == 3);
  CHECK(page->rows[0].name == "prod/eu");
  CHECK(page->rows[0].protection.reviewers);
  CHECK(page->rows[0].protection.wait);
  CHECK(page->rows[0].protection.branches);
  CHECK(page->rows[1].protection.none());
  CHECK(page->rows[2].protection.none());
}

TEST_CASE("repositories are read from a bare array, and their names are checked") {
  const auto page = read(repositories_reader(), R"([
    {"id": 7, "full_name": "acme/site", "owner": {"id": 1, "permissions": {}}, "visibility": "private", "archived": true, "disabled": false,
     "permissions": {"admin": false, "maintain": false, "push": true, "triage": true, "pull": true}},
    {"id": 8, "full_name": "acme/api", "visibility": "public"}])");
  REQUIRE(page);
  REQUIRE(page->rows.size() == 2);
  CHECK(page->rows[0].id == 7);
  CHECK(page->rows[0].archived);
  CHECK(page->rows[0].permission == Permission::write);
  CHECK(page->rows[1].permission == Permission::unknown);
  CHECK_FALSE(page->rows[1].environments);

  for (const char* name : {"", "acme", "acme/", "/site", "acme/..", "acme/a/b", "acme/a?b", "acme/a b", "acme/é"}) {
    CAPTURE(name);
    CHECK_FALSE(read(repositories_reader(), std::string(R"([{"id": 7, "full_name": ")") + name + "\"}]"));
  }
  CHECK_FALSE(read(repositories_reader(), R"([{"full_name": "acme/site"}])"));
}

TEST_CASE("GraphQL's page holds repositories with their environments") {
  const auto page = read(repository_page_reader(),
                         R"({"data": {"viewer": {"login": "ann"}, "rateLimit": {"cost": 11, "remaining": 4989},
    "organization": {"repositories": {"totalCount": 3, "pageInfo": {"hasNextPage": true, "endCursor": "abc"}, "nodes": [
      {"databaseId": 7, "nameWithOwner": "acme/site", "visibility": "INTERNAL", "isArchived": false, "isDisabled": true,
       "viewerPermission": "ADMIN", "environments": {"totalCount": 12, "pageInfo": {"hasNextPage": true}, "nodes": [
         {"databaseId": 70, "name": "production", "protectionRules": {"nodes": [{"type": "REQUIRED_REVIEWERS"}, {"type": "BRANCH_POLICY"}]}},
         {"databaseId": 71, "name": "dev", "protectionRules": {"nodes": []}}]}},
      null,
      {"databaseId": 8, "nameWithOwner": "acme/api", "visibility": "PUBLIC", "viewerPermission": null, "environments": null}]}}}})");
  REQUIRE(page);
  CHECK(page->fault == QueryFault::none);
  CHECK(page->found);
  CHECK(page->viewer == "ann");
  CHECK(page->cost == 11);
  CHECK(page->total == 3);
  CHECK(page->has_next);
  CHECK(page->end_cursor == "abc");
  CHECK(page->partial);
  REQUIRE(page->rows.size() == 2);
  CHECK(page->rows[0].visibility == "internal");
  CHECK(page->rows[0].disabled);
  CHECK(page->rows[0].permission == Permission::admin);
  CHECK(page->rows[0].environment_count == 12);
  REQUIRE(page->rows[0].environments);
  REQUIRE(page->rows[0].environments->size() == 2);
  CHECK(page->rows[0].environments->at(0).protection.reviewers);
  CHECK(page->rows[0].environments->at(0).protection.branches);
  CHECK(page->rows[0].environments->at(1).protection.none());
  CHECK_FALSE(page->rows[1].environments);
}

TEST_CASE("GraphQL's errors come with status 200, and are told apart by their type") {
  const struct {
    const char* what;
    const char* text;
    QueryFault fault;
  } cases[] = {
      {"the limit", R"({"errors": [{"type": "RATE_LIMITED", "message": "canary"}]})", QueryFault::rate_limited},
      {"forbidden", R"({"data": null, "errors": [{"type": "FORBIDDEN"}]})", QueryFault::denied},
      {"scopes", R"({"errors": [{"type": "INSUFFICIENT_SCOPES"}]})", QueryFault::denied},
      {"no such organisation", R"({"data": {"organization": null}, "errors": [{"type": "NOT_FOUND"}]})",
       QueryFault::not_found},
      {"single sign-on", R"({"errors": [{"type": "FORBIDDEN", "extensions": {"saml_failure": true}}]})",
       QueryFault::saml},
      {"an unknown field", R"({"errors": [{"message": "canary", "extensions": {"code": "undefinedField"}}]})",
       QueryFault::other},
      {"an error without anything", R"({"errors": [{}]})", QueryFault::other},
  };
  for (const auto& c : cases) {
    CAPTURE(c.what);
    const auto page = read(repository_page_reader(), c.text);
    REQUIRE(page);
    CHECK(page->fault == c.fault);
    CHECK_FALSE(page->found);
  }
}

TEST_CASE("the audit log's events say where and when, and nothing of people") {
  const auto page = read(audit_log_reader(), R"([
    {"@timestamp": 1790000000123, "created_at": 1790000000456, "action": "repo.rename", "actor": "ann", "repo": "acme/site",
     "repo_id": 11, "old_name": "old", "data": {"repo": "acme/other"}},
    {"action": "org.add_member", "repo": null, "actor_location": {"country_code": "DE"}},
    {"created_at": 5, "@timestamp": 7, "action": "x.y", "repo": ["acme/a", "acme/b"], "repository_id": [1, 2]}])");
  REQUIRE(page);
  REQUIRE(page->rows.size() == 3);
  using Strings = std::vector<std::string>;
  using Numbers = std::vector<std::int64_t>;
  CHECK(page->rows[0].repositories == Strings{"acme/site", "old"});
  CHECK(page->rows[0].repository_ids == Numbers{11});
  REQUIRE(page->rows[0].at);
  CHECK(page->rows[0].at->time_since_epoch().count() == 1790000000456);
  CHECK(page->rows[1].repositories.empty());
  CHECK_FALSE(page->rows[1].at);
  CHECK(page->rows[2].repositories == Strings{"acme/a", "acme/b"});
  CHECK(page->rows[2].repository_ids == Numbers{1, 2});
  CHECK(page->rows[2].at->time_since_epoch().count() == 7);
  // Where it cannot be read for certain, nothing is concluded.
  for (const char* event :
       {R"({})", R"({"action": ""})", R"({"action": 1})", R"({"action": "x.y", "repo": 5})",
        R"({"action": "x.y", "repo": {"name": "a"}})", R"({"action": "x.y", "repo_id": "11"})",
        R"({"action": "x.y", "created_at": "yesterday"})", R"({"action": "x.y", "created_at": -1})"}) {
    CAPTURE(event);
    CHECK_FALSE(read(audit_log_reader(), "[" + std::string(event) + "]"));
  }
  CHECK_FALSE(read(audit_log_reader(), R"({"message": "Not Found"})"));
}

TEST_CASE("an App's installation and its token") {
  const auto installation =
      read(installation_reader(), R"({"id": 5, "account": {"login": "acme"}, "repository_selection": "selected",
    "permissions": {"secrets": "read", "metadata": "read"}, "suspended_at": null})");
  REQUIRE(installation);
  CHECK(installation->id == 5);
  CHECK_FALSE(installation->all_repositories);
  CHECK_FALSE(installation->suspended);
  CHECK(installation->permissions == Permissions{{"metadata", "read"}, {"secrets", "read"}});

  const auto token = read(installation_token_reader(), R"({"token": "opaque", "expires_at": "2026-01-02T03:04:05Z"})");
  REQUIRE(token);
  CHECK(token->token.reveal() == "opaque");
  CHECK(token->expires_at == parse_time("2026-01-02T03:04:05Z"));
  CHECK_FALSE(read(installation_token_reader(), R"({"token": "opaque"})"));
}

TEST_CASE("the budgets") {
  const auto limit =
      read(rate_limit_reader(), R"({"resources": {"core": {"limit": 5000, "used": 1, "remaining": 4999, "reset": 9},
    "graphql": {"limit": 5000, "remaining": 17}, "search": {}}, "rate": {}})");
  REQUIRE(limit);
  CHECK(limit->core.remaining == 4999);
  CHECK(limit->graphql.remaining == 17);
}

TEST_CASE("a refusal is known by its sentence, and never shown") {
  const std::pair<const char*, Phrase> cases[] = {
      {R"({"message": "You have exceeded a secondary rate limit. Please wait"})", Phrase::secondary_limit},
      {R"({"message": "You have triggered an abuse detection mechanism"})", Phrase::secondary_limit},
      {R"({"message": "Resource not accessible by personal access token"})", Phrase::not_accessible},
      {R"({"message": "Resource not accessible by integration"})", Phrase::not_accessible},
      {R"({"message": "Although you appear to have the correct authorization credentials, the `acme` organization has an IP allow list enabled"})",
       Phrase::ip_allow_list},
      {R"({"message": "Resource protected by organization SAML enforcement."})", Phrase::saml},
      {R"({"message": "Repository access blocked"})", Phrase::blocked},
      {R"({"message": "Not Found"})", Phrase::none},
      {"<html>", Phrase::none},
      {"", Phrase::none},
  };
  for (const auto& [body, phrase] : cases) {
    CAPTURE(body);
    CHECK(phrase_of(body) == phrase);
  }
}

}  // namespace
