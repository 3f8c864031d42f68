#include <doctest/doctest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <algorithm>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/github/github.hpp"
#include "tests/connectors/conformance.hpp"
#include "tests/connectors/fake_github.hpp"
#include "tests/support/temp_directory.hpp"
#include "tests/support/tokens.hpp"

namespace {

using namespace tokensweep;
using namespace tokensweep::testing;

/// Four repositories: with environments, with none, public and archived, with more environments than GraphQL gives.
FakeGitHub acme() {
  FakeGitHub github;
  github.repositories = {
      {.id = 11,
       .name = "site",
       .secrets = {"NPM_TOKEN", "OTHER"},
       .environments = {{"production", {"NPM_TOKEN"}, true}, {"prod/eu", {"DEPLOY"}}}},
      {.id = 12, .name = "plain", .secrets = {"NPM_TOKEN"}},
      {.id = 13, .name = "open", .visibility = "public", .archived = true},
      {.id = 14, .name = "crowded"},
  };
  for (int i = 0; i < 12; ++i) github.repositories[3].environments.push_back({"env-" + std::to_string(i), {"TOKEN"}});
  github.organisation_secrets = {{"EVERYWHERE", "all", {}}, {"INSIDE", "private", {}}, {"SOME", "selected", {11, 13}}};
  return github;
}

Settings settings_of(std::vector<Setting> all = {}) {
  Settings settings;
  settings.add({"org", std::string("acme")});
  settings.add({"api_url", std::string("https://git.corp.example/api/v3")});
  settings.add({"token_env", std::string("TOKEN")});
  for (Setting& one : all) settings.add(std::move(one));
  return settings;
}

Subject subject_of(FakeGitHub github, std::vector<Setting> all = {}) {
  github.base = "/api/v3";
  Settings settings = settings_of(std::move(all));
  return {.answer = std::move(github),
          .make = [settings](const Services& services) { return github::kEntry.make(settings, services); },
          .variables = {{"TOKEN", "canary-token"}},
          .one_place = "GET /api/v3/repos/acme/plain/actions/secrets?per_page=100",
          .one_prefix = "1/12",
          .canary = "canary"};
}

std::set<std::string> notes_of(const Sighting& sighting) {
  std::set<std::string> notes;
  for (const Evidence& one : sighting.evidence) {
    if (one.kind == EvidenceKind::note) notes.insert(one.value);
  }
  return notes;
}

ScopeFlags flags(std::initializer_list<ScopeFlag> all) {
  ScopeFlags out;
  for (const ScopeFlag one : all) out.add(one);
  return out;
}

FakeService::Answer status(int code, std::vector<HttpHeader> headers = {}, std::string body = "{}") {
  return [=](const HttpRequest&) -> Result<HttpResponse> {
    HttpResponse response = json(body, code);
    response.headers = headers;
    return response;
  };
}

const std::string kRest = "GET /api/v3";

TEST_CASE("GitHub conforms") { check_conformance(subject_of(acme())); }

TEST_CASE("GitHub without GraphQL conforms") {
  Subject subject = subject_of(acme());
  subject.answer = [answer = std::move(subject.answer)](const HttpRequest& request) -> Result<HttpResponse> {
    if (request.url.target == "/api/graphql") return json(R"({"message": "Resource not accessible"})", 403);
    return answer(request);
  };
  check_conformance(subject);
}

TEST_CASE("an organisation is read with the planned requests, and none twice") {
  const auto swept = sweep(subject_of(acme()));
  REQUIRE(swept->result);
  std::multiset<std::string> asked(swept->asked.begin(), swept->asked.end());
  std::multiset<std::string> expected = {
      "POST /api/graphql",
      kRest + "/orgs/acme",
      kRest + "/orgs/acme/actions/secrets?per_page=100",
      kRest + "/orgs/acme/private-registries?per_page=100",
      kRest + "/orgs/acme/actions/secrets/SOME/repositories?per_page=100",
      kRest + "/repos/acme/site/actions/secrets?per_page=100",
      kRest + "/repos/acme/site/environments/production/secrets?per_page=100",
      kRest + "/repos/acme/site/environments/prod%2Feu/secrets?per_page=100",
      kRest + "/repos/acme/plain/actions/secrets?per_page=100",
      kRest + "/repos/acme/open/actions/secrets?per_page=100",
      kRest + "/repos/acme/crowded/actions/secrets?per_page=100",
      kRest + "/repos/acme/crowded/environments?per_page=100",
  };
  for (int i = 0; i < 12; ++i) {
    expected.insert(kRest + "/repos/acme/crowded/environments/env-" + std::to_string(i) + "/secrets?per_page=100");
  }
  CHECK(asked == expected);
  // The organisation's own come first.
  const auto first_of = [&](std::string_view part) {
    return std::find_if(swept->asked.begin(), swept->asked.end(),
                        [&](const auto& one) { return one.find(part) != std::string::npos; });
  };
  CHECK(first_of("/orgs/acme/actions/secrets") < first_of("/repos/"));
}

TEST_CASE("what is found says where it is, who sees it, how old it is and what protects it") {
  const auto swept = sweep(subject_of(acme()));
  const auto& scopes = swept->sink.scopes;
  REQUIRE(scopes.contains("1/11"));
  const SeenScope& site = scopes.at("1/11");
  CHECK(site.scope.source == "github");
  CHECK(site.scope.name == "acme");
  CHECK(site.scope.store == "acme/site");
  CHECK(site.scope.realm == "github:git.corp.example");

  const Sighting& secret = site.found.at("1/11/actions/NPM_TOKEN");
  CHECK(secret.name == "NPM_TOKEN");
  CHECK(secret.locator == "NPM_TOKEN");
  CHECK(secret.flags == flags({ScopeFlag::repo}));
  CHECK(secret.age_basis == AgeBasis::updated_at);
  CHECK_FALSE(secret.value);
  CHECK(secret.evidence.at(0).kind == EvidenceKind::ci_secret);

  const Sighting& guarded = site.found.at("1/11/environments/production/NPM_TOKEN");
  CHECK(guarded.locator == "environments/production/NPM_TOKEN");
  CHECK(guarded.flags == flags({ScopeFlag::environment}));
  CHECK(notes_of(guarded) == std::set<std::string>{"the environment is protected by reviewers"});
  const Sighting& unguarded = site.found.at("1/11/environments/prod%2Feu/DEPLOY");
  CHECK(unguarded.locator == "environments/prod/eu/DEPLOY");
  CHECK(unguarded.flags == flags({ScopeFlag::environment, ScopeFlag::unprotected_environment}));
  CHECK(scopes.at("1/14").found.size() == 12);

  const auto& own = scopes.at("1").found;
  CHECK(scopes.at("1").scope.store == "acme");
  CHECK(own.at("1/actions/EVERYWHERE").flags == flags({ScopeFlag::org_wide}));
  CHECK(notes_of(own.at("1/actions/EVERYWHERE")) == std::set<std::string>{"4 repositories see it, 1 of them public"});
  CHECK(own.at("1/actions/INSIDE").flags == flags({ScopeFlag::org_private}));
  CHECK(notes_of(own.at("1/actions/INSIDE")) == std::set<std::string>{"3 repositories see it, 0 of them public"});
  CHECK(own.at("1/actions/SOME").flags == flags({ScopeFlag::selected_repos}));
  CHECK(notes_of(own.at("1/actions/SOME")) == std::set<std::string>{"2 repositories see it, 1 of them public"});
  // Of registries, those for npm that keep a credential.
  CHECK(own.size() == 4);
  CHECK(own.at("1/registries/NPM").registry == "registry.corp.example/npm");
}

TEST_CASE("variables' values are handed on where they may matter, and their pages are not kept") {
  FakeGitHub github = acme();
  const std::string token = npm_token(7);
  github.repositories[1].variables = {{"NODE_VERSION", "22"}, {"WRONG", token}};
  github.repositories[2].archived = true;
  const auto swept = sweep(subject_of(github, {{"variables", true}}), [](FakeService& service) {
    service.on_request = [](const HttpRequest& request, auto) {
      if (request.url.target.find("/variables") == std::string::npos) return;
      CHECK_FALSE(request.keeps_answer);
      CHECK(request.url.target.ends_with("per_page=30"));
    };
  });
  const auto& found = swept->sink.scopes.at("1/12").found;
  CHECK(found.size() == 2);
  const Sighting& variable = found.at("1/12/variables/WRONG");
  REQUIRE(variable.value);
  CHECK(variable.value->reveal() == token);
  CHECK(variable.flags == flags({ScopeFlag::repo, ScopeFlag::variable}));
}

TEST_CASE("more stores are read where they are asked for") {
  const std::vector<std::string> stores = {"dependabot", "codespaces"};
  const auto swept = sweep(subject_of(acme(), {{"stores", stores}}));
  REQUIRE(swept->result);
  const auto& found = swept->sink.scopes.at("1/12").found;
  CHECK(found.size() == 2);
  CHECK(found.at("1/12/dependabot/EXTRA").flags == flags({ScopeFlag::repo, ScopeFlag::dependabot}));
  CHECK(found.at("1/12/codespaces/EXTRA").flags == flags({ScopeFlag::repo, ScopeFlag::codespaces}));
  CHECK(found.at("1/12/codespaces/EXTRA").evidence.empty());
}

TEST_CASE("a user's own Codespaces secrets are a scope beside the organisation's") {
  const std::vector<std::string> stores = {"codespaces"};
  const auto swept = sweep(subject_of(acme(), {{"stores", stores}}));
  REQUIRE(swept->result);
  const SeenScope& own = swept->sink.scopes.at("users/77");
  CHECK(own.scope.store == "ann");
  CHECK(own.found.size() == 2);
  const Sighting& secret = own.found.at("users/77/codespaces/NPM_TOKEN");
  CHECK(secret.flags == flags({ScopeFlag::codespaces}));
  CHECK(secret.locator == "codespaces/NPM_TOKEN");
  CHECK(own.found.at("users/77/codespaces/OTHER").flags == flags({ScopeFlag::codespaces, ScopeFlag::selected_repos}));
  CHECK(own.end->state == ScopeState::complete);
  CHECK(own.end->covers("users/77/codespaces/GONE"));
  CHECK_FALSE(swept->sink.scopes.at("1").end->covers("users/77/codespaces/GONE"));
  CHECK_FALSE(sweep(subject_of(acme()))->sink.scopes.contains("users/77"));
}

TEST_CASE("a token that may not list its user's secrets says so, and calls none of them gone") {
  const std::vector<std::string> stores = {"codespaces"};
  for (const char* refused : {"/api/v3/user/codespaces/secrets?per_page=100", "/api/v3/user"}) {
    CAPTURE(refused);
    Subject subject = subject_of(acme(), {{"stores", stores}});
    subject.answer = [answer = std::move(subject.answer), refused](const HttpRequest& request) -> Result<HttpResponse> {
      return request.url.target == refused ? json("{}", 403) : answer(request);
    };
    const auto swept = sweep(subject);
    REQUIRE(swept->result);
    const bool known = std::string_view(refused).ends_with("100");
    CHECK(swept->sink.scopes.at(known ? "users/77" : "users/unknown").end->state == ScopeState::denied);
  }
}

TEST_CASE("a place is called gone by a scope that would have seen it, and by no other") {
  const auto swept = sweep(subject_of(acme()));
  const auto& repository = swept->sink.scopes.at("1/12").end->covers;
  CHECK(repository("1/12/actions/GONE"));
  CHECK(repository("1/12/environments/old/GONE"));
  CHECK_FALSE(repository("1/12/dependabot/UNASKED"));
  CHECK_FALSE(repository("1/12/variables/UNASKED"));
  const auto& own = swept->sink.scopes.at("1").end->covers;
  CHECK(own("1/actions/GONE"));
  CHECK_FALSE(own("1/dependabot/UNASKED"));
  CHECK_FALSE(own("1/12/actions/ITS_OWN_SCOPE"));
  CHECK(own("1/99/actions/REMOVED_REPOSITORY"));
  CHECK(own("1/99/dependabot/REMOVED_REPOSITORY"));
}

TEST_CASE("a repository that is not listed is gone only where the credential would see it") {
  const struct {
    const char* what;
    const char* scopes;
    bool gone;
  } cases[] = {
      {"an owner's classic token", "admin:org, repo", true},
      {"without private repositories", "admin:org", false},
      {"a member's", "repo, read:org", false},
      {"a token that does not say", "", false},
  };
  for (const auto& c : cases) {
    CAPTURE(c.what);
    FakeGitHub github = acme();
    github.scopes = c.scopes;
    const auto swept = sweep(subject_of(github));
    CHECK(swept->sink.scopes.at("1").end->covers("1/99/actions/X") == c.gone);
  }
}

TEST_CASE("a rename keeps every place") {
  FakeGitHub github = acme();
  const auto before = sweep(subject_of(github))->sink.places();
  github.repositories[1].name = "renamed";
  CHECK(sweep(subject_of(github))->sink.places() == before);
}

TEST_CASE("without GraphQL, REST finds the same") {
  const auto by_query = sweep(subject_of(acme()));
  for (const auto& refusal : {status(403), status(404), status(200, {}, R"({"errors": [{"type": "FORBIDDEN"}]})"),
                              status(200, {}, "<html>"), status(502)}) {
    const auto by_rest =
        sweep(subject_of(acme()), [&](FakeService& service) { service.instead["POST /api/graphql"] = refusal; });
    CHECK(by_rest->result);
    CHECK(by_rest->sink.places() == by_query->sink.places());
    CHECK(std::count(by_rest->asked.begin(), by_rest->asked.end(),
                     kRest + "/repos/acme/plain/environments?per_page=100") == 1);
  }
}

TEST_CASE("a page of repositories that takes GitHub too long is asked for by halves") {
  const Subject subject = subject_of(acme());
  std::vector<std::string> firsts;
  const auto swept = sweep(subject, [&](FakeService& service) {
    service.instead["POST /api/graphql"] = [&](const HttpRequest& request) -> Result<HttpResponse> {
      const std::string body(request.body.view());
      firsts.push_back(body.substr(body.find("\"first\":") + 8, 3));
      if (body.find("\"first\":25,") == std::string::npos) return json("", 504);
      return subject.answer(request);
    };
  });
  CHECK(swept->result);
  CHECK(swept->sink.states().at("1") == ScopeState::complete);
  CHECK(firsts.front() == "100");
  CHECK(firsts.back() == "25,");
  CHECK(swept->sink.scopes.size() == 5);
}

TEST_CASE("where nobody answers, nothing is asked in smaller pieces or another way") {
  const Subject subject = subject_of(acme());
  std::vector<std::string> asked;
  const auto swept = sweep(subject, [&](FakeService& service) {
    service.on_request = [&](const HttpRequest& request, auto) { asked.push_back(FakeService::name_of(request)); };
    const auto nobody = [](const HttpRequest&) -> Result<HttpResponse> {
      return Error{ErrorKind::transient, "does not begin to answer"};
    };
    service.instead["POST /api/graphql"] = nobody;
    service.instead[kRest + "/orgs/acme"] = nobody;
  });
  CHECK_FALSE(swept->result);
  CHECK(asked.size() == 8);  // four tries of each
}

TEST_CASE("GraphQL's limit comes with status 200, and is waited out") {
  const Subject subject = subject_of(acme());
  int asked = 0;
  const auto swept = sweep(subject, [&](FakeService& service) {
    service.instead["POST /api/graphql"] = [&](const HttpRequest& request) -> Result<HttpResponse> {
      if (++asked > 1) return subject.answer(request);
      HttpResponse response = json(R"({"errors": [{"type": "RATE_LIMITED"}]})");
      response.headers.push_back({"x-ratelimit-remaining", "0"});
      return response;
    };
  });
  CHECK(swept->result);
  CHECK(asked == 2);
  CHECK(swept->sink.states().at("1") == ScopeState::complete);
}

TEST_CASE("pages are read to their end, by numbers and by cursors") {
  FakeGitHub github = acme();
  github.a_page = 1;
  const auto swept = sweep(subject_of(github));
  CHECK(swept->result);
  CHECK(swept->sink.places() == sweep(subject_of(acme()))->sink.places());
  for (const auto& [prefix, state] : swept->sink.states()) CHECK(state == ScopeState::complete);
}

TEST_CASE("lists that lie about their pages are not complete") {
  const std::string secrets = kRest + "/repos/acme/plain/actions/secrets?per_page=100";
  const std::string row = R"({"name": "A"})";
  const auto next = [](const std::string& address) {
    return std::vector<HttpHeader>{{"Link", "<" + address + ">; rel=\"next\""}};
  };
  const std::string here = "https://git.corp.example/api/v3/repos/acme/plain/actions/secrets";
  const struct {
    const char* what;
    FakeService::Answer answer;
    const char* reason;
  } cases[] = {
      {"fewer than it says", status(200, {}, R"({"total_count": 2, "secrets": [)" + row + "]}"),
       "says that it has 2 and gives 1"},
      {"more than it says", status(200, {}, R"({"total_count": 0, "secrets": [)" + row + "]}"),
       "says that it has 0 and gives 1"},
      {"the first page again", status(200, next(here + "?page=1"), R"({"secrets": []})"), "go round"},
      {"another server", status(200, next("https://evil.example/x?page=2"), R"({"secrets": []})"), "another server"},
      {"no number", status(200, next(here + "?page=2%26x"), R"({"secrets": []})"), "has no number"},
      {"a link that is none", status(200, {{"Link", "<"}}, R"({"secrets": []})"), "link to the next page"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.what);
    const auto swept = sweep(subject_of(acme()), [&](FakeService& service) { service.instead[secrets] = c.answer; });
    CHECK(swept->result);
    const ScopeEnd& end = *swept->sink.scopes.at("1/12").end;
    CHECK(end.state == ScopeState::failed);
    CHECK(end.reason.find(c.reason) != std::string::npos);
  }
  // Pages that go round later than at once, and the same rows under new numbers.
  const auto swept = sweep(subject_of(acme()), [&](FakeService& service) {
    service.instead[secrets] = status(200, next(here + "?page=2"), R"({"secrets": []})");
    service.instead[secrets + "&page=2"] = status(200, next(here + "?page=3"), R"({"secrets": []})");
    service.instead[secrets + "&page=3"] = status(200, next(here + "?page=2"), R"({"secrets": []})");
  });
  CHECK(swept->sink.states().at("1/12") == ScopeState::failed);
}

TEST_CASE("each refusal ends its scope with its own reason, and names what is missing") {
  const std::string secrets = kRest + "/repos/acme/plain/actions/secrets?per_page=100";
  const struct {
    const char* what;
    FakeService::Answer answer;
    ScopeState state;
    const char* reason;
  } cases[] = {
      {"a permission of a fine-grained token",
       status(403, {{"X-Accepted-GitHub-Permissions", "secrets=read; organization_secrets=read,metadata=read"}},
              R"({"message": "Resource not accessible by personal access token"})"),
       ScopeState::denied,
       "Actions secrets: HTTP 403: needs secrets=read or organization_secrets=read and metadata=read"},
      {"a scope of a classic token",
       status(404, {{"X-Accepted-OAuth-Scopes", "admin:org, repo"}, {"X-OAuth-Scopes", "gist, read:user"}}),
       ScopeState::denied,
       "Actions secrets: HTTP 404: gone, or hidden from this credential: needs one of the scopes admin:org, repo"},
      {"single sign-on", status(403, {{"X-GitHub-SSO", "required; url=https://git.corp.example/canary"}}),
       ScopeState::denied,
       "Actions secrets: HTTP 403: the token is not authorised for the organisation's single sign-on"},
      {"an IP allow list", status(403, {}, R"({"message": "`acme` has an IP allow list enabled, canary"})"),
       ScopeState::denied,
       "Actions secrets: HTTP 403: this machine's address is not on the organisation's IP allow list"},
      {"headers with something else in them", status(403, {{"X-Accepted-GitHub-Permissions", "canary<b>=1; \x1b[31m"}}),
       ScopeState::denied, "Actions secrets: HTTP 403"},
      {"gone or hidden", status(404), ScopeState::denied,
       "Actions secrets: HTTP 404: gone, or hidden from this credential"},
      {"switched off", status(410), ScopeState::denied, "Actions secrets: HTTP 410: switched off there"},
      {"blocked", status(451), ScopeState::denied, "Actions secrets: HTTP 451: blocked for legal reasons"},
      {"nobody knows", status(418), ScopeState::failed, "Actions secrets: HTTP 418"},
      {"malformed, twice", status(200, {}, R"({"secrets": canary)"), ScopeState::failed, "Actions secrets: no JSON"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.what);
    const auto swept = sweep(subject_of(acme()), [&](FakeService& service) { service.instead[secrets] = c.answer; });
    CHECK(swept->result);
    const ScopeEnd& end = *swept->sink.scopes.at("1/12").end;
    CHECK(end.state == c.state);
    CHECK(end.reason == c.reason);
    // Nobody calls what is in it gone.
    CHECK_FALSE(swept->sink.scopes.at("1").end->covers("1/12/actions/NPM_TOKEN"));
  }
}

TEST_CASE("what comes broken once is asked for again") {
  const Subject subject = subject_of(acme());
  int asked = 0;
  const auto swept = sweep(subject, [&](FakeService& service) {
    service.instead[subject.one_place] = [&](const HttpRequest& request) -> Result<HttpResponse> {
      if (++asked > 1) return subject.answer(request);
      return json("<html>");
    };
  });
  CHECK(asked == 2);
  CHECK(swept->sink.states().at("1/12") == ScopeState::complete);
}

TEST_CASE("a part of a repository that is refused leaves the rest") {
  const auto swept = sweep(subject_of(acme()), [](FakeService& service) {
    service.instead[kRest + "/repos/acme/site/environments/production/secrets?per_page=100"] = status(403);
  });
  const SeenScope& site = swept->sink.scopes.at("1/11");
  CHECK(site.end->state == ScopeState::incomplete);
  CHECK(site.end->reason == "environment secrets: HTTP 403");
  CHECK(site.found.size() == 3);
}

TEST_CASE("where the organisation refuses its list, its repositories tell what they see of it") {
  const auto swept = sweep(subject_of(acme()), [](FakeService& service) {
    service.instead[kRest + "/orgs/acme/actions/secrets?per_page=100"] =
        status(404, {{"X-Accepted-OAuth-Scopes", "admin:org"}});
  });
  CHECK(swept->result);
  const SeenScope& own = swept->sink.scopes.at("1");
  CHECK(own.end->state == ScopeState::incomplete);
  CHECK(own.found.at("1/actions/EVERYWHERE").flags == flags({ScopeFlag::org_wide}));
  CHECK(notes_of(own.found.at("1/actions/EVERYWHERE")) ==
        std::set<std::string>{"4 repositories see it, 1 of them public"});
  CHECK(own.found.at("1/actions/SOME").flags == flags({ScopeFlag::selected_repos}));
  CHECK(notes_of(own.found.at("1/actions/SOME")) == std::set<std::string>{"2 repositories see it, 1 of them public"});
  CHECK(swept->sink.states().at("1/11") == ScopeState::complete);
}

TEST_CASE("with more selected secrets than repositories, the repositories are cheaper to ask") {
  FakeGitHub github = acme();
  for (int i = 0; i < 5; ++i) github.organisation_secrets.push_back({"S" + std::to_string(i), "selected", {12}});
  const auto swept = sweep(subject_of(github));
  for (const std::string& asked : swept->asked) CHECK(asked.find("/repositories") == std::string::npos);
  const SeenScope& own = swept->sink.scopes.at("1");
  CHECK(own.end->state == ScopeState::complete);
  CHECK(own.found.at("1/actions/S3").flags == flags({ScopeFlag::selected_repos}));
  CHECK(notes_of(own.found.at("1/actions/S3")) == std::set<std::string>{"1 repository sees it, 0 of them public"});
}

TEST_CASE("a role that may not list secrets is not asked two thousand times") {
  FakeGitHub github;
  for (int i = 0; i < 60; ++i) {
    github.repositories.push_back({.id = 100 + i,
                                   .name = "r" + std::to_string(i),
                                   .secrets = {"A"},
                                   .permission = i % 2 == 0 ? "READ" : "ADMIN"});
  }
  Subject subject = subject_of(github, {{"concurrency", std::int64_t{2}}});
  const auto answer = subject.answer;
  subject.answer = [github, answer](const HttpRequest& request) -> Result<HttpResponse> {
    for (const auto& one : github.repositories) {
      if (one.permission == "READ" && request.url.target.find("/" + one.name + "/") != std::string::npos)
        return json("{}", 403);
    }
    return answer(request);
  };
  const auto swept = sweep(subject);
  const auto states = swept->sink.states();
  CHECK(std::count_if(states.begin(), states.end(), [](const auto& one) { return one.second == ScopeState::denied; }) ==
        30);
  CHECK(std::count_if(states.begin(), states.end(),
                      [](const auto& one) { return one.second == ScopeState::complete; }) == 31);
  const auto refused = std::count_if(swept->asked.begin(), swept->asked.end(), [&](const std::string& name) {
    return std::any_of(github.repositories.begin(), github.repositories.end(), [&](const auto& one) {
      return one.permission == "READ" && name.find("/" + one.name + "/") != std::string::npos;
    });
  });
  CHECK(refused <= 5);
}

TEST_CASE("the machine's clock may be set while a sweep is under way") {
  const Subject subject = subject_of(acme());
  struct Seen {
    std::vector<std::string> places;
    std::vector<std::string> asked;
    Clock::Instant::duration took{0};
  };
  const auto swept_with = [&](std::chrono::system_clock::duration jump) {
    ServiceWorld world(subject.answer);
    world.variables = subject.variables;
    const Services services = world.services();
    auto connector = subject.make(services);
    REQUIRE(connector);
    // Before each request a bit more.
    world.service.on_request = [&](const HttpRequest&, auto) { world.time.clock.set_wall_by(jump); };
    RecordingSink sink;
    const auto began = world.time.clock.now();
    REQUIRE(world.time.run((*connector)->sweep(sink)));
    for (const auto& [prefix, state] : sink.states()) CHECK(state == ScopeState::complete);
    return Seen{sink.places(), world.service.asked, world.time.clock.now() - began};
  };
  const Seen steady = swept_with(0s);
  for (const auto jump : {std::chrono::hours(24 * 365), -std::chrono::hours(24 * 365)}) {
    const Seen seen = swept_with(jump);
    CHECK(seen.places == steady.places);
    CHECK(seen.asked == steady.asked);
    CHECK(seen.took == steady.took);
  }
}

TEST_CASE("what was read before an interruption is not asked for again") {
  const Subject subject = subject_of(acme());
  ServiceWorld world(subject.answer);
  world.variables = subject.variables;
  auto connector = subject.make(world.services());
  REQUIRE(connector);
  RecordingSink sink;
  sink.read_before = {"1", "1/11", "1/14"};
  REQUIRE(world.time.run((*connector)->sweep(sink)));
  CHECK(world.service.times.size() == 4);
  CHECK(world.service.times.contains(subject.one_place));
  CHECK(sink.scopes.size() == 2);
}

TEST_CASE("an organisation that cannot be found is a scope that was not read") {
  const auto swept =
      sweep(subject_of(acme()), [](FakeService& service) { service.instead[kRest + "/orgs/acme"] = status(404); });
  CHECK(swept->result);
  CHECK(swept->sink.states() == std::map<std::string, ScopeState>{{"unknown/acme", ScopeState::denied}});
}

TEST_CASE("a service that goes away ends the sweep, and every scope that was begun says so") {
  FakeGitHub github;
  for (int i = 0; i < 200; ++i)
    github.repositories.push_back({.id = 100 + i, .name = "r" + std::to_string(i), .secrets = {"A"}});
  Subject subject = subject_of(github);
  const auto answer = subject.answer;
  int left = 50;
  subject.answer = [&left, answer](const HttpRequest& request) -> Result<HttpResponse> {
    if (--left < 0) return Error{ErrorKind::transient, "git.corp.example: reset"};
    return answer(request);
  };
  const auto swept = sweep(subject);
  REQUIRE_FALSE(swept->result);
  CHECK(swept->result.error().kind == ErrorKind::transient);
  const auto states = swept->sink.states();
  CHECK(states.size() == 201);
  CHECK(std::count_if(states.begin(), states.end(), [](const auto& one) { return one.second == ScopeState::failed; }) >
        150);
  // Each of those that failed was tried, and then nothing was asked any more.
  CHECK(swept->asked.size() < 200);
}

TEST_CASE("a list that shrinks while it is read calls nothing gone") {
  const Subject subject = subject_of(acme());
  const auto swept = sweep(subject, [&](FakeService& service) {
    service.instead["POST /api/graphql"] = [&](const HttpRequest& request) -> Result<HttpResponse> {
      auto response = *subject.answer(request);
      std::string body(response.body.view());
      body.replace(body.find("\"totalCount\":4"), 14, "\"totalCount\":5");
      return json(body);
    };
  });
  CHECK(swept->sink.states().at("1") == ScopeState::incomplete);
  CHECK_FALSE(swept->sink.scopes.at("1").end->covers("1/99/actions/X"));
}

TEST_CASE("requests stay as many at once as may be, without barriers") {
  FakeGitHub github;
  for (int i = 0; i < 300; ++i) {
    github.repositories.push_back({.id = 100 + i,
                                   .name = "r" + std::to_string(i),
                                   .secrets = {"A"},
                                   .environments = {{"a", {"A"}}, {"b", {"A"}}, {"c", {"A"}}}});
  }
  for (const std::int64_t at_once : {std::int64_t{16}, std::int64_t{64}}) {
    CAPTURE(at_once);
    const Subject subject = subject_of(github, {{"concurrency", at_once}});
    ServiceWorld world(subject.answer);
    world.variables = subject.variables;
    auto connector = subject.make(world.services());
    RecordingSink sink;
    const auto begun = world.time.clock.now();
    REQUIRE(world.time.run((*connector)->sweep(sink)));
    const auto took = std::chrono::duration<double>(world.time.clock.now() - begun).count();
    const auto requests = static_cast<double>(world.service.asked.size());
    CHECK(world.service.asked.size() == 1 + 3 + 2 + 300 * 4);
    CHECK(world.service.most_at_once <= static_cast<std::size_t>(at_once));
    CHECK(took <= 1.15 * requests * 0.05 / static_cast<double>(at_once) + 0.2);
  }
}

TEST_CASE("what a server is too old for is not there, and elsewhere it is hidden") {
  const std::vector<std::string> stores = {"actions", "agents"};
  const auto change = [](FakeService& service) {
    service.instead[kRest + "/orgs/acme/agents/secrets?per_page=100"] = status(404);
    service.instead[kRest + "/repos/acme/plain/agents/secrets?per_page=100"] = status(404);
  };
  const auto server = sweep(subject_of(acme(), {{"stores", stores}}), change);
  CHECK(server->sink.states().at("1") == ScopeState::complete);
  CHECK(server->sink.states().at("1/12") == ScopeState::complete);
}

TEST_CASE("the plan that is shown before a sweep is what the sweep asks for") {
  FakeGitHub github = acme();
  for (int i = 0; i < 150; ++i) github.repositories.push_back({.id = 100 + i, .name = "r" + std::to_string(i)});
  const Subject subject = subject_of(github);
  ServiceWorld world(subject.answer);
  world.variables = subject.variables;
  auto connector = subject.make(world.services());
  auto check = world.time.run((*connector)->check());
  REQUIRE(check);
  CHECK(check->identity == "ann");
  CHECK(check->missing.empty());
  CHECK(check->points == 22);
  std::uint64_t planned = 0;
  for (const auto& line : check->plan) planned += line.requests;
  const auto swept = sweep(subject);
  const auto queries = std::count(swept->asked.begin(), swept->asked.end(), "POST /api/graphql");
  CHECK(planned == swept->asked.size() - static_cast<std::size_t>(queries));
}

TEST_CASE("a check lists what is missing by name, and what else a user should know") {
  const Subject subject = subject_of(acme());
  ServiceWorld world(subject.answer);
  world.variables = subject.variables;
  const auto denied = status(403, {{"X-Accepted-GitHub-Permissions", "environments=read"}});
  world.service.instead[kRest + "/repos/acme/site/environments/production/secrets?per_page=100"] = denied;
  world.service.instead[kRest + "/orgs/acme/private-registries?per_page=100"] = status(404);
  world.service.instead[kRest + "/rate_limit"] =
      status(200, {{"github-authentication-token-expiration", "2026-12-01 14:18:07 UTC"}},
             R"({"resources": {"core": {"limit": 10}}})");
  auto connector = subject.make(world.services());
  auto check = world.time.run((*connector)->check());
  REQUIRE(check);
  CHECK(check->missing == std::vector<std::string>{
                              "private registries of the organisation: HTTP 404: gone, or hidden from this credential",
                              "environment secrets: HTTP 403: needs environments=read"});
  std::string remarks;
  for (const auto& remark : check->remarks) remarks += remark + "\n";
  CHECK(remarks.find("the token ends on 2026-12-01") != std::string::npos);
  CHECK(remarks.find("windows of an hour") != std::string::npos);
  CHECK(remarks.find("token_env") != std::string::npos);
}

/// The PEM of a new key, in a file of its own.
void write_key(const std::filesystem::path& file) {
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(EVP_RSA_gen(2048), EVP_PKEY_free);
  const std::unique_ptr<BIO, decltype(&BIO_free)> out(BIO_new(BIO_s_mem()), BIO_free);
  REQUIRE(PEM_write_bio_PKCS8PrivateKey(out.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) == 1);
  char* data = nullptr;
  const auto size = BIO_get_mem_data(out.get(), &data);
  write_file(file, std::string(data, static_cast<std::size_t>(size)));
}

/// An organisation that has installed an App for selected repositories. Its first token is refused in mid-sweep.
class AppInstalled {
 public:
  explicit AppInstalled(FakeGitHub github) : github_(std::move(github)) { github_.base = "/api/v3"; }
  int tokens = 0;
  const char* suspended = "null";

