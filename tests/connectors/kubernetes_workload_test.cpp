#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/kubernetes/workload_list.hpp"
#include "connectors/kubernetes/workload_uses.hpp"

namespace {

using namespace tokensweep;
using namespace tokensweep::kubernetes;

std::string_view name_of(WorkloadPurpose purpose) {
  constexpr std::string_view kNames[] = {"pulls images", "installs", "unclear", "publishes"};
  return kNames[static_cast<std::size_t>(purpose)];
}

/// A line for each use: `secret#key: workload (how), purpose, words`.
class Lines final : public WorkloadListener {
 public:
  std::vector<std::string> told;
  Result<> use(WorkloadUse use) override {
    std::string line = use.name_space + "/" + use.secret + "#" + use.key + ": " + use.workload + " (" + use.how + "), ";
    line.append(name_of(use.purpose));
    if (!use.words.empty()) line.append(", ").append(use.words);
    told.push_back(std::move(line));
    return {};
  }
};

struct Read {
  Result<> result;
  std::vector<std::string> told;
  std::string next;
  std::uint64_t items = 0;
};

Read read(WorkloadKind kind, std::string_view body, std::size_t piece = 1000) {
  Lines lines;
  WorkloadListReader reader(lines, kind);
  reader.begin();
  Result<> result;
  for (; result && !body.empty(); body.remove_prefix(std::min(piece, body.size()))) {
    result = reader.read(body.substr(0, piece));
  }
  if (result) result = reader.finish();
  return {.result = std::move(result), .told = lines.told, .next = reader.next(), .items = reader.items()};
}

std::string list(std::string_view kind, std::string_view items, std::string_view metadata = "") {
  return R"({"kind":")" + std::string(kind) + R"(List","metadata":{)" + std::string(metadata) + R"(},"items":[)" +
         std::string(items) + "]}";
}

/// A Deployment `shop/web` whose pods have this spec.
std::string deployment(std::string_view spec, std::string_view name = "web") {
  return R"({"metadata":{"name":")" + std::string(name) +
         R"(","namespace":"shop"},"spec":{"replicas":0,"template":{"metadata":{"name":"other"},"spec":{)" +
         std::string(spec) + "}}}}";
}

TEST_CASE("what pods are given, and what for") {
  const struct {
    const char* what;
    const char* spec;
    std::vector<std::string> told;
  } cases[] = {
      {"a variable",
       R"("containers":[{"name":"a","image":"node","env":[{"name":"PLAIN","value":"canary"},
          {"name":"NPM_TOKEN","valueFrom":{"secretKeyRef":{"name":"npm","key":"token","optional":true}}}]}])",
       {"shop/npm#token: Deployment shop/web (env NPM_TOKEN), unclear"}},
      {"a variable from elsewhere",
       R"("containers":[{"name":"a","env":[{"name":"X","valueFrom":{"configMapKeyRef":{"name":"npm","key":"x"}}}]}])",
       {}},
      {"all keys as variables",
       R"("containers":[{"name":"a","envFrom":[{"prefix":"X_","secretRef":{"name":"npm"}},{"secretRef":{"name":"all"}},
          {"configMapRef":{"name":"none"}}]}])",
       {"shop/npm#: Deployment shop/web (all of it as env X_*), unclear",
        "shop/all#: Deployment shop/web (all of it as env *), unclear"}},
      {"a volume counts by what the containers do that mount it",
       R"("volumes":[{"name":"rc","secret":{"secretName":"npm"}}],"initContainers":[{"name":"prepare",
          "command":["npm","ci"],"volumeMounts":[{"name":"rc","mountPath":"/root"}]}],
          "containers":[{"name":"a","command":["npm","publish"]}])",
       {"shop/npm#: Deployment shop/web (volume rc), installs, npm ci"}},
      {"files of a volume, and one that no container mounts",
       R"("volumes":[{"name":"rc","secret":{"secretName":"npm","items":[{"key":"rc","path":".npmrc"},{"key":"k","path":"d/k"}]}}],
          "containers":[{"name":"a","command":["npm","ci"]}])",
       {"shop/npm#rc: Deployment shop/web (volume rc, as .npmrc), unclear",
        "shop/npm#k: Deployment shop/web (volume rc, as d/k), unclear"}},
      {"a projected volume",
       R"("volumes":[{"name":"all","projected":{"sources":[{"secret":{"name":"npm","items":[{"key":"rc","path":".npmrc"}]}},
          {"configMap":{"name":"none"}},{"secret":{"name":"more"}}]}}],
          "containers":[{"name":"a","volumeMounts":[{"name":"all"}]}])",
       {"shop/npm#rc: Deployment shop/web (volume all, as .npmrc), unclear",
        "shop/more#: Deployment shop/web (volume all), unclear"}},
      {"storage with a secret of its own",
       R"("volumes":[{"name":"s","csi":{"driver":"d","nodePublishSecretRef":{"name":"disk"}}},
          {"name":"t","azureFile":{"secretName":"share"}}],"containers":[])",
       {"shop/disk#: Deployment shop/web (volume s), unclear", "shop/share#: Deployment shop/web (volume t), unclear"}},
      {"pulling images is no use of a package's registry",
       R"("imagePullSecrets":[{"name":"pull"}],"containers":[{"name":"a","command":["npm","ci"]}])",
       {"shop/pull#: Deployment shop/web (to pull images), pulls images"}},
      {"an ephemeral container",
       R"("ephemeralContainers":[{"name":"debug","envFrom":[{"secretRef":{"name":"npm"}}]}])",
       {"shop/npm#: Deployment shop/web (all of it as env *), unclear"}},
      {"Go's empty lists",
       R"("imagePullSecrets":null,"volumes":null,"containers":[{"name":"a","args":null,"env":null}])",
       {}},
      {"no pod at all", "", {}},
  };
  for (const auto& c : cases) {
    CAPTURE(c.what);
    const Read whole = read(WorkloadKind::deployments, list("Deployment", deployment(c.spec)));
    REQUIRE(whole.result);
    CHECK(whole.told == c.told);
    CHECK(read(WorkloadKind::deployments, list("Deployment", deployment(c.spec)), 1).told == c.told);
  }
}

