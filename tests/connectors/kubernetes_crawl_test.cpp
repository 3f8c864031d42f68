#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/base64.hpp"
#include "connectors/kubernetes/crawl.hpp"
#include "net/url.hpp"
#include "tests/connectors/conformance.hpp"
#include "tests/connectors/fake_service.hpp"
#include "tests/connectors/one_cluster.hpp"

namespace {

using namespace tokensweep;
using namespace tokensweep::kubernetes;
using tokensweep::kubernetes::testing::OneCluster;
using tokensweep::testing::json;
using tokensweep::testing::RecordingSink;
using tokensweep::testing::ServiceWorld;

/// An API server's lists of secrets and ConfigMaps, in the order of namespaces, as far as a crawl asks for them.
class FakeCluster {
 public:
  struct One {
    std::string name_space, name, version, key, value;
    std::string type = "Opaque";
  };
  std::vector<One> secrets;
  std::vector<One> config_maps;
  std::set<std::string> denied;       ///< namespaces whose list of secrets is refused; "" is the cluster's
  std::set<std::string> denied_maps;  ///< the same of ConfigMaps
  bool denies_namespaces = false;     ///< the list of namespaces is refused
  std::size_t expires_at = 0;         ///< the so-and-so-many-th list is answered 410, once; 0: none
  bool offers_continuation = true;    ///< with it
  std::size_t values_sent = 0;
  std::size_t lists = 0;

  void add(const std::string& name_space, int count, bool tokens = true) {
    for (int i = 0; i < count; ++i) {
      secrets.push_back({name_space, "s" + std::to_string(1000 + i), "1", "k", tokens ? "eWVz" : "bm8="});
    }
  }

  Result<HttpResponse> answer(const HttpRequest& request) {
    const std::string& target = request.url.target;
    const std::string path = target.substr(0, target.find('?'));
    if (path == "/api/v1/namespaces") return namespaces();
    const bool maps = path.ends_with("/configmaps");
    const std::string only = path.starts_with("/api/v1/namespaces/") ? path.substr(19, path.rfind('/') - 19) : "";
    if ((maps ? denied_maps : denied).contains(only))
      return json(R"({"kind":"Status","code":403,"message":"canary"})", 403);
    const bool names = header(request, "Accept").find("as=Table") != std::string::npos;
    return page(maps ? config_maps : secrets, maps ? "ConfigMapList" : "SecretList", target, only, names);
  }

 private:
  static std::string header(const HttpRequest& request, std::string_view name) {
    return std::string(value_of(request.headers, name));
  }

  Result<HttpResponse> namespaces() {
    if (denies_namespaces) return json("{}", 403);
    std::set<std::string> all;
    for (const One& one : secrets) all.insert(one.name_space);
    for (const One& one : config_maps) all.insert(one.name_space);
    all.insert("empty");
    std::string items;
    for (const std::string& name : all)
      items += (items.empty() ? "" : ",") + (R"({"metadata":{"name":")" + name + "\"}}");
    return json(R"({"metadata":{},"items":[)" + items + "]}");
  }

