#pragma once

#include <boost/json.hpp>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/connectors/fake_service.hpp"

/// A GitHub in memory with one organisation, `acme` (number 1): as much of it as a connector's own tests need.
namespace tokensweep::testing {

struct FakeEnvironment {
  std::string name;
  std::vector<std::string> secrets;
  bool reviewers = false;
};

struct FakeRepository {
  std::int64_t id = 0;
  std::string name;
  std::vector<std::string> secrets;
  std::vector<FakeEnvironment> environments;
  std::string visibility = "private";
  std::string permission = "ADMIN";
  bool archived = false;
  std::map<std::string, std::string> variables;
  std::map<std::string, std::string> workflows;  ///< by file; without text: no text
  std::string package_json;
};

struct FakeSecret {
  std::string name;
  std::string visibility;
  std::vector<std::int64_t> selected;
};

class FakeGitHub {
 public:
  std::vector<FakeRepository> repositories;
  std::vector<FakeSecret> organisation_secrets;
  std::string base;  ///< of REST paths: empty, or `/api/v3`
  std::string scopes = "admin:org, repo";
  std::size_t a_page = 100;  ///< at most so many rows, whatever is asked for

  [[nodiscard]] Result<HttpResponse> operator()(const HttpRequest& request) const {
    auto answer = respond(request);
    if (!scopes.empty()) answer.headers.push_back({"X-OAuth-Scopes", scopes});
    return answer;
  }

 private:
  using Array = boost::json::array;
  using Object = boost::json::object;

  HttpResponse respond(const HttpRequest& request) const {
    std::string path = request.url.target.substr(0, request.url.target.find('?'));
    if (path.ends_with("/graphql")) return graphql(request);
    if (!path.starts_with(base)) return json(R"({"message": "Not Found"})", 404);
    path.erase(0, base.size());
    if (path == "/orgs/acme")
      return json(boost::json::serialize(Object{{"id", 1}, {"login", "acme"}, {"public_repos", open()}}));
    if (path == "/user") return json(R"({"id": 77, "login": "ann"})");
    if (path == "/user/codespaces/secrets") return list(request, "secrets", user_rows());
    if (path == "/rate_limit")
      return json(
          R"({"resources":{"core":{"limit":5000,"remaining":4999},"graphql":{"limit":5000,"remaining":5000}}})");
    if (path == "/orgs/acme/repos") return rest_repositories(request);
    if (path == "/orgs/acme/actions/secrets") return list(request, "secrets", organisation_rows());
    if (path == "/orgs/acme/private-registries") return list(request, "configurations", registry_rows());
    if (path.starts_with("/orgs/acme/actions/secrets/")) return selected(request, path);
    if (path.starts_with("/orgs/acme/"))
      return list(request, path.ends_with("/variables") ? "variables" : "secrets", {});
    for (const FakeRepository& one : repositories) {
      const std::string own = "/repos/acme/" + one.name;
      if (path.starts_with(own + "/")) return repository(request, one, path.substr(own.size()));
    }
    return json(R"({"message": "Not Found"})", 404);
  }

  HttpResponse repository(const HttpRequest& request, const FakeRepository& one, const std::string& path) const {
    if (path == "/actions/secrets") return list(request, "secrets", rows(one.secrets));
    if (path == "/actions/organization-secrets") return list(request, "secrets", seen_by(one));
    if (path == "/dependabot/secrets" || path == "/codespaces/secrets" || path == "/agents/secrets") {
      return list(request, "secrets", rows({"EXTRA"}));
    }
    if (path == "/actions/variables") return list(request, "variables", variable_rows(one));
    if (path == "/environments") return list(request, "environments", environment_rows(one));
    for (const FakeEnvironment& environment : one.environments) {
      const std::string own = "/environments/" + percent_encoded(environment.name);
      if (path == own + "/secrets") return list(request, "secrets", rows(environment.secrets));
      if (path == own + "/variables") return list(request, "variables", {});
    }
    return json(R"({"message": "Not Found"})", 404);
  }

