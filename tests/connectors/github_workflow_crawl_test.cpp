#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/github/github.hpp"
#include "tests/connectors/conformance.hpp"
#include "tests/connectors/fake_github.hpp"
#include "tests/support/tokens.hpp"

namespace {

using namespace tokensweep;
using namespace tokensweep::testing;

const std::string kPublish =
    "on: push\njobs: {out: {environment: production, steps: [{run: npm publish, env: {T: '${{ secrets.NPM_TOKEN "
    "}}'}}]}}";
const std::string kInstall =
    "on: push\njobs: {in: {steps: [{run: npm ci, env: {T: '${{ secrets.NPM_TOKEN }}', U: '${{ secrets.SHARED }}'}}]}}";

FakeGitHub acme() {
  FakeGitHub github;
  github.repositories = {
      {.id = 11,
       .name = "site",
       .secrets = {"NPM_TOKEN"},
       .environments = {{"production", {"NPM_TOKEN"}, false}},
       .workflows = {{"ci.yml", kInstall}, {"release.yml", kPublish}, {"notes.md", "npm publish"}},
       .package_json = R"({"name": "@acme/site"})"},
      {.id = 12, .name = "plain", .secrets = {"NPM_TOKEN"}},
      {.id = 13, .name = "tool", .workflows = {{"ci.yaml", kInstall}}},
  };
  github.organisation_secrets = {{"NPM_TOKEN", "all", {}}, {"SHARED", "selected", {11}}, {"UNUSED", "private", {}}};
  return github;
}

Subject subject_of(FakeGitHub github) {
  github.base = "/api/v3";
  Settings settings;
  settings.add({"org", std::string("acme")});
  settings.add({"api_url", std::string("https://git.corp.example/api/v3")});
  settings.add({"token_env", std::string("TOKEN")});
  settings.add({"workflows", true});
  return {.answer = std::move(github),
          .make = [settings](const Services& services) { return github::kEntry.make(settings, services); },
          .variables = {{"TOKEN", "canary-token"}},
          .one_place = "GET /api/v3/repos/acme/plain/actions/secrets?per_page=100",
          .one_prefix = "1/12",
          .canary = "canary"};
}

bool asks_for_workflows(const HttpRequest& request) {
  return request.body.view().find("HEAD:.github/workflows") != std::string_view::npos;
}

/// Answers the query for workflows in place of GitHub.
Subject with_workflows(FakeGitHub github, std::function<Result<HttpResponse>(const HttpRequest&)> answer) {
  Subject subject = subject_of(std::move(github));
  subject.answer = [usual = std::move(subject.answer), answer](const HttpRequest& request) -> Result<HttpResponse> {
    return asks_for_workflows(request) ? answer(request) : usual(request);
  };
  return subject;
}

std::size_t ids_in(const HttpRequest& request) {
  return boost::json::parse(request.body.view()).at("variables").at("ids").as_array().size();
}

std::string said(const Sighting& sighting) {
  std::string all;
  for (const Evidence& one : sighting.evidence) {
    if (one.kind == EvidenceKind::note && one.value.find("see") != std::string::npos) continue;  // who sees it
    all += (all.empty() ? "" : "; ") + std::string(to_string(one.kind));
    if (!one.value.empty()) all += " " + one.value;
    if (!one.from.empty()) all += " (" + one.from + ")";
  }
  return all;
}

TEST_CASE("GitHub with its workflows conforms") { check_conformance(subject_of(acme())); }

TEST_CASE("each secret of Actions gets what the workflows that see it do") {
  const auto swept = sweep(subject_of(acme()));
  REQUIRE(swept->result);
  const auto& scopes = swept->sink.scopes;
  const std::string release = ".github/workflows/release.yml, job out, environment production";
  const auto& site = scopes.at("1/11").found;
  CHECK(said(site.at("1/11/environments/production/NPM_TOKEN")) ==
        "publishes (" + release + "); package @acme/site (package.json); ci-secret");
  CHECK(said(site.at("1/11/actions/NPM_TOKEN")) == "installs (.github/workflows/ci.yml, job in); ci-secret");
  CHECK(said(scopes.at("1/12").found.at("1/12/actions/NPM_TOKEN")) ==
        "note no workflow of the default branch uses it; ci-secret");
  const auto& own = scopes.at("1").found;
  // The site has one of its own.
  CHECK(said(own.at("1/actions/NPM_TOKEN")) == "installs (acme/tool/.github/workflows/ci.yaml, job in); ci-secret");
  CHECK(said(own.at("1/actions/SHARED")) == "installs (acme/site/.github/workflows/ci.yml, job in); ci-secret");
  CHECK(said(own.at("1/actions/UNUSED")) == "note no workflow of the default branch uses it; ci-secret");
  // One query for all.
  CHECK(std::count(swept->asked.begin(), swept->asked.end(), "POST /api/graphql") == 2);
}

TEST_CASE("a token in a workflow is handed on, and its scope covers the workflows") {
  FakeGitHub github = acme();
  const std::string token = npm_token(3);
  github.repositories[1].workflows["a b.yml"] = "on: push\nenv: {NPM_TOKEN: " + token + "}\n";
  const auto swept = sweep(subject_of(github));
  const SeenScope& plain = swept->sink.scopes.at("1/12");
  const Sighting& found = plain.found.at("1/12/workflows/a%20b.yml");
  REQUIRE(found.value);
  CHECK(found.value->reveal().find(token) != std::string_view::npos);
  CHECK(found.locator == ".github/workflows/a b.yml");
  CHECK(said(found) == "build-file");
  CHECK(plain.end->covers("1/12/workflows/gone.yml"));
  CHECK_FALSE(swept->sink.scopes.at("1/11").found.contains("1/11/workflows/release.yml"));
}

TEST_CASE("what cannot be read of a workflow is said, and nothing is called a mere install for it") {
  FakeGitHub github = acme();
  SUBCASE("no text") {
    github.repositories[2].workflows["logo.yml"] = "";
    const auto swept = sweep(subject_of(github));
    const SeenScope& tool = swept->sink.scopes.at("1/13");
    CHECK(tool.end->state == ScopeState::incomplete);
    CHECK(tool.end->reason == "workflow files: .github/workflows/logo.yml is no text");
    CHECK(said(swept->sink.scopes.at("1").found.at("1/actions/NPM_TOKEN")).starts_with("note acme/tool/"));
  }
  SUBCASE("no YAML") {
    github.repositories[0].workflows["broken.yml"] = "canary: [";
    const auto swept = sweep(subject_of(github));
    const SeenScope& site = swept->sink.scopes.at("1/11");
    CHECK(site.end->state == ScopeState::complete);
    REQUIRE(site.gaps.size() == 1);
    CHECK(site.gaps[0].place == "acme/site/.github/workflows/broken.yml");
    CHECK_FALSE(site.gaps[0].incomplete);
    CHECK(said(site.found.at("1/11/actions/NPM_TOKEN")).starts_with("note .github/workflows/ci.yml"));
  }
}

TEST_CASE("workflows that are refused leave the names, and are asked for once") {
  int asked = 0;
  FakeGitHub github = acme();
  for (int i = 0; i < 60; ++i) github.repositories.push_back({.id = 100 + i, .name = "r" + std::to_string(i)});
  const auto swept = sweep(with_workflows(github, [&](const HttpRequest&) -> Result<HttpResponse> {
    ++asked;
    return json(R"({"data": null, "errors": [{"type": "FORBIDDEN", "message": "canary"}]})");
  }));
  REQUIRE(swept->result);
  CHECK(asked <= 3);  // as many as were under way
  const SeenScope& plain = swept->sink.scopes.at("1/12");
  CHECK(plain.end->state == ScopeState::incomplete);
  CHECK(plain.end->reason == "workflow files: GraphQL refuses it; it needs contents=read");
  CHECK(said(plain.found.at("1/12/actions/NPM_TOKEN")) == "note not all workflows could be read; ci-secret");
}

TEST_CASE("nothing beside an error may be something that was refused") {
  const auto swept = sweep(with_workflows(acme(), [](const HttpRequest&) -> Result<HttpResponse> {
    return json(R"({"data": {"nodes": [{"databaseId": 11, "workflows": null, "package": null}, null,
      {"databaseId": 13, "workflows": {"entries": []}, "package": null}]},
      "errors": [{"type": "FORBIDDEN", "message": "x"}]})");
  }));
  CHECK(swept->sink.scopes.at("1/11").end->state == ScopeState::incomplete);
  CHECK(swept->sink.scopes.at("1/12").end->reason == "workflow files: gone, or hidden from this credential");
  CHECK(swept->sink.scopes.at("1/13").end->state == ScopeState::complete);
}