  Result<HttpResponse> page(const std::vector<One>& objects, const std::string& kind, const std::string& target,
                            const std::string& only, bool names) {
    const std::string selector = query_value(target, "fieldSelector").value_or("");
    const std::string one_name = selector.starts_with("metadata.name=") ? selector.substr(14) : "";
    if (one_name.empty() && ++lists == expires_at) {
      const std::string next = query_value(target, "continue").value_or("");
      return json(R"({"kind":"Status","code":410,"metadata":{)" +
                      (offers_continuation ? R"("continue":"late-)" + next + "\"" : "") + "}}",
                  410);
    }
    std::string token = query_value(target, "continue").value_or("0");
    if (token.starts_with("late-")) token = token.substr(5);
    const std::size_t from = token.empty() ? 0 : std::stoul(token);
    const std::size_t limit = std::stoul(*query_value(target, "limit"));
    std::string items;
    std::size_t at = from;
    for (std::size_t count = 0; at < objects.size() && count < limit; ++at) {
      const One& one = objects[at];
      if (selector.find("type!=" + one.type) != std::string::npos) continue;
      if ((!only.empty() && one.name_space != only) || (!one_name.empty() && one.name != one_name)) continue;
      ++count;
      items += (items.empty() ? "" : ",") + (names ? row(one) : item(one));
      if (!names) ++values_sent;
    }
    std::string metadata = R"("resourceVersion":"5")";
    if (at < objects.size()) metadata += R"(,"continue":")" + std::to_string(at) + "\"";
    if (one_name.empty() && selector.empty())
      metadata += R"(,"remainingItemCount":)" + std::to_string(objects.size() - at);
    if (!names) return json(R"({"kind":")" + kind + R"(","metadata":{)" + metadata + R"(},"items":[)" + items + "]}");
    return json(R"({"kind":"Table","metadata":{)" + metadata +
                R"(},"columnDefinitions":[{"name":"Name"},{"name":"Type"},{"name":"Data"},{"name":"Age"}],"rows":[)" +
                items + "]}");
  }

  static std::string metadata_of(const One& one) {
    return R"("metadata":{"name":")" + one.name + R"(","namespace":")" + one.name_space + R"(","uid":"u-)" +
           one.name_space + one.name + R"(","resourceVersion":")" + one.version +
           R"(","creationTimestamp":"2025-01-01T00:00:00Z","managedFields":[{"time":"2026-01-01T00:00:00Z","fieldsV1":{"f:data":{"f:)" +
           one.key + R"(":{}}}}]})";
  }
  static std::string item(const One& one) {
    return "{" + metadata_of(one) + R"(,"data":{")" + one.key + R"(":")" + one.value + R"("},"type":")" + one.type +
           "\"}";
  }
  static std::string row(const One& one) {
    return R"({"cells":[")" + one.name + R"(","Opaque",1,"1d"],"object":{)" + metadata_of(one) + "}}";
  }
};

/// What matters is "yes", in base64 where that is its spelling.
class YesSink final : public RecordingSink {
 public:
  bool may_matter(std::string_view, std::string_view bytes, Spelling spelling) override {
    return bytes == (spelling == Spelling::base64 ? "eWVz" : "yes");
  }
};

struct Crawled {
  YesSink sink;
  Result<> result;
  std::vector<std::string> asked;
  std::size_t most_at_once = 0;
};

std::unique_ptr<Crawled> crawl_it(FakeCluster& fake, CrawlOptions options = {}, unsigned in_flight = 2,
                                  const std::function<void(YesSink&)>& prepare = {}) {
  fake.values_sent = 0;
  fake.lists = 0;
  ServiceWorld world([&fake](const HttpRequest& request) { return fake.answer(request); });
  const Services services = world.services();
  Limits limits;
  limits.in_flight = in_flight;
  OneCluster cluster(services, {"b"}, limits);
  options.name = "acme";
  auto crawled = std::make_unique<Crawled>();
  if (prepare) prepare(crawled->sink);
  crawled->result = world.time.run(cluster.crawl(options, crawled->sink));
  crawled->asked = world.service.asked;
  crawled->most_at_once = world.service.most_at_once;
  for (const std::string& wrong : crawled->sink.wrong) FAIL_CHECK(wrong);
  for (const auto& [prefix, seen] : crawled->sink.scopes) CHECK(seen.end.has_value());
  CHECK(crawled->sink.words().find("canary") == std::string::npos);
  return crawled;
}

using States = std::map<std::string, ScopeState>;

std::string base64(std::string_view bytes) {
  WipedText text;
  append_base64(text, bytes);
  return std::string(text.view());
}

/// The crawl of two namespaces as a connector.
class NamesOfTwoNamespaces final : public Connector {
 public:
  explicit NamesOfTwoNamespaces(const Services& services) : cluster_(services) {}
  Task<Result<SourceCheck>> check() override { co_return SourceCheck(); }
  Task<Result<>> sweep(tokensweep::Sink& sink) override { return cluster_.crawl(options_, sink); }

 private:
  OneCluster cluster_;
  CrawlOptions options_{.name = "acme", .namespaces = {"a", "b"}, .names_only = true};
};

TEST_CASE("a crawl keeps what every connector promises") {
  FakeCluster fake;
  fake.add("a", 3);
  fake.add("b", 3);
  tokensweep::testing::Subject subject;
  subject.answer = [&fake](const HttpRequest& request) { return fake.answer(request); };
  subject.make = [](const Services& services) -> Result<std::unique_ptr<Connector>> {
    return std::unique_ptr<Connector>(std::make_unique<NamesOfTwoNamespaces>(services));
  };
  subject.one_place =
      "GET /api/v1/namespaces/a/secrets?limit=100&fieldSelector="
      "type%21%3Dhelm.sh%2Frelease.v1%2Ctype%21%3Dkubernetes.io%2Fservice-account-token";
  subject.one_prefix = "a";
  subject.canary = "canary";
  tokensweep::testing::check_conformance(subject);
}