TEST_CASE("what a container does with a secret") {
  const struct {
    const char* what;
    const char* container;
    const char* purpose;
  } cases[] = {
      {"words of a command", R"("command":["npm","publish","--tag","next"])", "publishes, npm publish"},
      {"command and arguments", R"("command":["npm"],"args":["publish"])", "publishes, npm publish"},
      {"a script", R"("command":["sh","-c"],"args":["set -e\nnpm ci\nnpx semantic-release\n"])",
       "publishes, semantic-release"},
      {"a script that installs", R"("command":["sh","-ec","npm ci && npm test"])", "installs, npm ci"},
      {"a comment is no command, but speaks", R"("command":["sh","-c","npm ci\n# npm publish is elsewhere"])",
       "unclear"},
      {"an image that publishes", R"("image":"ghcr.io/acme/semantic-release:24","command":["run"])",
       "publishes, semantic-release"},
      {"an image of which nothing is known", R"("image":"node:22")", "unclear"},
      {"a script of its own", R"("command":["./start.sh"])", "unclear"},
      {"it installs, and speaks of publishing", R"("command":["sh","-c","npm ci && ./scripts/Publish.sh"])", "unclear"},
      {"it installs, in an image called by such a word", R"("image":"acme/releaser","command":["npm","ci"])",
       "unclear"},
      {"it installs, and its name speaks of publishing", R"("name":"release","command":["npm","ci"])", "unclear"},
      {"a literal value of a variable says nothing", R"("command":["x"],"env":[{"name":"A","value":"npm publish"}])",
       "unclear"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.what);
    const std::string spec =
        R"("containers":[{"envFrom":[{"secretRef":{"name":"npm"}}],)" + std::string(c.container) + "}]";
    const Read one = read(WorkloadKind::deployments, list("Deployment", deployment(spec)));
    REQUIRE(one.result);
    REQUIRE(one.told.size() == 1);
    CHECK(one.told[0] == "shop/npm#: Deployment shop/web (all of it as env *), " + std::string(c.purpose));
  }
  const std::string spec =
      R"("containers":[{"name":"a","envFrom":[{"secretRef":{"name":"npm"}}],"command":["npm","ci"]}])";
  const Read named = read(WorkloadKind::deployments, list("Deployment", deployment(spec, "npm-publisher")));
  REQUIRE(named.told.size() == 1);
  CHECK(named.told[0].ends_with("unclear"));
}