  static Object row(std::string_view name) {
    return {{"name", name}, {"created_at", "2025-01-02T03:04:05Z"}, {"updated_at", "2026-01-02T03:04:05Z"}};
  }
  static Array rows(const std::vector<std::string>& names) {
    Array all;
    for (const auto& name : names) all.push_back(row(name));
    return all;
  }
  Array organisation_rows() const {
    Array all;
    for (const FakeSecret& one : organisation_secrets) {
      Object secret = row(one.name);
      secret["visibility"] = one.visibility;
      all.push_back(std::move(secret));
    }
    return all;
  }
  static Array user_rows() {
    Array all;
    for (const auto& [name, visibility] : {std::pair("NPM_TOKEN", "all"), std::pair("OTHER", "selected")}) {
      Object secret = row(name);
      secret["visibility"] = visibility;
      all.push_back(std::move(secret));
    }
    return all;
  }
  static Array registry_rows() {
    Array all;
    for (const auto& [name, type, auth] :
         {std::tuple("NPM", "npm_registry", "token"), std::tuple("OIDC", "npm_registry", "oidc_azure"),
          std::tuple("MAVEN", "maven_repository", "token")}) {
      Object registry = row(name);
      registry["registry_type"] = type;
      registry["auth_type"] = auth;
      registry["url"] = "https://registry.corp.example/npm/";
      registry["visibility"] = "all";
      all.push_back(std::move(registry));
    }
    return all;
  }
  Array seen_by(const FakeRepository& repository) const {
    Array all;
    for (const FakeSecret& one : organisation_secrets) {
      const bool named = std::find(one.selected.begin(), one.selected.end(), repository.id) != one.selected.end();
      if (one.visibility == "all" || (one.visibility == "private" && repository.visibility != "public") || named) {
        all.push_back(row(one.name));
      }
    }
    return all;
  }
  static Array variable_rows(const FakeRepository& one) {
    Array all;
    for (const auto& [name, value] : one.variables) {
      Object variable = row(name);
      variable["value"] = value;
      all.push_back(std::move(variable));
    }
    return all;
  }
  static Array environment_rows(const FakeRepository& one) {
    Array all;
    for (const FakeEnvironment& environment : one.environments) {
      Object object{{"id", 5}, {"name", environment.name}, {"deployment_branch_policy", nullptr}};
      Array rules;
      if (environment.reviewers) rules.push_back(Object{{"type", "required_reviewers"}});
      object["protection_rules"] = std::move(rules);
      all.push_back(std::move(object));
    }
    return all;
  }

  std::int64_t open() const {
    return std::count_if(repositories.begin(), repositories.end(),
                         [](const auto& one) { return one.visibility == "public"; });
  }

  struct Window {
    std::size_t page;
    std::size_t size;
  };
  Window window(const HttpRequest& request) const {
    const auto size = std::stoul(query_value(request.url.target, "per_page").value_or("30"));
    const auto page = std::stoul(query_value(request.url.target, "page").value_or("1"));
    return {.page = page, .size = std::min<std::size_t>(size, a_page)};
  }
  static Array cut(const Array& all, const Window& at) {
    Array page;
    for (std::size_t i = (at.page - 1) * at.size; i < std::min(all.size(), at.page * at.size); ++i)
      page.push_back(all[i]);
    return page;
  }
  static void link(HttpResponse& response, const HttpRequest& request, std::size_t total, const Window& at) {
    if (at.page * at.size >= total) return;
    const std::string path = request.url.target.substr(0, request.url.target.find('?'));
    response.headers.push_back({"Link", "<" + to_string(request.url.origin) + path +
                                            "?per_page=" + std::to_string(at.size) +
                                            "&page=" + std::to_string(at.page + 1) + ">; rel=\"next\""});
  }
  HttpResponse list(const HttpRequest& request, std::string_view key, const Array& all) const {
    const Window at = window(request);
    Object body{{"total_count", all.size()}};
    body[key] = cut(all, at);
    HttpResponse response = json(boost::json::serialize(body));
    link(response, request, all.size(), at);
    return response;
  }

  Object rest_repository(const FakeRepository& one) const {
    const bool admin = one.permission == "ADMIN";
    return {{"id", one.id},
            {"node_id", node_id(one)},
            {"full_name", "acme/" + one.name},
            {"visibility", one.visibility},
            {"private", one.visibility != "public"},
            {"archived", one.archived},
            {"disabled", false},
            {"owner", Object{{"id", 1}, {"login", "acme"}}},
            {"permissions", Object{{"admin", admin}, {"pull", true}}}};
  }
  HttpResponse rest_repositories(const HttpRequest& request) const {
    Array all;
    for (const FakeRepository& one : repositories) all.push_back(rest_repository(one));
    const Window at = window(request);
    HttpResponse response = json(boost::json::serialize(cut(all, at)));
    link(response, request, all.size(), at);
    return response;
  }
  HttpResponse selected(const HttpRequest& request, const std::string& path) const {
    for (const FakeSecret& one : organisation_secrets) {
      if (path != "/orgs/acme/actions/secrets/" + one.name + "/repositories") continue;
      Array all;
      for (const FakeRepository& repository : repositories) {
        const bool named = std::find(one.selected.begin(), one.selected.end(), repository.id) != one.selected.end();
        if (named) all.push_back(rest_repository(repository));
      }
      return list(request, "repositories", all);
    }
    return json("{}", 404);
  }