TEST_CASE("a cluster is read by one list: each namespace is a scope, and so is the whole") {
  FakeCluster fake;
  fake.add("a", 130);
  fake.add("b", 700);
  fake.add("c", 1);
  const auto crawled = crawl_it(fake);
  REQUIRE(crawled->result);
  CHECK(crawled->sink.states() == States{{"", ScopeState::complete},
                                         {"a", ScopeState::complete},
                                         {"b", ScopeState::complete},
                                         {"c", ScopeState::complete}});
  CHECK(crawled->sink.places().size() == 831);
  const Sighting& one = crawled->sink.scopes.at("c").found.begin()->second;
  CHECK(one.place == "c/u-cs1000/k");
  CHECK(one.locator == "s1000#k");
  CHECK(one.name == "s1000/k");
  CHECK(one.age_basis == AgeBasis::bounds);
  CHECK(one.flags.has(ScopeFlag::name_space));
  CHECK_FALSE(one.flags.has(ScopeFlag::unencrypted));
  CHECK_FALSE(one.is_setting);
  CHECK(crawled->sink.scopes.at("c").scope.store == "prod/c");
  CHECK(crawled->sink.scopes.at("c").scope.realm == "kubernetes:uid-1");
  const auto& covers = crawled->sink.scopes.at("").end->covers;
  CHECK(covers("vanished/u/k"));
  CHECK_FALSE(covers("a/u/k"));
}

/// Hands a body over in two halves, 50 ms apart: as a page comes from a network.
class SlowBodies final : public Exchange {
 public:
  SlowBodies(FakeCluster& fake, Clock& clock) : fake_(fake), clock_(clock) {}
  std::size_t most_at_once = 0;

  Task<Result<HttpResponse>> send(const HttpRequest& request, std::span<const SecretHeader> /*credential*/) override {
    most_at_once = std::max(most_at_once, ++under_way_);
    auto response = fake_.answer(request);
    const std::string body(response->body.view());
    request.reader->begin();
    for (const std::size_t from : {std::size_t{0}, body.size() / 2}) {
      const auto read =
          request.reader->read(std::string_view(body).substr(from, from == 0 ? body.size() / 2 : body.size()));
      if (!read) co_return Error(read.error());
      co_await clock_.sleep_until(clock_.now() + std::chrono::milliseconds(50));
    }
    --under_way_;
    co_return response;
  }

 private:
  FakeCluster& fake_;
  Clock& clock_;
  std::size_t under_way_ = 0;
};

TEST_CASE("the next page is asked for while one still comes, where that is wanted") {
  for (const bool looks_ahead : {true, false}) {
    CAPTURE(looks_ahead);
    FakeCluster fake;
    fake.add("a", 1200);
    tokensweep::testing::VirtualTime time;
    SlowBodies slow(fake, time.clock);
    tokensweep::Random random = [] { return 0.5; };
    Cluster cluster;
    cluster.server = Url::parse("https://cluster.example.test/").value();
    const ClientGround ground{.transport = slow, .clock = time.clock, .random = random};
    auto client =
        layered_client({.name = "acme", .origin = cluster.server.origin, .authorizer = no_credential()}, ground);
    REQUIRE(client);
    Api api(**client, cluster, "acme");
    Api* ways[] = {&api};
    const CrawlOptions options{.name = "acme", .namespaces = {}, .looks_ahead = looks_ahead};
    YesSink sink;
    REQUIRE(time.run(crawl(ways, "uid-1", options, sink)));
    CHECK(slow.most_at_once == (looks_ahead ? 2 : 1));
    CHECK(sink.places().size() == 1200);
  }
}