TEST_CASE("where each kind holds its pods, and whose they are") {
  const std::string spec = R"({"containers":[{"name":"a","envFrom":[{"secretRef":{"name":"npm"}}]}]})";
  const auto owned = [](std::string_view kind, std::string_view version, bool controls) {
    return R"("name":"x","namespace":"ci","ownerReferences":[{"kind":")" + std::string(kind) + R"(","apiVersion":")" +
           std::string(version) + R"(","controller":)" + (controls ? "true" : "false") + "}]";
  };
  const struct {
    const char* what;
    WorkloadKind kind;
    std::string item;
    const char* told;  ///< empty: nothing
  } cases[] = {
      {"a CronJob, however suspended", WorkloadKind::cron_jobs,
       R"({"metadata":{"name":"x","namespace":"ci"},"spec":{"suspend":true,"jobTemplate":{"spec":{"template":{"spec":)" +
           spec + "}}}}}",
       "CronJob ci/x"},
      {"a pod of nobody's", WorkloadKind::pods,
       R"({"metadata":{"name":"x","namespace":"ci"},"spec":)" + spec + R"(,"status":{"phase":"Failed"}})", "Pod ci/x"},
      {"a pod with a generated name", WorkloadKind::pods,
       R"({"metadata":{"name":"x-6b2kq","generateName":"x-","namespace":"ci"},"spec":)" + spec + "}", "Pod ci/x-*"},
      {"its metadata behind its spec", WorkloadKind::pods,
       R"({"spec":)" + spec + R"(,"metadata":{"name":"x","namespace":"ci"}})", "Pod ci/x"},
      {"a pod of a Job", WorkloadKind::pods,
       R"({"metadata":{)" + owned("Job", "batch/v1", true) + R"(},"spec":)" + spec + "}", ""},
      {"a pod of a Job of somebody else's", WorkloadKind::pods,
       R"({"metadata":{)" + owned("Job", "batch.volcano.sh/v1alpha1", true) + R"(},"spec":)" + spec + "}", "Pod ci/x"},
      {"a pod of a Job of a group whose name is as long", WorkloadKind::pods,
       R"({"metadata":{)" + owned("Job", "batsh/v1", true) + R"(},"spec":)" + spec + "}", "Pod ci/x"},
      {"a pod of a controller of somebody else's", WorkloadKind::pods,
       R"({"metadata":{)" + owned("TaskRun", "tekton.dev/v1", true) + R"(},"spec":)" + spec + "}", "Pod ci/x"},
      {"a pod with an owner that does not control it", WorkloadKind::pods,
       R"({"metadata":{)" + owned("Job", "batch/v1", false) + R"(},"spec":)" + spec + "}", "Pod ci/x"},
      {"a Job of a CronJob", WorkloadKind::jobs,
       R"({"metadata":{)" + owned("CronJob", "batch/v1", true) + R"(},"spec":{"template":{"spec":)" + spec + "}}}", ""},
      {"a ReplicaSet that was left behind", WorkloadKind::replica_sets,
       R"({"metadata":{"name":"x","namespace":"ci","labels":{"pod-template-hash":"1"}},"spec":{"template":{"spec":)" +
           spec + "}}}",
       "ReplicaSet ci/x"},
      {"a Deployment that a CRD controls", WorkloadKind::deployments,
       R"({"metadata":{)" + owned("App", "acme.example/v1", true) + R"(},"spec":{"template":{"spec":)" + spec + "}}}",
       "Deployment ci/x"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.what);
    std::string kind = std::string(resource_of(c.kind));
    kind = kind == "cronjobs" ? "CronJob" : kind == "jobs" ? "Job" : kind == "pods" ? "Pod" : kind;
    kind = kind == "replicasets" ? "ReplicaSet" : kind == "deployments" ? "Deployment" : kind;
    const Read one = read(c.kind, list(kind, c.item));
    REQUIRE(one.result);
    CHECK(one.items == 1);
    CHECK(one.told.size() == (*c.told == '\0' ? 0 : 1));
    if (!one.told.empty()) CHECK(one.told[0].starts_with("ci/npm#: " + std::string(c.told) + " ("));
  }
}