TEST_CASE("a repository that is gone meanwhile costs the others nothing") {
  const auto swept = sweep(with_workflows(acme(), [](const HttpRequest&) -> Result<HttpResponse> {
    return json(R"({"data": {"nodes": [{"databaseId": 11, "workflows": null, "package": null}, null,
      {"databaseId": 13, "workflows": null, "package": null}]}, "errors": [{"type": "NOT_FOUND", "message": "x"}]})");
  }));
  CHECK(swept->sink.scopes.at("1/11").end->state == ScopeState::complete);
  CHECK(swept->sink.scopes.at("1/12").end->state == ScopeState::incomplete);
  const auto gone = sweep(with_workflows(acme(), [](const HttpRequest&) -> Result<HttpResponse> {
    return json(R"({"data": {"nodes": [null, null, null]}, "errors": [{"type": "NOT_FOUND", "message": "x"}]})");
  }));
  CHECK(gone->sink.scopes.at("1/13").end->reason == "workflow files: gone, or hidden from this credential");
}

TEST_CASE("an error in place of all data is tried with fewer, down to one") {
  std::vector<std::size_t> sizes;
  const auto swept = sweep(with_workflows(acme(), [&sizes](const HttpRequest& request) -> Result<HttpResponse> {
    sizes.push_back(ids_in(request));
    return json(R"({"data": null, "errors": [{"message": "Something went wrong"}]})");
  }));
  CHECK(sizes == std::vector<std::size_t>{3, 1, 1, 1});
  CHECK(swept->sink.scopes.at("1/12").end->reason == "workflow files: GraphQL answered with an error");
}