  Result<HttpResponse> operator()(const HttpRequest& request) {
    if (request.url.target == "/api/v3/orgs/acme/installation") {
      return json(
          std::string(
              R"({"id": 5, "repository_selection": "selected", "permissions": {"secrets": "read"}, "suspended_at": )") +
          suspended + "}");
    }
    if (request.method == "POST" && request.url.target == "/api/v3/app/installations/5/access_tokens") {
      return json(R"({"token": "canary-)" + std::to_string(++tokens) + R"(", "expires_at": "2100-01-01T00:00:00Z"})",
                  201);
    }
    return github_(request);
  }

 private:
  FakeGitHub github_;
};

TEST_CASE("an App asks as its installation, with a token that is renewed when it is refused") {
  const TempDirectory directory;
  write_key(directory / "key.pem");
  const auto app = std::make_shared<AppInstalled>(acme());
  Settings settings;
  settings.add({"org", std::string("acme")});
  settings.add({"api_url", std::string("https://git.corp.example/api/v3")});
  settings.add({"app", true});
  settings.add({"app.id", std::string("123")});
  settings.add({"app.key_file", (directory / "key.pem").native()});
  const Subject subject = {
      .answer = [app](const HttpRequest& request) { return (*app)(request); },
      .make = [settings](const Services& services) { return github::kEntry.make(settings, services); },
      .canary = "canary"};

  SUBCASE("from end to end") {
    std::set<std::string> proofs;
    const auto swept = sweep(subject, [&](FakeService& service) {
      service.on_request = [&](const HttpRequest& request, std::span<const SecretHeader> credential) {
        const std::string proof(credential[0].value.reveal());
        const bool as_app = request.url.target.find("/installation") != std::string::npos;
        CHECK(as_app == proof.starts_with("Bearer ey"));
        if (!as_app) proofs.insert(proof);
      };
      service.instead[kRest + "/repos/acme/plain/actions/secrets?per_page=100"] = [&, app](const HttpRequest& request) {
        return app->tokens == 1 ? json("{}", 401) : (*app)(request);
      };
    });
    CHECK(swept->result);
    CHECK(app->tokens == 2);
    CHECK(proofs == std::set<std::string>{"Bearer canary-1", "Bearer canary-2"});
    for (const auto& [prefix, state] : swept->sink.states()) CHECK(state == ScopeState::complete);
    // It sees selected repositories: what it does not see is not gone, and the user is told.
    const SeenScope& own = swept->sink.scopes.at("1");
    CHECK_FALSE(own.end->covers("1/99/actions/X"));
    REQUIRE(own.gaps.size() == 1);
    CHECK_FALSE(own.gaps[0].incomplete);
  }
  SUBCASE("a suspended one is an error") {
    app->suspended = R"("2026-01-02T03:04:05Z")";
    const auto swept = sweep(subject);
    REQUIRE_FALSE(swept->result);
    CHECK(swept->result.error().what == "acme: the App's installation in acme is suspended");
  }
  SUBCASE("one that is not installed is an error") {
    const auto swept =
        sweep(subject, [](FakeService& service) { service.instead[kRest + "/orgs/acme/installation"] = status(404); });
    REQUIRE_FALSE(swept->result);
    CHECK(swept->sink.scopes.empty());
  }
  SUBCASE("a key that others may read is an error") {
    write_file(directory / "key.pem", "x", 0644);
    const auto swept = sweep(subject);
    REQUIRE_FALSE(swept->result);
    CHECK(swept->asked.empty());
  }
}

TEST_CASE("settings that cannot be meant are refused before anything is asked") {
  ServiceWorld world(acme());
  for (const std::string wrong : {"acme/site", "https://github.com/acme", "", "a b"}) {
    Settings settings;
    settings.add({"org", wrong});
    CHECK_FALSE(github::kEntry.make(settings, world.services()));
  }
  const std::vector<std::string> stores = {"secrets"};
  CHECK_FALSE(github::kEntry.make(settings_of({{"stores", stores}}), world.services()));
  CHECK(world.service.asked.empty());
}

}  // namespace
