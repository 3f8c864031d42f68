#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "tests/connectors/circleci_fake.hpp"
#include "tests/connectors/conformance.hpp"

namespace {

using namespace tokensweep;
using tokensweep::circleci::testing::CircleCiFixture;
using tokensweep::circleci::testing::Reply;

const std::string kMe = "/api/v2/me";
const std::string kOrganisations = "/api/v2/me/collaborations";
const std::string kContexts = "/api/v2/context?owner-slug=gh%2Facme";
const std::string kFollowed = "/api/v1.1/projects";
const std::string kSite = "/api/v2/project/gh/acme/site/envvar";

std::string context_path(const std::string& id) { return "/api/v2/context/" + id; }
std::string variables_path(const std::string& id) { return context_path(id) + "/environment-variable"; }
std::string restrictions_path(const std::string& id) { return context_path(id) + "/restrictions"; }

std::string page(const std::string& items, const std::string& next = "") {
  return R"({"items":[)" + items + R"(],"next_page_token":)" + (next.empty() ? "null" : "\"" + next + "\"") + "}";
}

std::string context(const std::string& id, const std::string& name) {
  return R"({"id":")" + id + R"(","name":")" + name + R"(","created_at":"2023-01-01T00:00:00.000Z"})";
}

std::string variable(const std::string& name, const std::string& ending = "4f2a") {
  return R"({"variable":")" + name + R"(","truncated_value":"xxxx)" + ending +
         R"(","created_at":"2024-01-01T00:00:00.000Z","updated_at":"2025-06-01T00:00:00.000Z"})";
}

std::string variables(int count) {
  std::string all;
  for (int i = 0; i < count; ++i) all += (i > 0 ? "," : "") + variable("V" + std::to_string(100 + i));
  return all;
}

std::string restriction(const std::string& type) { return R"({"restriction_type":")" + type + R"("})"; }

std::string detail(const std::string& id, const std::string& embedded, const std::string& restrictions) {
  return R"({"id":")" + id + R"(","name":"n","environment_variables":[)" + embedded + R"(],"restrictions":[)" +
         restrictions + "]}";
}

/// An organisation with a context that embeds its lists, one that is followed, and one project.
void set_up(CircleCiFixture& fixture) {
  auto& script = fixture.script;
  script.set(kMe, R"({"id":"u","login":"ann","name":"Ann"})");
  script.set(kOrganisations, R"([{"id":"org-1","slug":"gh/acme","name":"acme"},{"id":"org-2","slug":"gh/other"}])");
  script.set(kContexts, page(context("ctx-1", "deploy")));
  script.set(context_path("ctx-1"), detail("ctx-1", variable("NPM_TOKEN"), ""));
  script.set(kFollowed, R"([{"slug":"gh/acme/site"},{"slug":"gh/other/thing"}])");
  script.set(kSite, page(R"({"name":"NPM_TOKEN","value":"xxxx9Zx8","created_at":"2024-05-01T00:00:00.000Z"})"));
}

const std::string kListGap =
    "  org-1/project/?: 1 followed by the token's user, 0 more of `projects`, 0 more of `candidates`: CircleCI has no "
    "list of all projects\n";
const std::string kSiteText =
    "org-1/project/site | gh/acme/site | complete\n"
    "  org-1/project/site/NPM_TOKEN NPM_TOKEN …9Zx8 created_at created 2024-05-01T00:00:00Z project [ci-secret]\n";

long asked(const CircleCiFixture& fixture, const std::string& target) {
  return std::ranges::count(fixture.script.asked, target);
}