  static Object query_environments(const FakeRepository& one) {
    Array nodes;
    for (const FakeEnvironment& environment : one.environments) {
      if (nodes.size() == 10) break;
      Array rules;
      if (environment.reviewers) rules.push_back(Object{{"type", "REQUIRED_REVIEWERS"}});
      Object node{{"databaseId", 5}, {"name", environment.name}};
      node["protectionRules"] = Object{{"nodes", std::move(rules)}};
      nodes.push_back(std::move(node));
    }
    Object environments{{"totalCount", one.environments.size()}};
    environments["nodes"] = std::move(nodes);
    return environments;
  }
  static std::string node_id(const FakeRepository& one) { return "R_" + std::to_string(one.id); }
  static Object text_of(const std::string& text) {
    return {{"text", text.empty() ? boost::json::value() : boost::json::value(text)}, {"isTruncated", false}};
  }
  static Object workflows_of(const FakeRepository& one) {
    Array entries;
    for (const auto& [name, text] : one.workflows) {
      entries.push_back(Object{{"name", name}, {"type", "blob"}, {"object", text_of(text)}});
    }
    Object node{{"databaseId", one.id}, {"workflows", nullptr}, {"package", nullptr}};
    if (!entries.empty()) node["workflows"] = Object{{"entries", std::move(entries)}};
    if (!one.package_json.empty()) node["package"] = text_of(one.package_json);
    return node;
  }
  HttpResponse query_workflows(const Array& ids) const {
    Array nodes;
    for (const auto& id : ids) {
      const auto found = std::find_if(repositories.begin(), repositories.end(),
                                      [&](const FakeRepository& one) { return id.as_string() == node_id(one); });
      nodes.push_back(found == repositories.end() ? boost::json::value() : boost::json::value(workflows_of(*found)));
    }
    return json(boost::json::serialize(Object{{"data", Object{{"nodes", std::move(nodes)}}}}));
  }
  HttpResponse graphql(const HttpRequest& request) const {
    const auto asked = boost::json::parse(request.body.view()).as_object();
    const auto& variables = asked.at("variables").as_object();
    if (variables.contains("ids")) return query_workflows(variables.at("ids").as_array());
    const auto* after = variables.at("after").if_string();
    const std::size_t from = after == nullptr ? 0 : std::stoul(std::string(after->data(), after->size()));
    const std::size_t to = std::min(
        {repositories.size(), from + static_cast<std::size_t>(variables.at("first").as_int64()), from + a_page});
    const bool protection =
        std::string_view(asked.at("query").as_string()).find("protectionRules") != std::string_view::npos;
    Array nodes;
    for (std::size_t i = from; i < to; ++i) {
      const FakeRepository& one = repositories[i];
      std::string visibility = one.visibility;
      for (char& c : visibility) c = static_cast<char>(c - 'a' + 'A');
      Object node{{"id", node_id(one)},
                  {"databaseId", one.id},
                  {"nameWithOwner", "acme/" + one.name},
                  {"visibility", visibility},
                  {"isArchived", one.archived},
                  {"isDisabled", false},
                  {"viewerPermission", one.permission}};
      node["environments"] = protection ? query_environments(one) : Object{{"totalCount", one.environments.size()}};
      nodes.push_back(std::move(node));
    }
    Object list{{"totalCount", repositories.size()},
                {"pageInfo", Object{{"hasNextPage", to < repositories.size()}, {"endCursor", std::to_string(to)}}}};
    list["nodes"] = std::move(nodes);
    Object data{{"viewer", Object{{"login", "ann"}}}, {"rateLimit", Object{{"cost", 11}}}};
    data["organization"] = Object{{"repositories", std::move(list)}};
    return json(boost::json::serialize(Object{{"data", std::move(data)}}));
  }
};

}  // namespace tokensweep::testing