TEST_CASE("what is known is not fetched, and what is not is") {
  FakeCluster fake;
  fake.add("a", 300);
  SUBCASE("nothing is known of the cluster: no name is asked for without its values") {
    const auto crawled = crawl_it(fake);
    CHECK(crawled->sink.places().size() == 300);
    CHECK(fake.values_sent == 300);
    CHECK(crawled->asked.size() == 2);
  }
  const auto knows = [&](YesSink& sink) {
    for (const auto& one : fake.secrets) sink.known.insert({"a/u-a" + one.name, "1"});
  };
  SUBCASE("nothing has changed: no value leaves the cluster") {
    const auto crawled = crawl_it(fake, {}, 2, knows);
    CHECK(fake.values_sent == 0);
    CHECK(crawled->asked.size() == 2);
    CHECK(crawled->sink.states()["a"] == ScopeState::complete);
  }
  SUBCASE("few have changed: each is asked for by itself") {
    const auto crawled = crawl_it(fake, {}, 2, [&](YesSink& sink) {
      knows(sink);
      fake.secrets[5].version = "2";
      fake.secrets[250].version = "2";
    });
    CHECK(fake.values_sent == 2);
    CHECK(crawled->sink.places() == std::vector<std::string>{"a/u-as1005/k", "a/u-as1250/k"});
  }
  SUBCASE("many have: their page is read with values, and found is what is new") {
    const auto crawled = crawl_it(fake, {}, 2, [&](YesSink& sink) {
      knows(sink);
      for (std::size_t i = 0; i < 50; ++i) fake.secrets[i].version = "2";
    });
    CHECK(crawled->sink.places().size() == 50);
    CHECK(fake.values_sent >= 100);
  }
}

TEST_CASE("no value is asked for where names are enough") {
  FakeCluster fake;
  fake.add("a", 120);
  CrawlOptions options;
  options.names_only = true;
  const auto crawled = crawl_it(fake, options);
  CHECK(fake.values_sent == 0);
  CHECK(crawled->sink.places().size() == 120);
  for (const auto& [place, sighting] : crawled->sink.scopes.at("a").found) CHECK_FALSE(sighting.value.has_value());
}

TEST_CASE("a snapshot that the cluster forgets") {
  FakeCluster fake;
  fake.add("a", 1200);
  fake.expires_at = 3;
  SUBCASE("goes on where it was, and says so") {
    const auto crawled = crawl_it(fake);
    CHECK(crawled->sink.places().size() == 1200);
    CHECK(crawled->sink.states()["a"] == ScopeState::complete);
    CHECK(crawled->sink.words().find("longer than the cluster remembers") != std::string::npos);
  }
  SUBCASE("ends what was not read, where nothing goes on") {
    fake.offers_continuation = false;
    const auto crawled = crawl_it(fake);
    REQUIRE(crawled->result);
    CHECK(crawled->sink.states() == States{{"", ScopeState::failed}, {"a", ScopeState::failed}});
  }
}

TEST_CASE("roles that do not allow the whole cluster") {
  FakeCluster fake;
  fake.add("a", 3);
  fake.add("b", 3);
  fake.denied = {"", "a"};
  SUBCASE("each namespace has its list, and what is refused is denied") {
    const auto crawled = crawl_it(fake);
    CHECK(crawled->sink.states() == States{{"", ScopeState::complete},
                                           {"a", ScopeState::denied},
                                           {"b", ScopeState::complete},
                                           {"empty", ScopeState::complete}});
    CHECK(crawled->sink.places().size() == 3);
    CHECK_FALSE(crawled->sink.scopes.at("").end->covers("a/u/k"));
  }
  SUBCASE("nor a list of namespaces: those that the contexts name") {
    fake.denies_namespaces = true;
    const auto crawled = crawl_it(fake);
    CHECK(crawled->sink.states() == States{{"", ScopeState::denied}, {"b", ScopeState::complete}});
  }
  SUBCASE("or those that the settings name, and then nothing else is missed") {
    fake.denies_namespaces = true;
    CrawlOptions options;
    options.namespaces = {"b", "gone"};
    const auto crawled = crawl_it(fake, options);
    CHECK(crawled->sink.states() == States{{"b", ScopeState::complete}, {"gone", ScopeState::complete}});
  }
}

/// ConfigMaps beside three secrets in each of two namespaces; one more namespace has nothing else.
FakeCluster with_config_maps() {
  FakeCluster fake;
  fake.add("a", 3);
  fake.add("b", 3);
  for (const char* name : {"a", "b", "c"}) fake.config_maps.push_back({name, "m", "1", "k", "yes"});
  return fake;
}

CrawlOptions and_config_maps() {
  CrawlOptions options;
  options.config_maps = true;
  return options;
}

