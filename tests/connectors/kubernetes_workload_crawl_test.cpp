#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "connectors/kubernetes/crawl.hpp"
#include "connectors/kubernetes/workload_crawl.hpp"
#include "net/url.hpp"
#include "tests/connectors/fake_service.hpp"
#include "tests/connectors/one_cluster.hpp"

namespace {

using namespace tokensweep;
using namespace tokensweep::kubernetes;
using tokensweep::kubernetes::testing::OneCluster;
using tokensweep::testing::json;
using tokensweep::testing::RecordingSink;
using tokensweep::testing::ServiceWorld;

constexpr const char* kKinds[][2] = {{"cronjobs", "CronJob"},
                                     {"jobs", "Job"},
                                     {"deployments", "Deployment"},
                                     {"statefulsets", "StatefulSet"},
                                     {"daemonsets", "DaemonSet"},
                                     {"replicasets", "ReplicaSet"},
                                     {"pods", "Pod"},
                                     {"secrets", "Secret"}};

/// A cluster of Deployments and of one secret, `shop/npm`; what else there might be, there is none of.
class FakeCluster {
 public:
  struct One {
    std::string name_space, name, command;
  };
  std::vector<One> deployments;
  std::set<std::string> denied;    ///< `pods`: in the whole cluster; `shop/pods`: in a namespace
  bool denies_namespaces = false;  ///< the list of them
  std::set<std::string> namespaces = {"ci", "shop"};
  std::size_t expires_at = 0;  ///< the so-and-so-many-th page of deployments is answered 410, once; 0: none
  std::size_t page = 500;

  Result<HttpResponse> answer(const HttpRequest& request) {
    const std::string& target = request.url.target;
    std::string path = target.substr(0, target.find('?'));
    const std::string resource = path.substr(path.rfind('/') + 1);
    if (resource == "namespaces") return list_of_namespaces();
    std::string only;
    if (const std::size_t at = path.find("/namespaces/"); at != std::string::npos) {
      only = path.substr(at + 12, path.rfind('/') - at - 12);
    }
    if (denied.contains(only.empty() ? resource : only + "/" + resource)) return json(R"({"message":"canary"})", 403);
    if (resource == "secrets")
      return secrets(value_of(request.headers, "Accept").find("as=Table") != std::string::npos);
    if (resource == "deployments") return list_of_deployments(target, only);
    for (const auto& [name, kind] : kKinds) {
      if (resource == name) return json(R"({"kind":")" + std::string(kind) + R"(List","metadata":{},"items":[]})");
    }
    return json("{}", 404);
  }

 private:
  Result<HttpResponse> list_of_namespaces() const {
    if (denies_namespaces) return json("{}", 403);
    std::string items;
    for (const std::string& name : namespaces) {
      items += (items.empty() ? "" : ",") + (R"({"metadata":{"name":")" + name + "\"}}");
    }
    return json(R"({"metadata":{},"items":[)" + items + "]}");
  }

  Result<HttpResponse> list_of_deployments(const std::string& target, const std::string& only) {
    std::string token = query_value(target, "continue").value_or("0");
    if (++pages_ == expires_at) return json(R"({"code":410,"metadata":{"continue":"late-)" + token + "\"}}", 410);
    if (token.starts_with("late-")) token.erase(0, 5);
    std::string items;
    std::size_t at = std::stoul(token);
    for (std::size_t count = 0; at < deployments.size() && count < page; ++at) {
      const One& one = deployments[at];
      if (!only.empty() && one.name_space != only) continue;
      ++count;
      items += (items.empty() ? "" : ",") +
               (R"({"metadata":{"name":")" + one.name + R"(","namespace":")" + one.name_space +
                R"("},"spec":{"template":{"spec":{"containers":[{"command":[")" + one.command +
                R"("],"env":[{"name":"T","valueFrom":{"secretKeyRef":{"name":"npm","key":"k"}}}]}]}}}})");
    }
    const std::string next = at < deployments.size() ? R"("continue":")" + std::to_string(at) + "\"" : "";
    return json(R"({"kind":"DeploymentList","metadata":{)" + next + R"(},"items":[)" + items + "]}");
  }

  static Result<HttpResponse> secrets(bool names) {
    const std::string metadata =
        R"("metadata":{"name":"npm","namespace":"shop","uid":"u","resourceVersion":"7","creationTimestamp":"2025-01-01T00:00:00Z"})";
    if (names) {
      return json(R"({"kind":"Table","metadata":{},"columnDefinitions":[],"rows":[{"cells":[],"object":{)" + metadata +
                  "}}]}");
    }
    return json(R"({"kind":"SecretList","metadata":{},"items":[{)" + metadata +
                R"(,"data":{"k":"eWVz"},"type":"Opaque"}]})");
  }

  std::size_t pages_ = 0;
};