TEST_CASE("a sweep sees what contexts and projects hold, and each sweep the same") {
  CircleCiFixture fixture;
  set_up(fixture);
  REQUIRE(fixture.sweep().has_value());
  const std::string expected =
      "org-1/context | gh/acme | complete\n"
      "org-1/context/ctx-1 | gh/acme/deploy | complete\n"
      "  org-1/context/ctx-1/NPM_TOKEN NPM_TOKEN …4f2a updated_at created 2024-01-01T00:00:00Z updated "
      "2025-06-01T00:00:00Z context unrestricted-context [ci-secret] [note: every project of the organisation can use "
      "the context]\n"
      "org-1/project | gh/acme | complete\n" +
      kListGap + kSiteText;
  CHECK(fixture.sink.text() == expected);
  CHECK(fixture.script.asked.size() == 5);
  for (const auto& [prefix, seen] : fixture.sink.scopes) {
    CHECK(seen.scope.source == "circleci");
    CHECK(seen.scope.name == "ci");
    CHECK(seen.scope.realm == "circleci:circleci.com");
  }
  REQUIRE(fixture.sweep().has_value());
  CHECK(fixture.sink.text() == expected);
}

TEST_CASE("what is restricted is said of each variable of a context") {
  struct Case {
    const char* what;
    std::string restrictions;
    bool unrestricted;
    std::string note;
  };
  const auto several = [](std::initializer_list<const char*> types) {
    std::string all;
    for (const char* type : types) all += (all.empty() ? "" : ",") + restriction(type);
    return all;
  };
  const Case cases[] = {
      {"none", "", true, "every project of the organisation can use the context"},
      {"groups only", several({"group", "group"}), true,
       "every project of the organisation can use the context, in pipelines of the members of 2 groups"},
      {"one project", several({"project"}), false, "the context is restricted to 1 project"},
      {"an expression", several({"expression"}), false, "the context is restricted to 1 expression"},
      {"of each kind", several({"project", "expression", "project", "group"}), false,
       "the context is restricted to 2 projects, 1 expression, 1 group"},
      {"of a kind that nobody knows", several({"moon"}), false, "the context is restricted to 1 thing of another kind"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.what);
    CircleCiFixture fixture;
    set_up(fixture);
    fixture.script.set(context_path("ctx-1"), detail("ctx-1", variable("NPM_TOKEN"), c.restrictions));
    REQUIRE(fixture.sweep().has_value());
    const auto& sighting = fixture.sink.at("org-1/context/ctx-1")->found.at("org-1/context/ctx-1/NPM_TOKEN");
    CHECK(sighting.flags.has(ScopeFlag::context));
    CHECK(sighting.flags.has(ScopeFlag::unrestricted_context) == c.unrestricted);
    CHECK(sighting.evidence.at(1).value == c.note);
  }
}

TEST_CASE("a server that embeds nothing is asked for lists, and for details no more") {
  CircleCiFixture fixture;
  set_up(fixture);
  fixture.add("concurrency", std::int64_t{1});
  fixture.script.set(kContexts, page(context("ctx-1", "a") + "," + context("ctx-2", "b")));
  for (const std::string id : {"ctx-1", "ctx-2"}) {
    fixture.script.set(context_path(id), context(id, "n"));
    fixture.script.set(restrictions_path(id), page(restriction("project")));
    fixture.script.set(variables_path(id), page(variable("A"), "p 2/+"));
    fixture.script.set(variables_path(id) + "?page-token=p%202%2F%2B", page(variable("B")));
  }
  REQUIRE(fixture.sweep().has_value());
  CHECK(asked(fixture, context_path("ctx-1")) == 1);
  CHECK(asked(fixture, context_path("ctx-2")) == 0);
  for (const std::string id : {"ctx-1", "ctx-2"}) {
    const auto* seen = fixture.sink.at("org-1/context/" + id);
    REQUIRE(seen != nullptr);
    CHECK(seen->found.size() == 2);
    CHECK(seen->end->state == ScopeState::complete);
    CHECK_FALSE(seen->found.begin()->second.flags.has(ScopeFlag::unrestricted_context));
  }
}