TEST_CASE("ConfigMaps are read where that is wanted, in scopes of their own") {
  FakeCluster fake = with_config_maps();
  SUBCASE("they are not asked for otherwise, and nothing is said of them") {
    const auto crawled = crawl_it(fake);
    CHECK(crawled->sink.places().size() == 6);
    for (const std::string& one : crawled->asked) CHECK(one.find("configmaps") == std::string::npos);
    for (const char* prefix : {"", "a"}) {
      const auto& covers = crawled->sink.scopes.at(prefix).end->covers;
      CHECK_FALSE(covers("a/@configmaps/u-am/k"));
      CHECK_FALSE(covers("vanished/@configmaps/u-am/k"));
    }
  }
  SUBCASE("as secrets are: places, locators, flags") {
    const auto crawled = crawl_it(fake, and_config_maps());
    REQUIRE(crawled->result);
    CHECK(crawled->sink.states() == States{{"", ScopeState::complete},
                                           {"@configmaps", ScopeState::complete},
                                           {"a", ScopeState::complete},
                                           {"a/@configmaps", ScopeState::complete},
                                           {"b", ScopeState::complete},
                                           {"b/@configmaps", ScopeState::complete},
                                           {"c/@configmaps", ScopeState::complete}});
    CHECK(crawled->sink.places().size() == 9);
    const Sighting& one = crawled->sink.scopes.at("c/@configmaps").found.begin()->second;
    CHECK(one.place == "c/@configmaps/u-cm/k");
    CHECK(one.locator == "configmap/m#k");
    CHECK(one.name == "m/k");
    CHECK(one.flags.has(ScopeFlag::name_space));
    CHECK(one.flags.has(ScopeFlag::unencrypted));
    CHECK(one.is_setting);
    CHECK(one.value->reveal() == "yes");
    CHECK(crawled->sink.scopes.at("c/@configmaps").scope.store == "prod/c");
    // Who may call what gone: a namespace without secrets is not one without ConfigMaps.
    const auto& whole = crawled->sink.scopes.at("").end->covers;
    CHECK(whole("c/u/k"));
    CHECK_FALSE(whole("c/@configmaps/u/k"));
    CHECK_FALSE(whole("a/u/k"));
    CHECK(whole("vanished/@configmaps/u/k"));
    CHECK(whole("vanished/u/k"));
    CHECK_FALSE(crawled->sink.scopes.at("a").end->covers("a/@configmaps/u/k"));
    CHECK(crawled->sink.scopes.at("a/@configmaps").end->covers("a/@configmaps/u/k"));
  }
  SUBCASE("what is known is not fetched") {
    const auto crawled = crawl_it(fake, and_config_maps(), 2, [&](YesSink& sink) {
      for (const auto& one : fake.secrets) sink.known.insert({one.name_space + "/u-" + one.name_space + one.name, "1"});
      for (const auto& one : fake.config_maps)
        sink.known.insert({one.name_space + "/@configmaps/u-" + one.name_space + "m", "1"});
    });
    CHECK(fake.values_sent == 0);
    CHECK(crawled->asked.size() == 2);
  }
  SUBCASE("names alone") {
    CrawlOptions options = and_config_maps();
    options.names_only = true;
    const auto crawled = crawl_it(fake, options);
    CHECK(fake.values_sent == 0);
    CHECK(crawled->sink.places().size() == 9);
  }
  SUBCASE("roles that refuse them cost the secrets nothing") {
    fake.denied_maps = {"", "a", "b", "empty"};
    const auto crawled = crawl_it(fake, and_config_maps());
    REQUIRE(crawled->result);
    CHECK(crawled->sink.states()[""] == ScopeState::complete);
    CHECK(crawled->sink.states()["a"] == ScopeState::complete);
    CHECK(crawled->sink.states()["a/@configmaps"] == ScopeState::denied);
    CHECK(crawled->sink.states()["c/@configmaps"] == ScopeState::complete);
    CHECK(crawled->sink.scopes.at("a/@configmaps").end->reason.find("the list of its ConfigMaps: HTTP 403") == 0);
    CHECK(crawled->sink.places().size() == 7);
    CHECK_FALSE(crawled->sink.scopes.at("").end->covers("a/@configmaps/u/k"));
  }
  SUBCASE("where namespaces cannot be listed either, what has vanished is not certain") {
    fake.denied_maps = {""};
    fake.denies_namespaces = true;
    const auto crawled = crawl_it(fake, and_config_maps());
    CHECK(crawled->sink.states()[""] == ScopeState::complete);
    CHECK(crawled->sink.states()["@configmaps"] == ScopeState::denied);
    CHECK(crawled->sink.states()["b/@configmaps"] == ScopeState::complete);
    CHECK_FALSE(crawled->sink.scopes.at("").end->covers("vanished/@configmaps/u/k"));
    CHECK(crawled->sink.scopes.at("").end->covers("vanished/u/k"));
  }
  SUBCASE("roles that refuse the secrets cost them nothing") {
    fake.denied = {"", "a", "b", "c", "empty"};
    fake.denies_namespaces = true;
    const auto crawled = crawl_it(fake, and_config_maps());
    CHECK(crawled->sink.states()[""] == ScopeState::denied);
    CHECK(crawled->sink.states()["@configmaps"] == ScopeState::complete);
    CHECK(crawled->sink.places().size() == 3);
  }
  SUBCASE("of the namespaces that the settings name") {
    CrawlOptions options = and_config_maps();
    options.namespaces = {"b"};
    const auto crawled = crawl_it(fake, options);
    CHECK(crawled->sink.states() == States{{"b", ScopeState::complete}, {"b/@configmaps", ScopeState::complete}});
    CHECK(crawled->sink.places().size() == 4);
  }
  SUBCASE("a sweep that is taken up again reads neither twice") {
    const auto crawled = crawl_it(fake, and_config_maps(), 2, [](YesSink& sink) {
      sink.read_before = {"a", "b", "a/@configmaps", "@configmaps"};
    });
    CHECK(crawled->sink.states() == States{{"", ScopeState::complete}});
    // What was read then is not known now.
    CHECK_FALSE(crawled->sink.scopes.at("").end->covers("vanished/@configmaps/u/k"));
  }
}