/// Remembers by which versions secrets are known.
class VersionSink final : public RecordingSink {
 public:
  std::vector<std::string> versions;
  bool is_known(ScopeNumber scope, std::string_view place, std::string_view version) override {
    versions.emplace_back(version);
    return RecordingSink::is_known(scope, place, version);
  }
  bool may_matter(std::string_view, std::string_view, Spelling) override { return true; }
};

struct Crawled {
  VersionSink sink;
  Result<> result;
  std::vector<std::string> asked;  ///< without what lists of secrets and of namespaces are asked for
  std::size_t most_at_once = 0;

  [[nodiscard]] const ScopeEnd& end() const { return *sink.scopes.at("?workloads").end; }
  [[nodiscard]] std::vector<Evidence> evidence() const { return sink.scopes.at("shop").found.begin()->second.evidence; }
  [[nodiscard]] std::string note() const {
    for (const Evidence& one : evidence()) {
      if (one.kind == EvidenceKind::note) return one.value;
    }
    return "";
  }
};

std::unique_ptr<Crawled> crawl_it(FakeCluster& fake, CrawlOptions options = {}, std::vector<std::string> own = {}) {
  ServiceWorld world([&fake](const HttpRequest& request) { return fake.answer(request); });
  const Services services = world.services();
  OneCluster cluster(services, std::move(own));
  options.name = "acme";
  options.workloads = true;
  auto crawled = std::make_unique<Crawled>();
  crawled->result = world.time.run(cluster.crawl(options, crawled->sink));
  for (const std::string& asked : world.service.asked) {
    if (asked.find("/secrets?") == std::string::npos && asked.find("/namespaces?") == std::string::npos) {
      crawled->asked.push_back(asked);
    }
  }
  crawled->most_at_once = world.service.most_at_once;
  for (const std::string& wrong : crawled->sink.wrong) FAIL_CHECK(wrong);
  for (const auto& [prefix, seen] : crawled->sink.scopes) CHECK(seen.end.has_value());
  CHECK(crawled->sink.words().find("canary") == std::string::npos);
  return crawled;
}

TEST_CASE("workloads are listed before secrets: one list of the cluster for each kind, one at a time") {
  FakeCluster fake;
  fake.deployments = {{"shop", "web", "npm ci"}, {"ci", "other", "npm publish"}};
  const auto crawled = crawl_it(fake);
  REQUIRE(crawled->result);
  CHECK(crawled->asked ==
        std::vector<std::string>{"GET /apis/batch/v1/cronjobs?limit=500", "GET /apis/batch/v1/jobs?limit=500",
                                 "GET /apis/apps/v1/deployments?limit=500", "GET /apis/apps/v1/statefulsets?limit=500",
                                 "GET /apis/apps/v1/daemonsets?limit=500", "GET /apis/apps/v1/replicasets?limit=500",
                                 "GET /api/v1/pods?limit=500"});
  CHECK(crawled->most_at_once == 1);
  CHECK(crawled->end().state == ScopeState::complete);
  CHECK(crawled->sink.scopes.at("?workloads").scope.store == "prod");
  const std::vector<Evidence> evidence = crawled->evidence();
  REQUIRE(evidence.size() >= 2);
  CHECK(evidence[0].kind == EvidenceKind::installs);
  CHECK(evidence[0].from == "Deployment shop/web (env T): npm ci");
  REQUIRE(crawled->sink.versions.size() == 1);
  CHECK(crawled->sink.versions[0].starts_with("7\n"));
}

TEST_CASE("lists of workloads are read page by page, also behind a snapshot that is gone") {
  for (const std::size_t expires_at : {0, 1, 3}) {
    CAPTURE(expires_at);
    FakeCluster fake;
    fake.page = 2;
    fake.expires_at = expires_at;
    for (int i = 0; i < 7; ++i) fake.deployments.push_back({"shop", "web" + std::to_string(i), "run"});
    const auto crawled = crawl_it(fake);
    CHECK(crawled->end().state == ScopeState::complete);
    CHECK(crawled->note().find("web0 (env T), ") != std::string::npos);
    CHECK(crawled->note().ends_with("web6 (env T)"));
  }
}

TEST_CASE("workloads of the namespaces that are named, and of no other") {
  FakeCluster fake;
  fake.deployments = {{"shop", "web", "npm ci"}, {"ci", "other", "npm publish"}};
  const auto crawled = crawl_it(fake, {.namespaces = {"shop"}});
  CHECK(crawled->asked.size() == 7);
  CHECK(crawled->asked.back() == "GET /api/v1/namespaces/shop/pods?limit=500");
  CHECK(crawled->evidence().front().kind == EvidenceKind::installs);
}

