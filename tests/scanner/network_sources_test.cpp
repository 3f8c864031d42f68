#include "scanner/network_sources.hpp"

#include <doctest/doctest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <functional>
#include <map>
#include <set>
#include <stdexcept>
#include <thread>

#include "scanner/scan.hpp"
#include "scanner/sweep_writer.hpp"
#include "tests/support/tokens.hpp"

using namespace tokensweep;

namespace {

using Crawl = std::function<Task<Result<>>(Sink&)>;

/// A connector that does what its test says.
class ScriptedConnector final : public Connector {
 public:
  explicit ScriptedConnector(Crawl crawl) : crawl_(std::move(crawl)) {}
  Task<Result<SourceCheck>> check() override { co_return SourceCheck{}; }
  Task<Result<>> sweep(Sink& sink) override { return crawl_(sink); }

 private:
  Crawl crawl_;
};

Scope scope_named(std::string store) {
  return {.source = {}, .name = {}, .store = store, .realm = "github:github.example.test", .prefix = store};
}

Sighting secret_named(const std::string& store, const std::string& name) {
  Sighting sighting;
  sighting.place = store + "/actions/" + name;
  sighting.locator = name;
  sighting.name = name;
  sighting.updated_at = Time(std::chrono::seconds(1'700'000'000));
  sighting.age_basis = AgeBasis::updated_at;
  sighting.flags.add(ScopeFlag::repo);
  sighting.evidence.push_back({.kind = EvidenceKind::ci_secret});
  return sighting;
}

/// All that a sweep of connectors needs, and what came of it.
struct Fixture {
  std::atomic<bool> asked_to_stop{false};
  Messages messages{LogFormat::text, true};
  World world{.environment = [](const char*) { return std::optional<std::string>(); },
              .messages = messages,
              .now = [] { return Time(std::chrono::seconds(1'800'000'000)); },
              .stop = asked_to_stop};
  NetworkSide network{world, "nowhere/inventory.db"};
  Fingerprinter fingerprinter{InventoryKey::random()};
  Classification classification;
  std::set<std::string> done;
  SweepQueue queue;
  ScopeNumbers numbers{0};
  std::atomic<bool> stop{false};
  SweepContext context{.keys = {fingerprinter},
                       .classification = classification,
                       .done = done,
                       .queue = queue,
                       .numbers = numbers,
                       .stop = stop};
  NetworkSources sources{context, network};
  std::shared_ptr<const Detector> detector = std::make_shared<const Detector>(std::move(*load_detector({})));

  NetworkJob job(std::string name, Crawl crawl) {
    return {.name = std::move(name),
            .type = "github",
            .settings = {},
            .connector = std::make_shared<ScriptedConnector>(std::move(crawl)),
            .detector = detector};
  }

  std::vector<SweepEvent> run(const std::vector<NetworkJob>& jobs) {
    std::jthread crawler([&] {
      sources.run(jobs);
      queue.close();
    });
    std::vector<SweepEvent> all;
    for (bool last = false; !last;) {
      auto batch = queue.take(std::chrono::milliseconds(5));
      std::move(batch.items.begin(), batch.items.end(), std::back_inserter(all));
      last = batch.last;
    }
    return all;
  }
};

std::vector<Hit> hits_of(const std::vector<SweepEvent>& events) {
  std::vector<Hit> hits;
  for (const SweepEvent& event : events) {
    if (const auto* hit = std::get_if<Hit>(&event.what)) hits.push_back(*hit);
  }
  return hits;
}

Task<Result<>> crawl_two_repositories(Sink& sink) {
  for (const std::string store : {"acme/site", "acme/api"}) {
    const auto scope = sink.begin(scope_named(store));
    if (!scope) continue;
    for (const char* name : {"NPM_TOKEN", "AWS_KEY", "NPM_EMAIL"}) {
      Sighting sighting = secret_named(store, name);
      sink.found(*scope, std::move(sighting));
    }
    ScopeEnd how;
    co_await sink.end(*scope, std::move(how));
  }
  co_return Result<>();
}

}  // namespace

TEST_CASE("of secrets whose values no store shows, those with a name of npm's are hits") {
  Fixture fixture;
  const std::vector<NetworkJob> jobs = [&] {
    std::vector<NetworkJob> all;
    all.push_back(fixture.job("acme", crawl_two_repositories));
    return all;
  }();
  const auto events = fixture.run(jobs);
  const auto hits = hits_of(events);
  REQUIRE(hits.size() == 2);
  CHECK(hits[0].kind == "named-secret");
  CHECK(hits[0].rule == "npm-secret-name");
  CHECK(hits[0].source == "github");
  CHECK(hits[0].store == "acme/site");
  CHECK(hits[0].locator == "NPM_TOKEN");
  CHECK(!hits[0].fingerprint);
  CHECK(!hits[0].preview);
  CHECK(hits[0].updated_at == Time(std::chrono::seconds(1'700'000'000)));
  CHECK(hits[0].scope.has(ScopeFlag::repo));
  CHECK(hits[0].id != hits[1].id);
  CHECK(hits[0].klass == Class::B);
  CHECK(fixture.sources.failures().empty());
  SUBCASE("each scope begins, holds its hits and ends, with the rules in force") {
    std::map<std::uint32_t, std::string> seen;
    for (const SweepEvent& event : events) seen[event.scope] += "SHGE"[event.what.index()];
    CHECK(seen == std::map<std::uint32_t, std::string>{{0, "SHE"}, {1, "SHE"}});
    const auto& end = std::get<ScopeEnd>(events.back().what);
    CHECK(std::find(end.rules.begin(), end.rules.end(), "npm-secret-name") != end.rules.end());
  }
}

TEST_CASE("a value is searched, and leaves a fingerprint") {
  struct Case {
    const char* what;
    std::string name;
    std::string value;
    std::string kind;  // empty: no hit
  };
  const std::string token = tokensweep::testing::npm_token(71);
  const std::string old_token = tokensweep::testing::uuid(72);
  const Case cases[] = {
      {"a bare token", "ANYTHING", token, "npm-token"},
      {"a token in a settings file", "npmrc", "//registry.corp.example/:_authToken=" + token + "\n", "npm-token"},
      {"an old token, whose name vouches for it", "NPM_TOKEN", old_token, "npm-legacy-token"},
      {"the same shape under any name", "DEPLOYMENT_ID", old_token, ""},
      {"no token", "NPM_FLAGS", "--silent", ""},
      {"nothing", "NPM_TOKEN", "", ""},
  };
  for (const Case& c : cases) {
    CAPTURE(c.what);
    Fixture fixture;
    const auto crawl = [&c](Sink& sink) -> Task<Result<>> {
      const auto scope = sink.begin(scope_named("acme"));
      Sighting sighting = secret_named("acme", c.name);
      sighting.value = Secret(c.value);
      sink.found(*scope, std::move(sighting));
      ScopeEnd how;
      co_await sink.end(*scope, std::move(how));
      co_return Result<>();
    };
    std::vector<NetworkJob> jobs;
    jobs.push_back(fixture.job("acme", crawl));
    const auto hits = hits_of(fixture.run(jobs));
    REQUIRE(hits.size() == (c.kind.empty() ? 0 : 1));
    if (hits.empty()) continue;
    CHECK(hits[0].kind == c.kind);
    CHECK(hits[0].fingerprint == fixture.fingerprinter.fingerprint(c.value == old_token ? old_token : token));
  }
}

TEST_CASE("a scope that was read before the interruption is left alone") {
  Fixture fixture;
  Scope known = scope_named("acme/site");
  known.source = "github";
  known.name = "acme";
  fixture.done.insert(key_of(known));
  std::vector<NetworkJob> jobs;
  jobs.push_back(fixture.job("acme", crawl_two_repositories));
  const auto hits = hits_of(fixture.run(jobs));
  REQUIRE(hits.size() == 1);
  CHECK(hits[0].store == "acme/api");
}

TEST_CASE("a source that fails costs the others nothing") {
  Fixture fixture;
  std::vector<NetworkJob> jobs;
  jobs.push_back(fixture.job("broken", [](Sink&) -> Task<Result<>> {
    throw std::runtime_error("npm_ and more that nobody should read");
    co_return Result<>();
  }));
  jobs.push_back(fixture.job("denied", [](Sink&) -> Task<Result<>> {
    Error why{ErrorKind::denied, "denied: HTTP 401"};
    co_return why;
  }));
  jobs.push_back(fixture.job("fine", crawl_two_repositories));
  CHECK(hits_of(fixture.run(jobs)).size() == 2);
  std::map<std::string, std::string> failed;
  for (const auto& [job, error] : fixture.sources.failures()) failed[job->name] = error.what;
  CHECK(failed == std::map<std::string, std::string>{{"broken", "broken: stopped by an internal error"},
                                                     {"denied", "denied: HTTP 401"}});
}

TEST_CASE("a connector that is faster than the rest waits, and nothing is lost") {
  Fixture fixture;
  constexpr int kScopes = 3000;
  std::vector<NetworkJob> jobs;
  jobs.push_back(fixture.job("acme", [](Sink& sink) -> Task<Result<>> {
    for (int i = 0; i < kScopes; ++i) {
      co_await sink.room();
      const std::string store = "acme/" + std::to_string(i);
      const auto scope = sink.begin(scope_named(store));
      for (int secret = 0; secret < 5; ++secret) {
        Sighting sighting = secret_named(store, "NPM_TOKEN_" + std::to_string(secret));
        sink.found(*scope, std::move(sighting));
      }
      ScopeEnd how;
      co_await sink.end(*scope, std::move(how));
    }
    co_return Result<>();
  }));
  CHECK(hits_of(fixture.run(jobs)).size() == 5 * kScopes);
}

TEST_CASE("a sweep that is stopped ends wherever its connectors are") {
  Fixture fixture;
  std::vector<NetworkJob> jobs;
  jobs.push_back(fixture.job("endless", [&fixture](Sink& sink) -> Task<Result<>> {
    for (int i = 0;; ++i) {
      const auto scope = sink.begin(scope_named("acme/" + std::to_string(i)));
      if (i == 100) fixture.sources.stop();
      ScopeEnd how;
      co_await sink.end(*scope, std::move(how));
      co_await boost::asio::post(fixture.network.context(), boost::asio::use_awaitable);
    }
  }));
  CHECK(fixture.run(jobs).size() >= 202);
}