TEST_CASE("releases of Helm are asked for where they are to be decoded") {
  FakeCluster fake;
  fake.add("a", 2);
  const std::string json = R"({"name":"web","config":{"t":"yes"},"version":2})";
  const std::string once = base64(json);
  fake.secrets.push_back({"a", "sh.helm.release.v1.web.v2", "1", "release", base64(once), "helm.sh/release.v1"});
  fake.secrets.push_back({"a", "other", "1", "release", "bm8="});
  fake.config_maps.push_back({"a", "sh.helm.release.v1.web.v2", "1", "release", once});
  CrawlOptions options = and_config_maps();
  SUBCASE("they are passed over otherwise, and nothing is said of them") {
    const auto crawled = crawl_it(fake, options);
    CHECK(crawled->sink.places() == std::vector<std::string>{"a/u-as1000/k", "a/u-as1001/k"});
    for (const char* prefix : {"", "a", "a/@configmaps"}) {
      const auto& covers = crawled->sink.scopes.at(prefix).end->covers;
      if (!covers) continue;
      CHECK_FALSE(covers("a/u/@release/config/t"));
      CHECK_FALSE(covers("a/@configmaps/u/@release/config/t"));
    }
  }
  SUBCASE("from both of the places where Helm keeps them") {
    options.helm = true;
    const auto crawled = crawl_it(fake, options);
    CHECK(crawled->sink.words().find("release") == std::string::npos);
    CHECK(crawled->sink.places() ==
          std::vector<std::string>{"a/u-aother/release", "a/u-as1000/k", "a/u-as1001/k",
                                   "a/u-ash.helm.release.v1.web.v2/@release/config/t",
                                   "a/@configmaps/u-ash.helm.release.v1.web.v2/@release/config/t"});
    CHECK(crawled->sink.scopes.at("a").end->covers("a/u/@release/config/t"));
    CHECK(crawled->sink.scopes.at("a/@configmaps").end->covers("a/@configmaps/u/@release/config/t"));
    CHECK(crawled->sink.scopes.at("").end->covers("vanished/u/@release/config/t"));
  }
  SUBCASE("a ConfigMap that was read without being decoded is read again") {
    options.helm = true;
    const auto crawled = crawl_it(fake, options, 2, [&](YesSink& sink) {
      for (const auto& one : fake.config_maps) sink.known.insert({"a/@configmaps/u-a" + one.name, "1"});
    });
    CHECK(crawled->sink.scopes.at("a/@configmaps").found.size() == 1);
  }
  SUBCASE("one that cannot be decoded is a gap") {
    options.helm = true;
    fake.secrets[2].value = "bm8=";
    const auto crawled = crawl_it(fake, options);
    CHECK(crawled->sink.words().find("sh.helm.release.v1.web.v2: no release of Helm to be read") != std::string::npos);
    CHECK(crawled->sink.states()["a"] == ScopeState::complete);
  }
}