TEST_CASE("several lists at once, where the options say so") {
  FakeCluster fake;
  const auto crawled = crawl_it(fake, {.namespaces = {"shop"}, .lists = 3});
  CHECK(crawled->most_at_once == 3);
}

TEST_CASE("a kind that nobody may list in the cluster is listed by namespace") {
  FakeCluster fake;
  fake.deployments = {{"shop", "web", "npm ci"}};
  fake.denied = {"deployments"};
  const auto crawled = crawl_it(fake);
  CHECK(crawled->asked.size() == 9);
  CHECK(crawled->end().state == ScopeState::complete);
  CHECK(crawled->evidence().front().kind == EvidenceKind::installs);
}

TEST_CASE("what roles refuse is said in one line, and costs the secrets nothing") {
  FakeCluster fake;
  fake.deployments = {{"shop", "web", "npm ci"}};
  for (const auto& [resource, kind] : kKinds) {
    if (std::string(resource) == "secrets") continue;
    for (const char* place : {"", "ci/", "shop/"}) fake.denied.insert(place + std::string(resource));
  }
  auto crawled = crawl_it(fake);
  REQUIRE(crawled->result);
  CHECK(crawled->end().state == ScopeState::denied);
  CHECK(crawled->end().reason ==
        "which workloads use its secrets is not known in full: the list of cronjobs, jobs, deployments, statefulsets, "
        "daemonsets, replicasets, pods in ci, shop: HTTP 403: the cluster's roles do not allow it");
  CHECK(crawled->sink.scopes.at("shop").end->state == ScopeState::complete);
  CHECK(crawled->sink.scopes.at("").end->state == ScopeState::complete);
  CHECK(crawled->note() == "not all workloads of its namespace could be listed");

  // One kind in one namespace.
  fake.denied = {"cronjobs", "shop/cronjobs"};
  crawled = crawl_it(fake);
  CHECK(crawled->end().state == ScopeState::denied);
  CHECK(crawled->end().reason.find("the list of cronjobs in shop: HTTP 403") != std::string::npos);
  CHECK(crawled->note() ==
        "used by Deployment shop/web (env T): npm ci; not all workloads of its namespace could be listed");
  CHECK(crawled->evidence().front().kind == EvidenceKind::note);

  fake.denied = {"cronjobs", "ci/cronjobs"};
  crawled = crawl_it(fake);
  CHECK(crawled->end().state == ScopeState::denied);
  CHECK(crawled->evidence().front().kind == EvidenceKind::installs);
}

TEST_CASE("where namespaces cannot be listed, those that the contexts name are known in full, and no other") {
  FakeCluster fake;
  fake.deployments = {{"shop", "web", "npm ci"}};
  fake.denied = {"deployments"};
  fake.denies_namespaces = true;
  auto crawled = crawl_it(fake, {}, {"shop"});
  CHECK(crawled->end().state == ScopeState::denied);
  CHECK(crawled->evidence().front().kind == EvidenceKind::installs);
  crawled = crawl_it(fake, {}, {"ci"});
  CHECK(crawled->note() == "not all workloads of its namespace could be listed");
  crawled = crawl_it(fake);
  CHECK(crawled->end().state == ScopeState::denied);
  CHECK(crawled->note() == "not all workloads of its namespace could be listed");
}

TEST_CASE("a list that breaks calls nothing unused, and its secrets are read") {
  FakeCluster fake;
  fake.deployments = {{"shop", "web", "npm ci"}};
  ServiceWorld world([&fake](const HttpRequest& request) -> Result<HttpResponse> {
    if (request.url.target.starts_with("/apis/batch/v1/jobs")) return json(R"({"kind":"JobList","items":[{"canary)");
    return fake.answer(request);
  });
  const Services services = world.services();
  OneCluster cluster(services);
  RecordingSink sink;
  REQUIRE(world.time.run(cluster.crawl({.name = "acme", .workloads = true}, sink)));
  CHECK(sink.scopes.at("?workloads").end->state == ScopeState::failed);
  CHECK(sink.scopes.at("shop").end->state == ScopeState::complete);
  CHECK(world.service.times.at("GET /apis/batch/v1/jobs?limit=500") == 2);
  CHECK(sink.words().find("canary") == std::string::npos);
}

TEST_CASE("whoever does not ask for workloads pays nothing for them") {
  FakeCluster fake;
  ServiceWorld world([&fake](const HttpRequest& request) { return fake.answer(request); });
  const Services services = world.services();
  OneCluster cluster(services);
  VersionSink sink;
  REQUIRE(world.time.run(cluster.crawl({.name = "acme"}, sink)));
  CHECK(world.service.asked.size() == 1);
  CHECK(sink.versions == std::vector<std::string>{"7"});
  CHECK_FALSE(sink.scopes.contains("?workloads"));
}

}  // namespace