TEST_CASE("an embedded list as long as a page is held against the pages") {
  for (const int count : {19, 20, 21}) {
    CAPTURE(count);
    CircleCiFixture fixture;
    set_up(fixture);
    fixture.script.set(context_path("ctx-1"), detail("ctx-1", variables(count), ""));
    fixture.script.set(variables_path("ctx-1"), page(variables(20), "2"));
    fixture.script.set(variables_path("ctx-1") + "?page-token=2", page(variable("BEHIND")));
    REQUIRE(fixture.sweep().has_value());
    const auto* seen = fixture.sink.at("org-1/context/ctx-1");
    CHECK(seen->found.contains("org-1/context/ctx-1/BEHIND") == (count >= 20));
    CHECK(asked(fixture, variables_path("ctx-1")) == (count >= 20 ? 1 : 0));
  }
}

TEST_CASE("restrictions that cannot be read leave the variables, and a gap") {
  struct Case {
    const char* what;
    int status;
    bool missed;
    const char* reason;
  };
  const Case cases[] = {
      {"an older server", 404, false, "restrictions: HTTP 404: not there, or not for the token's user to see"},
      {"not for us", 403, false, "restrictions: HTTP 403: the token's user may not see it"},
      {"a failure", 500, true, "restrictions: HTTP 500"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.what);
    CircleCiFixture fixture;
    set_up(fixture);
    fixture.script.set(context_path("ctx-1"), context("ctx-1", "deploy"));
    fixture.script.set(restrictions_path("ctx-1"), Reply{c.status, "", {}});
    fixture.script.set(variables_path("ctx-1"), page(variable("NPM_TOKEN")));
    REQUIRE(fixture.sweep().has_value());
    const auto* seen = fixture.sink.at("org-1/context/ctx-1");
    REQUIRE(seen->found.size() == 1);
    CHECK_FALSE(seen->found.begin()->second.flags.has(ScopeFlag::unrestricted_context));
    REQUIRE(seen->gaps.size() == 1);
    CHECK(seen->gaps[0].place == "org-1/context/ctx-1/?restrictions");
    CHECK(seen->gaps[0].incomplete == c.missed);
    CHECK(seen->gaps[0].reason == c.reason);
  }
}

