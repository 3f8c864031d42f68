#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "connectors/github/workflow.hpp"
#include "connectors/github/workflow_uses.hpp"

namespace {

using namespace tokensweep;
using namespace tokensweep::github;

/// `NAME purpose`, with the environment and directory where there are some, and `identity` where the job has one.
std::string in_words(const WorkflowUse& use) {
  constexpr const char* kPurposes[] = {"installs", "unclear", "publishes"};
  std::string words = use.secret + " " + kPurposes[static_cast<int>(use.purpose)];
  if (!use.environment.empty()) words += " @" + use.environment;
  if (!use.directory.empty()) words += " in " + use.directory;
  if (use.has_identity) words += " identity";
  if (!use.passed_to.empty()) words += " to " + use.passed_to;
  return words;
}

template <class Use>
std::string in_words(const std::vector<Use>& uses) {
  std::set<std::string> sorted;
  for (const Use& use : uses) sorted.insert(in_words(use));
  std::string all;
  for (const std::string& one : sorted) all += (all.empty() ? "" : "; ") + one;
  return all;
}

TEST_CASE("the names of secrets in expressions") {
  const struct {
    const char* what;
    const char* text;
    std::set<std::string> names;
  } cases[] = {
      {"a name", "${{ secrets.NPM_TOKEN }}", {"NPM_TOKEN"}},
      {"in any case, without spaces", "x${{Secrets.npm_token}}y", {"NPM_TOKEN"}},
      {"in brackets", "${{ secrets['NPM_TOKEN'] }}", {"NPM_TOKEN"}},
      {"two in one expression", "${{ secrets.A || secrets.B }}", {"A", "B"}},
      {"two expressions", "${{ secrets.A }}${{ secrets.B }}", {"A", "B"}},
      {"one that is computed", "${{ secrets[matrix.token] }}", {"*"}},
      {"all of them", "${{ toJSON(secrets) }}", {"*"}},
      {"the one that each job gets", "${{ secrets.GITHUB_TOKEN }}", {}},
      {"outside of an expression", "echo $secrets.NPM_TOKEN", {}},
      {"another word", "${{ inputs.secrets.A }}${{ mysecrets.B }}${{ secretsmanager.C }}", {}},
      {"an expression that never ends", "${{ secrets.A", {"A"}},
      {"a quote that never ends", "${{ secrets['A", {"A"}},
  };
  for (const auto& c : cases) {
    CAPTURE(c.what);
    CHECK(secrets_in(c.text) == c.names);
  }
}

TEST_CASE("what a workflow does with secrets") {
  const struct {
    const char* what;
    const char* jobs;
    const char* uses;
  } cases[] = {
      {"a step that publishes", "j: {steps: [{run: npm publish, env: {T: '${{ secrets.A }}'}}]}", "A publishes"},
      {"a step that installs", "j: {steps: [{run: npm ci, env: {T: '${{ secrets.A }}'}}]}", "A installs"},
      {"a step's env is that step's alone",
       "j: {steps: [{run: npm ci, env: {T: '${{ secrets.A }}'}}, {run: npm publish}]}", "A installs"},
      {"a job's env is all its steps'", "j: {env: {T: '${{ secrets.A }}'}, steps: [{run: npm ci}, {run: npm publish}]}",
       "A publishes"},
      {"another job does not count",
       "j: {env: {T: '${{ secrets.A }}'}, steps: [{run: npm ci}]}\n  k: {steps: [{run: "
       "npm publish}]}",
       "A installs"},
      {"a script's secret stays for the steps behind",
       "j: {steps: [{run: 'echo ${{ secrets.A }} >x'}, {run: npm publish}]}", "A publishes"},
      {"and not for those before", "j: {steps: [{run: npm publish}, {run: 'npm ci --x=${{ secrets.A }}'}]}",
       "A installs"},
      {"a step that writes an .npmrc keeps its env",
       "j: {steps: [{run: 'echo x=$T > .npmrc', env: {T: '${{ secrets.A }}'}}, {run: npm publish}]}", "A publishes"},
      {"what goes to an action stays",
       "j: {steps: [{uses: acme/login@v1, with: {t: '${{ secrets.A }}'}}, {run: npm ci}]}", "A installs"},
      {"an action that publishes",
       "j: {steps: [{uses: JS-DevTools/npm-publish@v3, with: {token: '${{ secrets.A }}'}}]}", "A publishes"},
      {"an action that is told to publish",
       "j: {steps: [{uses: acme/retry@v1, with: {command: pnpm -F x publish}, env: {T: '${{ secrets.A }}'}}]}",
       "A publishes"},
      {"a script that nobody knows", "j: {steps: [{run: ./ship.sh, env: {T: '${{ secrets.A }}'}}]}", "A unclear"},
      {"an install beside a script whose name speaks of publishing",
       "j: {env: {T: '${{ secrets.A }}'}, steps: [{run: npm ci}, {run: ./Publish.sh}]}", "A unclear"},
      {"an action of the repository's own",
       "j: {steps: [{uses: ./.github/actions/x, with: {t: '${{ secrets.A }}'}}, {run: npm ci}]}", "A unclear"},
      {"a container's credentials",
       "j: {container: {credentials: {password: '${{ secrets.A }}'}}, steps: [{run: npm ci}]}", "A unclear"},
      {"an environment", "j: {environment: Production, steps: [{run: npm publish, env: {T: '${{ secrets.A }}'}}]}",
       "A publishes @production"},
      {"an environment with an address",
       "j: {environment: {name: prod, url: x}, steps: [{run: npm ci, env: {T: '${{ secrets.A }}'}}]}",
       "A installs @prod"},
      {"an environment that is computed",
       "j: {environment: '${{ inputs.e }}', steps: [{run: npm ci, env: {T: '${{ secrets.A }}'}}]}", "A installs @*"},
      {"a directory", "j: {steps: [{run: npm publish, working-directory: a/b, env: {T: '${{ secrets.A }}'}}]}",
       "A publishes in a/b"},
      {"a job's directory",
       "j: {defaults: {run: {working-directory: a}}, steps: [{run: npm publish, env: {T: '${{ secrets.A }}'}}]}",
       "A publishes in a"},
      {"the root beside a directory",
       "j: {env: {T: '${{ secrets.A }}'}, steps: [{run: npm publish, working-directory: a}, {run: npm publish}]}",
       "A publishes"},
      {"an identity", "j: {permissions: {id-token: write}, steps: [{run: npm publish, env: {T: '${{ secrets.A }}'}}]}",
       "A publishes identity"},
      {"a job is no object", "j: 1", ""},
      {"steps that are no list", "j: {steps: {run: npm publish}}", ""},
  };
  for (const auto& c : cases) {
    CAPTURE(c.what);
    const auto workflow = read_workflow(std::string("on: push\njobs:\n  ") + c.jobs + "\n");
    REQUIRE(workflow);
    CHECK(in_words(workflow->uses) == c.uses);
    CHECK(workflow->starts_itself);
  }
}

TEST_CASE("what stands above all jobs holds for each") {
  const auto workflow = read_workflow(
      "on: {push: {}}\npermissions: write-all\nenv: {T: '${{ secrets.A }}'}\ndefaults: {run: {working-directory: w}}\n"
      "jobs:\n  a: {steps: [{run: npm publish}]}\n  b: {permissions: {contents: read}, steps: [{run: npm ci}]}\n");
  REQUIRE(workflow);
  CHECK(in_words(workflow->uses) == "A installs; A publishes in w identity");
}

TEST_CASE("who starts a workflow") {
  const struct {
    const char* on;
    bool itself;
  } cases[] = {{"push", true},
               {"workflow_call", false},
               {"[workflow_call]", false},
               {"[workflow_call, push]", true},
               {"{workflow_call: {}}", false},
               {"{workflow_call: {}, schedule: []}", true}};
  for (const auto& c : cases) {
    CAPTURE(c.on);
    CHECK(read_workflow(std::string("on: ") + c.on).value().starts_itself == c.itself);
  }
  CHECK(!read_workflow("").value().starts_itself);
}

TEST_CASE("a job that publishes without a token is told of") {
  const struct {
    const char* what;
    const char* job;
    bool tokenless;
  } cases[] = {
      {"by its identity", "{permissions: {id-token: write}, steps: [{run: npm publish}]}", true},
      {"without one", "{steps: [{run: npm publish}]}", false},
      {"with a token", "{permissions: {id-token: write}, steps: [{run: npm publish, env: {T: '${{ secrets.A }}'}}]}",
       false},
      {"with one that was written before",
       "{permissions: {id-token: write}, steps: [{run: 'echo ${{ secrets.A }} > .npmrc'}, {run: npm publish}]}", false},
      {"another step's secret is its own",
       "{permissions: {id-token: write}, steps: [{run: npm publish}, {run: say, env: {T: '${{ secrets.SLACK }}'}}]}",
       true},
  };
  for (const auto& c : cases) {
    CAPTURE(c.what);
    const auto workflow = read_workflow(std::string("on: push\njobs:\n  j: ") + c.job);
    REQUIRE(workflow);
    CHECK(workflow->tokenless.size() == (c.tokenless ? 1 : 0));
  }
}

TEST_CASE("what is no workflow does nothing, and what is no YAML is an error without a word of it") {
  CHECK(read_workflow("just text").value().uses.empty());
  CHECK(read_workflow("[1, 2]").value().uses.empty());
  const auto broken = read_workflow("jobs: {canary: [");
  REQUIRE(!broken);
  CHECK(broken.error().kind == ErrorKind::malformed);
  CHECK(broken.error().what.find("canary") == std::string::npos);
}

TEST_CASE("a small file that names a step a million times ends") {
  std::string bomb = "on: push\njobs:\n  a: &j {steps: &s [";
  for (int i = 0; i < 2000; ++i) bomb += i == 0 ? "&x {run: npm ci}" : ", *x";
  bomb += "]}\n";
  for (int i = 0; i < 2000; ++i) bomb += "  j" + std::to_string(i) + ": *j\n";
  const auto workflow = read_workflow(bomb);
  REQUIRE(!workflow);
  CHECK(workflow.error().what == "a workflow of too many steps");
}

WorkflowFile file(const std::string& name, const std::string& text) {
  auto workflow = read_workflow(text);
  REQUIRE(workflow);
  return {.path = ".github/workflows/" + name, .workflow = *std::move(workflow)};
}

const std::string kCalled =
    "on: workflow_call\njobs: {j: {steps: [{run: npm publish, env: {T: '${{ secrets.TOKEN }}'}}]}}";

TEST_CASE("calls are followed to what is called") {
  const struct {
    const char* what;
    const char* job;
    const char* uses;
  } cases[] = {
      {"a secret under another name", "{uses: ./.github/workflows/called.yml, secrets: {TOKEN: '${{ secrets.A }}'}}",
       "A publishes"},
      {"all of them", "{uses: ./.github/workflows/called.yml, secrets: inherit}", "TOKEN publishes"},
      {"none", "{uses: ./.github/workflows/called.yml}", ""},
      {"one that is not used there", "{uses: ./.github/workflows/called.yml, secrets: {B: '${{ secrets.A }}'}}", ""},
      {"a file that is not there", "{uses: ./.github/workflows/none.yml, secrets: {B: '${{ secrets.A }}'}}",
       "A unclear to ./.github/workflows/none.yml"},
      {"another repository's", "{uses: acme/ci/.github/workflows/x.yml@v1, secrets: inherit}",
       "* unclear to acme/ci/.github/workflows/x.yml@v1"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.what);
    const WorkflowFile files[] = {file("called.yml", kCalled),
                                  file("ci.yml", std::string("on: push\njobs: {j: ") + c.job + "}")};
    CHECK(in_words(uses_in(files)) == c.uses);
  }
}

TEST_CASE("workflows that call each other in a circle end") {
  const std::string again =
      "on: [push, workflow_call]\njobs:\n  a: {uses: ./.github/workflows/x.yml, secrets: inherit}\n"
      "  b: {uses: ./.github/workflows/x.yml, secrets: inherit}\n"
      "  c: {steps: [{run: npm ci, env: {T: '${{ secrets.A }}'}}]}\n";
  const WorkflowFile files[] = {file("x.yml", again)};
  const auto uses = uses_in(files);
  CHECK(uses.size() <= 10'001);
  CHECK(std::any_of(uses.begin(), uses.end(), [](const FoundUse& use) { return use.secret == "*"; }));
}

/// What is said of a secret: kinds and notes.
std::string said(const Sighting& sighting) {
  std::string all;
  for (const Evidence& one : sighting.evidence) {
    all += (all.empty() ? "" : "; ") + std::string(to_string(one.kind));
    if (!one.value.empty()) all += " " + one.value;
    if (!one.from.empty()) all += " (" + one.from + ")";
  }
  return all;
}

Sighting secret(const std::string& name) { return {.place = "1/" + name, .locator = name, .name = name}; }

const std::string kRelease =
    "on: push\njobs: {out: {environment: Prod, permissions: {id-token: write}, steps: [{run: npm publish, env: {T: "
    "'${{ secrets.npm_token }}'}}]}}";
const std::string kInstall = "on: push\njobs: {in: {steps: [{run: npm ci, env: {T: '${{ secrets.NPM_TOKEN }}'}}]}}";

TEST_CASE("a repository's workflows speak of its secrets and its environments'") {
  const WorkflowFile files[] = {file("release.yml", kRelease), file("ci.yml", kInstall)};
  const RepositoryUses uses = repository_uses(files, "left-pad", true);
  SecretNames none;
  Sighting own = secret("NPM_TOKEN");
  add_uses(own, "", uses, none);
  CHECK(said(own) ==
        "publishes (.github/workflows/release.yml, job out, environment prod); trusted-publishing "
        "(.github/workflows/release.yml, job out, environment prod); package left-pad (package.json)");

  // The environment's secret stands before the repository's.
  SecretNames names;
  names.add("PROD", "NPM_TOKEN");
  Sighting hidden = secret("NPM_TOKEN");
  add_uses(hidden, "", uses, names);
  CHECK(said(hidden) == "installs (.github/workflows/ci.yml, job in)");
  Sighting of_environment = secret("NPM_TOKEN");
  add_uses(of_environment, "prod", uses, names);
  CHECK(said(of_environment).starts_with("publishes"));
  Sighting of_another = secret("NPM_TOKEN");
  add_uses(of_another, "staging", uses, names);
  CHECK(said(of_another) == "note no workflow of the default branch uses it");
}

TEST_CASE("nothing is called a mere install where something was not read") {
  const WorkflowFile files[] = {file("ci.yml", kInstall)};
  Sighting one = secret("NPM_TOKEN");
  add_uses(one, "", repository_uses(files, "", false), {});
  CHECK(said(one) == "note .github/workflows/ci.yml, job in only installs, but not all workflows could be read");
  Sighting other = secret("OTHER");
  add_uses(other, "", repository_uses(files, "", false), {});
  CHECK(said(other) == "note not all workflows could be read");
  const WorkflowFile unclear[] = {
      file("ci.yml", kInstall),
      file("x.yml", "on: push\njobs: {s: {steps: [{run: ./x, env: {T: '${{ secrets.NPM_TOKEN }}'}}]}}")};
  Sighting third = secret("NPM_TOKEN");
  add_uses(third, "", repository_uses(unclear, "", true), {});
  CHECK(said(third) == "note what .github/workflows/x.yml, job s does with it is not shown");
}

TEST_CASE("a repository that publishes by its identity says so of its tokens") {
  const WorkflowFile files[] = {
      file("r.yml", "on: push\njobs: {j: {permissions: {id-token: write}, steps: [{run: npm publish}]}}")};
  Sighting one = secret("NPM_TOKEN");
  add_uses(one, "", repository_uses(files, "site", true), {});
  CHECK(
      said(one) ==
      "note no workflow of the default branch uses it; note .github/workflows/r.yml publishes without a token already");
}

TEST_CASE("an organisation's secret gets the strictest use, with the first repositories named") {
  const WorkflowFile installs[] = {file("ci.yml", kInstall)};
  const WorkflowFile publishes[] = {file("release.yml", kRelease)};
  OrganisationUses all;
  all.add(1, "acme/a", false, repository_uses(installs, "a", true), {});
  Sighting reader = secret("NPM_TOKEN");
  all.add_uses(reader, {}, true);
  CHECK(said(reader) == "installs (acme/a/.github/workflows/ci.yml, job in)");

  for (int i = 2; i <= 6; ++i) {
    const std::string name = "acme/r" + std::to_string(i);
    all.add(i, name, i == 6, repository_uses(publishes, "p" + std::to_string(i), true), {});
  }
  Sighting writer = secret("NPM_TOKEN");
  all.add_uses(writer, {}, true);
  CHECK(said(writer).find("publishes (acme/r4/.github/workflows/release.yml") != std::string::npos);
  CHECK(said(writer).find("publishes (acme/r5/") == std::string::npos);
  CHECK(said(writer).find("note 5 repositories publish with it") != std::string::npos);
  CHECK(said(writer).find("package p6 (acme/r6/package.json)") != std::string::npos);

  // Those that do not see it do not count.
  Sighting selected = secret("NPM_TOKEN");
  all.add_uses(selected, {.all_but_public = false, .selected = std::set<std::int64_t>{1}}, true);
  CHECK(said(selected) == "installs (acme/a/.github/workflows/ci.yml, job in)");
  Sighting inside = secret("NPM_TOKEN");
  all.add_uses(inside, {.all_but_public = true, .selected = {}}, true);
  CHECK(said(inside).find("acme/r6") == std::string::npos);

  // A repository with a secret of that name uses its own.
  SecretNames own;
  own.add("", "NPM_TOKEN");
  OrganisationUses shadowed;
  shadowed.add(1, "acme/a", false, repository_uses(publishes, "", true), own);
  Sighting unused = secret("NPM_TOKEN");
  shadowed.add_uses(unused, {}, true);
  CHECK(said(unused) == "note no workflow of the default branch uses it");

  // What was not read may do anything.
  all.add_unread(7, false);
  Sighting unsure = secret("NPM_TOKEN");
  all.add_uses(unsure, {.all_but_public = false, .selected = std::set<std::int64_t>{1, 7}}, true);
  CHECK(
      said(unsure).starts_with("note acme/a/.github/workflows/ci.yml, job in only installs, but the workflows of 1 "));
  Sighting unlisted = secret("NPM_TOKEN");
  all.add_uses(unlisted, {.all_but_public = false, .selected = std::set<std::int64_t>{1}}, false);
  CHECK(said(unlisted).ends_with("but not all repositories were listed"));
}

}  // namespace