TEST_CASE("a page tells how its list goes on") {
  const Read one = read(WorkloadKind::pods, list("Pod", "", R"("continue":"abc","remainingItemCount":41)"));
  REQUIRE(one.result);
  CHECK(one.next == "abc");
  CHECK(one.items == 41);
  CHECK(path_of(WorkloadKind::cron_jobs, "") == "/apis/batch/v1/cronjobs");
  CHECK(path_of(WorkloadKind::pods, "a b") == "/api/v1/namespaces/a%20b/pods");
  CHECK(path_of(WorkloadKind::stateful_sets, "x") == "/apis/apps/v1/namespaces/x/statefulsets");
}

TEST_CASE("what is no list of workloads is an error of one line that quotes nothing") {
  std::string many = R"("containers":[{"name":"a","envFrom":[)";
  for (int i = 0; i < 20'001; ++i) many += std::string(i == 0 ? "" : ",") + R"({"secretRef":{"name":"canary"}})";
  many += "]}]";
  const struct {
    const char* what;
    std::string body;
  } cases[] = {
      {"another list", list("Secret", "")},
      {"no kind", R"({"metadata":{},"items":[]})"},
      {"an array", "[]"},
      {"nothing", ""},
      {"a web page", "<html>canary</html>"},
      {"half of it", R"({"kind":"DeploymentList","items":[{"metadata":{"name":"canary")"},
      {"a workload without a name", list("Deployment", R"({"metadata":{"namespace":"shop"},"spec":{}})")},
      {"a workload without a namespace", list("Deployment", R"({"metadata":{"name":"canary"},"spec":{}})")},
      {"a workload that is a text", list("Deployment", R"("canary")")},
      {"a command that is a text", list("Deployment", deployment(R"("containers":[{"command":"canary"}])"))},
      {"a command that is a number", list("Deployment", deployment(R"("containers":[{"command":[7]}])"))},
      {"a secret's name that is an object",
       list("Deployment", deployment(R"("containers":[{"envFrom":[{"secretRef":{"name":{"canary":1}}}]}])"))},
      {"containers that are an object", list("Deployment", deployment(R"("containers":{"canary":1})"))},
      {"more uses than an object can hold", list("Deployment", deployment(many))},
      {"a command that is larger than any object",
       list("Deployment",
            deployment(R"("containers":[{"command":[")" + std::string(std::size_t{5} << 20U, 'a') + "\"]}]"))},
      {"nested too deep", list("Deployment", deployment(R"("x":)" + std::string(64, '[') + std::string(64, ']')))},
  };
  for (const auto& c : cases) {
    CAPTURE(c.what);
    const Read one = read(WorkloadKind::deployments, c.body, 100'000);
    REQUIRE_FALSE(one.result);
    CHECK(one.result.error().kind == ErrorKind::malformed);
    CHECK(one.result.error().what.find("canary") == std::string::npos);
    CHECK(one.result.error().what.find('\n') == std::string::npos);
  }
}

// What follows from uses.

WorkloadUse use(std::string_view workload, WorkloadPurpose purpose, std::string_view key = "token") {
  return {.name_space = "shop",
          .secret = "npm",
          .key = std::string(key),
          .workload = std::string(workload),
          .how = "env T",
          .purpose = purpose,
          .words = purpose == WorkloadPurpose::publishes  ? "npm publish"
                   : purpose == WorkloadPurpose::installs ? "npm ci"
                                                          : ""};
}

SecretObject npm_secret(std::string_view type = "Opaque") {
  SecretObject secret;
  secret.name = "npm";
  secret.name_space = "shop";
  secret.type = type;
  return secret;
}

/// A line for each piece of evidence: `kind value [from]`.
std::vector<std::string> evidence_of(const WorkloadUses& uses, std::string_view key = "token",
                                     std::string_view type = "Opaque") {
  Sighting sighting;
  uses.add_to(sighting, npm_secret(type), key);
  std::vector<std::string> lines;
  for (const Evidence& one : sighting.evidence) {
    std::string line(to_string(one.kind));
    if (!one.value.empty()) line += " " + one.value;
    if (!one.from.empty()) line += " [" + one.from + "]";
    lines.push_back(std::move(line));
  }
  return lines;
}

WorkloadUses uses_of(std::vector<WorkloadUse> all) {
  WorkloadUses uses;
  for (WorkloadUse& one : all) REQUIRE(uses.add(std::move(one)));
  return uses;
}

using Strings = std::vector<std::string>;

TEST_CASE("the strictest use of a key counts") {
  using P = WorkloadPurpose;
  const struct {
    const char* what;
    std::vector<WorkloadUse> uses;
    Strings evidence;
  } cases[] = {
      {"it is used by nobody",
       {},
       {"note no workload uses it: unless something asks the API for it, it can be removed"}},
      {"all install",
       {use("Job a", P::installs)},
       {"installs [Job a (env T): npm ci]", "note used by Job a (env T): npm ci"}},
      {"one publishes",
       {use("Job a", P::installs), use("Job b", P::publishes), use("Job c", P::unclear)},
       {"publishes [Job b (env T): npm publish]",
        "note used by Job b (env T): npm publish, Job c (env T), Job a (env T): npm ci"}},
      {"one cannot be judged: that others install shows nothing",
       {use("Job a", P::installs), use("Job c", P::unclear)},
       {"note used by Job c (env T), Job a (env T): npm ci"}},
      {"pulling images does not outweigh",
       {use("Job a", P::installs), use("Job p", P::pulls_images)},
       {"installs [Job a (env T): npm ci]", "note used by Job a (env T): npm ci, Job p (env T)"}},
      {"pulling images alone shows nothing", {use("Job p", P::pulls_images)}, {"note used by Job p (env T)"}},
      {"another key's use is not this one's",
       {use("Job a", P::installs), use("Job b", P::publishes, "other")},
       {"installs [Job a (env T): npm ci]", "note used by Job a (env T): npm ci"}},
      {"a use of the whole secret is each key's",
       {use("Job a", P::installs), use("Job b", P::publishes, "")},
       {"publishes [Job b (env T): npm publish]", "note used by Job b (env T): npm publish, Job a (env T): npm ci"}},
      {"the same use twice is one",
       {use("Job a", P::installs), use("Job a", P::installs)},
       {"installs [Job a (env T): npm ci]", "note used by Job a (env T): npm ci"}},
  };
  for (const auto& c : cases) {
    CAPTURE(c.what);
    CHECK(evidence_of(uses_of(c.uses)) == c.evidence);
  }
  CHECK(evidence_of(uses_of({use("Job b", P::publishes, "other")}), "") ==
        Strings{"publishes [Job b (env T): npm publish]", "note used by Job b (env T): npm publish"});
  CHECK(evidence_of(WorkloadUses(), "token", "kubernetes.io/tls").empty());
}

TEST_CASE("what was not listed in full calls nothing unused, and nothing read-only") {
  const auto mark_all = [](WorkloadUses& uses) { uses.add_unread(""); };
  const auto mark_one = [](WorkloadUses& uses) { uses.add_unread("shop"); };
  const auto mark_rest = [](WorkloadUses& uses) { uses.know_only({"ci"}); };
  using Mark = void (*)(WorkloadUses&);
  for (const Mark mark : {Mark(mark_all), Mark(mark_one), Mark(mark_rest)}) {
    WorkloadUses none;
    mark(none);
    CHECK(evidence_of(none) == Strings{"note not all workloads of its namespace could be listed"});
    WorkloadUses uses = uses_of({use("Job a", WorkloadPurpose::installs)});
    mark(uses);
    CHECK(evidence_of(uses) ==
          Strings{"note used by Job a (env T): npm ci; not all workloads of its namespace could be listed"});
    REQUIRE(uses.add(use("Job b", WorkloadPurpose::publishes)));
    CHECK(evidence_of(uses).front() == "publishes [Job b (env T): npm publish]");
  }
  WorkloadUses other = uses_of({use("Job a", WorkloadPurpose::installs)});
  other.add_unread("elsewhere");
  CHECK(evidence_of(other).front() == "installs [Job a (env T): npm ci]");
}

TEST_CASE("of many uses the strictest few are kept, whatever their order") {
  std::vector<WorkloadUse> many;
  for (int i = 0; i < 331; ++i) many.push_back(use("Job " + std::to_string(1000 + i), WorkloadPurpose::unclear));
  many.push_back(use("Job publisher", WorkloadPurpose::publishes));
  std::vector<WorkloadUse> backwards(many.rbegin(), many.rend());
  std::vector<WorkloadUse> twice = many;
  twice.insert(twice.end(), many.begin(), many.end());
  const WorkloadUses first = uses_of(many);
  const Strings evidence = evidence_of(first);
  REQUIRE(evidence.size() == 2);
  CHECK(evidence[0] == "publishes [Job publisher (env T): npm publish]");
  CHECK(evidence[1].starts_with("note used by Job publisher (env T): npm publish, Job 1000 (env T), Job 1001 (env T)"));
  CHECK(evidence[1].ends_with(", Job 1018 (env T), and 312 more"));
  CHECK(evidence_of(uses_of(backwards)) == evidence);
  CHECK(evidence_of(uses_of(twice)) == evidence);
  CHECK(uses_of(backwards).version_of("shop", "npm") == first.version_of("shop", "npm"));
}

TEST_CASE("a secret's version changes with its uses, and with nothing else") {
  using P = WorkloadPurpose;
  const auto version = [](const WorkloadUses& uses) { return uses.version_of("shop", "npm"); };
  const std::string none = version(WorkloadUses());
  const WorkloadUses one = uses_of({use("Job a", P::installs)});
  CHECK(version(one) != none);
  CHECK(version(uses_of({use("Job a", P::installs)})) == version(one));
  CHECK(version(uses_of({use("Job a", P::unclear)})) != version(one));
  CHECK(version(uses_of({use("Job a", P::installs, "other")})) != version(one));
  CHECK(version(uses_of({use("Job a", P::installs), use("Job b", P::publishes)})) != version(one));
  WorkloadUses unread = uses_of({use("Job a", P::installs)});
  unread.add_unread("shop");
  CHECK(version(unread) != version(one));
  WorkloadUse elsewhere = use("Job b", P::publishes);
  elsewhere.name_space = "ci";
  CHECK(version(uses_of({use("Job a", P::installs), elsewhere})) == version(one));
  elsewhere.name_space = "shop";
  elsewhere.secret = "npm2";
  CHECK(version(uses_of({use("Job a", P::installs), elsewhere})) == version(one));
}

}  // namespace