TEST_CASE("one place that cannot be read costs no other") {
  struct Case {
    const char* what;
    Reply reply;
    ScopeState state;
    std::string reason;
    long requests;
  };
  const std::string hidden = "hidden";
  const Case cases[] = {
      {"not for us",
       {403, R"({"message":"hidden"})", {}},
       ScopeState::denied,
       "HTTP 403: the token's user may not see it",
       1},
      {"not there, or not for us to know",
       {404, R"({"message":"hidden"})", {}},
       ScopeState::denied,
       "HTTP 404: not there, or not for the token's user to see",
       1},
      {"a failure that stays", {502, "<html>hidden", {}}, ScopeState::failed, "HTTP 502", 1},
      {"a refusal that is too long to wait for",
       {0, "", Error{ErrorKind::throttled, "ci: come back in 2 h"}},
       ScopeState::failed,
       "come back in 2 h",
       1},
      {"no answer", {0, "", Error{ErrorKind::transient, "ci: no answer"}}, ScopeState::failed, "no answer", 1},
      {"a page of the web", {200, "<html>hidden", {}}, ScopeState::failed, "a web page in place of JSON", 2},
      {"half an answer", {200, R"({"items":[{"name":"hidden)", {}}, ScopeState::failed, "no JSON: byte 26", 2},
      {"a value of another type",
       {200, page(R"({"name":"A","value":["hidden"]})"), {}},
       ScopeState::failed,
       "items 1: value: expected a text",
       2},
  };
  for (const Case& c : cases) {
    CAPTURE(c.what);
    CircleCiFixture fixture;
    set_up(fixture);
    fixture.script.set(kSite, c.reply);
    REQUIRE(fixture.sweep().has_value());
    const auto* site = fixture.sink.at("org-1/project/site");
    REQUIRE(site->end.has_value());
    CHECK(site->end->state == c.state);
    CHECK(site->end->reason == c.reason);
    CHECK(asked(fixture, kSite) == c.requests);
    CHECK(fixture.sink.at("org-1/context/ctx-1")->end->state == ScopeState::complete);
    CHECK(fixture.sink.at("org-1/context/ctx-1")->found.size() == 1);
    CHECK(fixture.sink.text().find(hidden) == std::string::npos);
  }
}

TEST_CASE("what could not be read once is read the second time") {
  CircleCiFixture fixture;
  set_up(fixture);
  fixture.script.replies[kSite] = {Reply{200, "<html>", {}}, Reply{200, page(R"({"name":"A"})"), {}}};
  REQUIRE(fixture.sweep().has_value());
  CHECK(fixture.sink.at("org-1/project/site")->end->state == ScopeState::complete);
  CHECK(fixture.sink.at("org-1/project/site")->found.size() == 1);
}

TEST_CASE("pages that go round end, and so does what never ends") {
  CircleCiFixture fixture;
  set_up(fixture);
  fixture.script.set(kSite, page(R"({"name":"A"})", "2"));
  fixture.script.set(kSite + "?page-token=2", page(R"({"name":"B"})", "3"));
  fixture.script.set(kSite + "?page-token=3", page("", "2"));
  REQUIRE(fixture.sweep().has_value());
  const auto* site = fixture.sink.at("org-1/project/site");
  CHECK(site->end->state == ScopeState::failed);
  CHECK(site->end->reason == "its pages go round or never end");
  CHECK(site->found.size() == 2);
  CHECK(asked(fixture, kSite + "?page-token=2") == 1);
}

TEST_CASE("contexts that move from page to page while the list is read are read once") {
  CircleCiFixture fixture;
  set_up(fixture);
  fixture.script.set(kContexts, page(context("ctx-1", "a") + "," + context("ctx-2", "b"), "2"));
  fixture.script.set(kContexts + "&page-token=2", page(context("ctx-2", "b"), "3"));
  fixture.script.set(kContexts + "&page-token=3", page(""));
  fixture.script.set(context_path("ctx-2"), detail("ctx-2", "", ""));
  REQUIRE(fixture.sweep().has_value());
  CHECK(asked(fixture, context_path("ctx-2")) == 1);
  CHECK(fixture.sink.at("org-1/context")->end->state == ScopeState::complete);
}

TEST_CASE("only a list that was read to its end lets contexts go, and only those that it lacks") {
  CircleCiFixture fixture;
  set_up(fixture);
  REQUIRE(fixture.sweep().has_value());
  const auto& whole = *fixture.sink.at("org-1/context")->end;
  REQUIRE(whole.covers);
  CHECK(whole.covers("org-1/context/ctx-0/NPM_TOKEN"));
  CHECK(whole.covers("org-1/context/ctx-11/NPM_TOKEN"));
  CHECK_FALSE(whole.covers("org-1/context/ctx-1/NPM_TOKEN"));
  CHECK_FALSE(fixture.sink.at("org-1/project")->end->covers("org-1/project/old/NPM_TOKEN"));

  fixture.script.set(kContexts, page(context("ctx-1", "deploy"), "2"));
  fixture.script.set(kContexts + "&page-token=2", Reply{500, "", {}});
  REQUIRE(fixture.sweep().has_value());
  CHECK(fixture.sink.at("org-1/context")->end->state == ScopeState::failed);
  CHECK(fixture.sink.at("org-1/context")->end->reason == "contexts: HTTP 500");
  CHECK(fixture.sink.at("org-1/context/ctx-1")->end->state == ScopeState::complete);
}

TEST_CASE("projects come from three places, each once, and only those of the organisation") {
  CircleCiFixture fixture;
  set_up(fixture);
  fixture.add("projects", std::vector<std::string>{"gh/acme/site", "gh/acme/named"});
  fixture.add("candidates", std::vector<std::string>{"gh/acme/named", "gh/acme/no-project", "gh/acme/perhaps"});
  fixture.script.set("/api/v2/project/gh/acme/perhaps/envvar", page(""));
  REQUIRE(fixture.sweep().has_value());
  const auto state = [&](const std::string& project) {
    return fixture.sink.at("org-1/project/" + project)->end->state;
  };
  CHECK(state("site") == ScopeState::complete);
  CHECK(state("named") == ScopeState::denied);
  CHECK(state("no-project") == ScopeState::skipped);
  CHECK(state("perhaps") == ScopeState::complete);
  CHECK(fixture.sink.at("org-1/project")
            ->gaps.at(0)
            .reason.starts_with("1 followed by the token's user, 1 more of `projects`, 2 more of `candidates`"));
  CHECK(fixture.sink.scopes.size() == 7);
  CHECK(asked(fixture, kSite) == 1);
}

TEST_CASE("without the followed projects, those that are named are read, and the list is not complete") {
  CircleCiFixture fixture;
  set_up(fixture);
  fixture.add("projects", std::vector<std::string>{"gh/acme/site"});
  fixture.script.set(kFollowed, Reply{404, "", {}});
  REQUIRE(fixture.sweep().has_value());
  CHECK(fixture.sink.at("org-1/project/site")->end->state == ScopeState::complete);
  CHECK(fixture.sink.at("org-1/project")->end->state == ScopeState::denied);
  CHECK(fixture.sink.at("org-1/project")->end->reason ==
        "followed projects: HTTP 404: not there, or not for the token's user to see");
}

TEST_CASE("an organisation that is not the user's has a scope that says so") {
  CircleCiFixture fixture;
  set_up(fixture);
  fixture.settings = Settings();
  fixture.add("orgs", std::vector<std::string>{"gh/acme", "gh/strange", "gh/acme"});
  REQUIRE(fixture.sweep().has_value());
  const auto* strange = fixture.sink.at("gh%2Fstrange");
  REQUIRE(strange != nullptr);
  CHECK(strange->end->state == ScopeState::denied);
  CHECK(strange->end->reason == "the token's user is not in this organisation");
  CHECK(fixture.sink.scopes.size() == 5);
}

TEST_CASE("a resumed sweep asks for nothing that it has read") {
  CircleCiFixture fixture;
  set_up(fixture);
  fixture.sink.read_before = {"org-1/context/ctx-1", "org-1/project/site"};
  REQUIRE(fixture.sweep().has_value());
  CHECK(fixture.script.asked == std::vector<std::string>{kOrganisations, kContexts, kFollowed});
  fixture.sink.read_before = {"org-1/context", "org-1/project"};
  REQUIRE(fixture.sweep().has_value());
  CHECK(fixture.script.asked == std::vector<std::string>{kOrganisations});
  CHECK(fixture.sink.scopes.empty());
}

TEST_CASE("what says that nothing else will come ends the source, and every scope that was begun") {
  struct Case {
    const char* what;
    std::string target;
    Reply reply;
    std::string error;
  };
  const std::string refused = "https://circleci.com does not accept the credential (HTTP 401)";
  const Reply unauthorized{0, "", Error{ErrorKind::misconfigured, "ci: " + refused}};
  const Case cases[] = {
      {"at the first request", kOrganisations, unauthorized, "ci: organisations: " + refused},
      {"in the list of contexts", kContexts, unauthorized, "ci: contexts: " + refused},
      {"in a context", context_path("ctx-1"), unauthorized, "ci: " + refused},
      {"in the list of projects", kFollowed, unauthorized, "ci: followed projects: " + refused},
      {"in a project", kSite, unauthorized, "ci: " + refused},
      {"a certificate that nobody trusts", kContexts,
       Reply{0, "", Error{ErrorKind::misconfigured, "ci: certificate not trusted"}},
       "ci: contexts: certificate not trusted"},
      {"no connection at all", kOrganisations, Reply{0, "", Error{ErrorKind::transient, "ci: no connection"}},
       "ci: organisations: no connection"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.what);
    CircleCiFixture fixture;
    set_up(fixture);
    fixture.script.set(c.target, c.reply);
    const auto swept = fixture.sweep();
    REQUIRE_FALSE(swept.has_value());
    CHECK(swept.error().what == c.error);
    for (const auto& [prefix, seen] : fixture.sink.scopes) {
      CAPTURE(prefix);
      REQUIRE(seen.end.has_value());
      const bool read_before = prefix.ends_with("ctx-1") && c.target != context_path("ctx-1");
      CHECK((seen.end->state == ScopeState::failed) == !read_before);
    }
  }
}

TEST_CASE("as many requests are under way as may be, and no more") {
  for (const std::int64_t most : {1, 4, 9}) {
    CAPTURE(most);
    CircleCiFixture fixture;
    set_up(fixture);
    if (most != 4) fixture.add("concurrency", most);
    std::string contexts;
    for (int i = 0; i < 30; ++i) {
      const std::string id = "many-" + std::to_string(i);
      contexts += (i > 0 ? "," : "") + context(id, id);
      fixture.script.set(context_path(id), detail(id, variable("A"), ""));
    }
    fixture.script.set(kContexts, page(contexts));
    REQUIRE(fixture.sweep().has_value());
    CHECK(fixture.sink.scopes.size() == 33);
    // The lists are read beside what they name.
    CHECK(fixture.script.most_in_flight >= static_cast<std::size_t>(most));
    CHECK(fixture.script.most_in_flight <= static_cast<std::size_t>(most) + 1);
    CHECK(fixture.script.options.limits.in_flight == static_cast<unsigned>(most));
  }
}

TEST_CASE("the client is made for one origin, at the pace that the service bears") {
  CircleCiFixture fixture;
  set_up(fixture);
  REQUIRE(fixture.sweep().has_value());
  const ClientOptions& options = fixture.script.options;
  CHECK(options.name == "ci");
  CHECK(to_string(options.origin) == "https://circleci.com");
  CHECK(options.limits.rate == 5.0);
  CHECK(options.identity.empty());
  CHECK_FALSE(options.proxy);
}

TEST_CASE("settings that cannot be meant are refused before anything is asked") {
  struct Case {
    const char* what;
    const char* key;
    SettingValue value;
    const char* error;
  };
  using Texts = std::vector<std::string>;
  const Case cases[] = {
      {"an organisation without its host", "org", std::string("acme"),
       "org: entry 1: expected an organisation's slug, such as gh/acme"},
      {"a project in place of an organisation", "orgs", Texts{"gh/acme", "gh/acme/site"},
       "orgs: entry 2: expected an organisation's slug, such as gh/acme"},
      {"a project without its organisation", "projects", Texts{"site"},
       "projects: entry 1: expected a project's slug, such as gh/acme/site"},
      {"a project of another organisation", "projects", Texts{"gh/acme/site", "gh/acme-2/site"},
       "projects: entry 2: expected a project of one of the source's organisations"},
      {"a candidate of another organisation", "candidates", Texts{"bb/acme/site"},
       "candidates: entry 1: expected a project of one of the source's organisations"},
      {"a host with a path", "host", std::string("https://circle.corp.example/api"),
       "host: expected an address without a path"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.what);
    CircleCiFixture fixture;
    if (std::string_view(c.key).starts_with("org")) fixture.settings = Settings();
    fixture.add(c.key, c.value);
    const auto made = fixture.make();
    REQUIRE_FALSE(made.has_value());
    CHECK(made.error().kind == ErrorKind::misconfigured);
    CHECK(made.error().what == c.error);
    CHECK(fixture.script.asked.empty());
  }
}

std::string text(const SourceCheck& check) {
  std::string all = check.identity + "\n";
  for (const auto& line : check.plan) all += "plan: " + line.what + ": " + std::to_string(line.requests) + "\n";
  for (const auto& line : check.missing) all += "missing: " + line + "\n";
  for (const auto& line : check.remarks) all += "remark: " + line + "\n";
  return all + std::to_string(check.at_least.count()) + " s\n";
}

TEST_CASE("a check tells what a sweep reads, what it costs, and where the projects come from") {
  CircleCiFixture fixture;
  set_up(fixture);
  fixture.script.set(kContexts, page(context("ctx-1", "a") + "," + context("ctx-2", "b"), "2"));
  fixture.script.set(kContexts + "&page-token=2", page(context("ctx-3", "c")));
  const auto check = fixture.check();
  REQUIRE(check.has_value());
  CHECK(
      text(*check) ==
      "ann\n"
      "plan: the user's organisations and followed projects: 2\n"
      "plan: list of the contexts of gh/acme: 2\n"
      "plan: variables of 3 contexts of gh/acme: 3\n"
      "plan: variables of 1 project of gh/acme: 1\n"
      "remark: gh/acme: 1 followed by the token's user, 0 more of `projects`, 0 more of `candidates`: CircleCI has no "
      "list of all projects\n"
      "remark: the token is that of CIRCLE_TOKEN\n"
      "2 s\n");
  CHECK(fixture.script.asked == std::vector<std::string>{kMe, kOrganisations, kFollowed, kContexts,
                                                         kContexts + "&page-token=2", context_path("ctx-1"), kSite});
}

TEST_CASE("a check names what is missing") {
  CircleCiFixture fixture;
  set_up(fixture);
  fixture.settings = Settings();
  fixture.add("orgs", std::vector<std::string>{"gh/strange", "gh/acme"});
  fixture.script.set(kContexts, Reply{403, "", {}});
  fixture.script.set(kSite, Reply{404, "", {}});
  const auto check = fixture.check();
  REQUIRE(check.has_value());
  CHECK(check->missing == std::vector<std::string>{
                              "gh/strange: the token's user is not in this organisation",
                              "contexts of gh/acme: HTTP 403: the token's user may not see it",
                              "variables of gh/acme/site: HTTP 404: not there, or not for the token's user to see",
                          });
}

TEST_CASE("a check of a server that embeds nothing counts both lists of each context") {
  CircleCiFixture fixture;
  set_up(fixture);
  fixture.script.set(context_path("ctx-1"), context("ctx-1", "deploy"));
  const auto check = fixture.check();
  REQUIRE(check.has_value());
  CHECK(check->plan.at(2).requests == 2);
}

TEST_CASE("a check with a token that is not valid is an error") {
  for (const std::string& target : {kMe, kOrganisations, kFollowed, kContexts, context_path("ctx-1"), kSite}) {
    CAPTURE(target);
    CircleCiFixture fixture;
    set_up(fixture);
    fixture.script.set(target, Reply{0, "", Error{ErrorKind::misconfigured, "ci: HTTP 401"}});
    const auto check = fixture.check();
    REQUIRE_FALSE(check.has_value());
    CHECK(check.error().what.starts_with("ci: "));
    CHECK(check.error().what.ends_with("HTTP 401"));
  }
}

TEST_CASE("CircleCI conforms, in the real client's hands") {
  using tokensweep::testing::json;
  tokensweep::testing::Subject subject;
  subject.answer = [](const HttpRequest& request) -> Result<HttpResponse> {
    CircleCiFixture fixture;
    set_up(fixture);
    const auto found = fixture.script.replies.find(request.url.target);
    return found == fixture.script.replies.end() ? json("{}", 404) : json(found->second.front().body);
  };
  subject.make = [](const Services& services) {
    Settings settings;
    settings.add({"org", std::string("gh/acme"), 1});
    return circleci::kEntry.make(settings, services);
  };
  subject.variables = {{"CIRCLE_TOKEN", "canary-token"}};
  subject.one_place = "GET " + kSite;
  subject.one_prefix = "org-1/project/site";
  subject.canary = "canary";
  tokensweep::testing::check_conformance(subject);
}

}  // namespace