TEST_CASE("several lists side by side are of one snapshot") {
  FakeCluster fake;
  for (const char* name : {"a", "b", "c", "d"}) fake.add(name, 200);
  CrawlOptions options;
  options.lists = 4;
  options.looks_ahead = false;
  SUBCASE("") {
    const auto crawled = crawl_it(fake, options, 4);
    CHECK(crawled->sink.places().size() == 800);
    CHECK(crawled->most_at_once == 4);
    const auto exact = std::ranges::count_if(crawled->asked, [](const std::string& one) {
      return one.find("namespaces/") != std::string::npos &&
             one.find("resourceVersion=5&resourceVersionMatch=Exact") != std::string::npos;
    });
    CHECK(exact >= 5);
    CHECK(crawled->sink.scopes.at("").end->covers("vanished/u/k"));
  }
  SUBCASE("but not where namespaces are many and small") {
    for (int i = 0; i < 30; ++i) fake.add("n" + std::to_string(10 + i), 1);
    const auto crawled = crawl_it(fake, options, 4);
    CHECK(crawled->sink.places().size() == 830);
    CHECK(std::ranges::none_of(crawled->asked,
                               [](const std::string& one) { return one.find("namespaces/a/") != std::string::npos; }));
  }
}

TEST_CASE("a namespace that an interrupted sweep has read is passed over") {
  FakeCluster fake;
  fake.add("a", 3);
  fake.add("b", 3);
  const auto crawled = crawl_it(fake, {}, 2, [](YesSink& sink) { sink.read_before.insert("a"); });
  CHECK(crawled->sink.states() == States{{"", ScopeState::complete}, {"b", ScopeState::complete}});
  CHECK(crawled->sink.places().size() == 3);
  CHECK_FALSE(crawled->sink.scopes.at("").end->covers("a/u/k"));
}

TEST_CASE("a page that breaks half way is asked for again, and nothing is found twice") {
  bool was_read_before = false;
  std::size_t breaks = 0;
  SUBCASE("the first one, with values") {}
  SUBCASE("the values of a page of names") {
    was_read_before = true;
    breaks = 1;
  }
  FakeCluster fake;
  fake.add("a", 90);
  std::size_t asked = 0;
  ServiceWorld world([&](const HttpRequest& request) -> Result<HttpResponse> {
    auto answer = fake.answer(request);
    if (!answer || request.reader == nullptr || asked++ != breaks) return answer;
    const std::string half(answer->body.view().substr(0, answer->body.size() / 2));
    request.reader->begin();
    if (auto read = request.reader->read(half); !read) return std::move(read).error();
    return Error{ErrorKind::transient, "cut"};
  });
  const Services services = world.services();
  OneCluster cluster(services);
  YesSink sink;
  if (was_read_before) sink.known.insert({"a/u-another", "1"});
  REQUIRE(world.time.run(cluster.crawl({.name = "acme"}, sink)));
  CHECK(asked > breaks);
  CHECK(sink.wrong.empty());
  CHECK(sink.places().size() == 90);
}

TEST_CASE("a list that comes back to a namespace, or goes round, is a failure") {
  FakeCluster fake;
  fake.add("a", 150);
  fake.add("b", 1950);
  fake.add("a", 1);
  const auto crawled = crawl_it(fake);
  CHECK(crawled->sink.states()[""] == ScopeState::failed);
}

TEST_CASE("a credential that is refused ends the cluster in one line") {
  FakeCluster fake;
  ServiceWorld world([](const HttpRequest&) -> Result<HttpResponse> { return json("canary", 401); });
  const Services services = world.services();
  OneCluster cluster(services);
  YesSink sink;
  const auto result = world.time.run(cluster.crawl({.name = "acme"}, sink));
  REQUIRE_FALSE(result);
  CHECK(result.error().what.find("canary") == std::string::npos);
  CHECK(sink.states() == States{{"", ScopeState::failed}});
}

}  // namespace