TEST_CASE("a query that takes GitHub too long is halved until it does not") {
  FakeGitHub github = acme();
  for (int i = 0; i < 40; ++i) github.repositories.push_back({.id = 100 + i, .name = "r" + std::to_string(i)});
  std::vector<std::size_t> sizes;
  Subject subject = subject_of(github);
  subject.answer = [usual = std::move(subject.answer), &sizes](const HttpRequest& request) -> Result<HttpResponse> {
    if (!asks_for_workflows(request)) return usual(request);
    sizes.push_back(ids_in(request));
    return sizes.back() > 6 ? json("{}", 502) : usual(request);
  };
  const auto swept = sweep(subject);
  REQUIRE(swept->result);
  for (const auto& [prefix, state] : swept->sink.states()) CHECK(state == ScopeState::complete);
  CHECK(*std::max_element(sizes.begin(), sizes.end()) == 25);
  CHECK(said(swept->sink.scopes.at("1/11").found.at("1/11/actions/NPM_TOKEN")).starts_with("installs"));
}

TEST_CASE("the plan counts the points that workflows take") {
  for (const bool refused : {false, true}) {
    CAPTURE(refused);
    const Subject subject =
        refused ? with_workflows(acme(),
                                 [](const HttpRequest&) -> Result<HttpResponse> {
                                   return json(R"({"data": null, "errors": [{"type": "FORBIDDEN", "message": "x"}]})");
                                 })
                : subject_of(acme());
    ServiceWorld world(subject.answer);
    world.variables = subject.variables;
    const Services services = world.services();
    const auto connector = subject.make(services);
    const auto check = world.time.run((*connector)->check());
    REQUIRE(check);
    CHECK(check->points == 12);
    CHECK(check->missing ==
          (refused ? std::vector<std::string>{"workflow files: GraphQL refuses it; it needs contents=read"}
                   : std::vector<std::string>{}));
  }
}

}  // namespace
