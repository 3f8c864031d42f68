#include "scanner/network_sources.hpp"

#include <doctest/doctest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fstream>
#include <functional>
#include <map>
#include <set>
#include <stdexcept>
#include <thread>

#include "scanner/scan.hpp"
#include "scanner/sweep_writer.hpp"
#include "tests/support/temp_directory.hpp"
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
  explicit Fixture(const InventoryKey& key = InventoryKey::random()) : fingerprinter(key) {}

  std::atomic<bool> asked_to_stop{false};
  Messages messages{LogFormat::text, true};
  World world{.environment = [](const char*) { return std::optional<std::string>(); },
              .messages = messages,
              .now = [] { return Time(std::chrono::seconds(1'800'000'000)); },
              .stop = asked_to_stop};
  NetworkSide network{world, "nowhere/inventory.db"};
  Fingerprinter fingerprinter;
  Classification classification;
  std::set<std::string> done;
  std::map<std::string, filesystem::TreesRead> read_before;
  VersionMemory versions;
  SweepQueue queue;
  ScopeNumbers numbers{0};
  std::atomic<bool> stop{false};
  SweepContext context{.keys = {fingerprinter},
                       .classification = classification,
                       .done = done,
                       .read_before = read_before,
                       .versions = versions,
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
    for (const SweepEvent& event : events) seen[event.scope] += "SHGTVE"[event.what.index()];
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
      {"an old token in a settings file", ".npmrc", "//registry.corp.example/:_authToken=" + old_token + "\n",
       "npm-legacy-token"},
      {"a reference in a settings file, behind a path", "/ci/.npmrc",
       "//registry.corp.example/:_authToken=${CI_TOKEN}\n", "reference"},
      {"a docker configuration", ".dockerconfigjson",
       R"({"auths":{"registry.corp.example":{"password":")" + token + R"(","auth":")" +
           tokensweep::testing::base64("ci:" + token) + R"("}}})",
       "npm-token"},
      {"a token in base64 twice", "x", tokensweep::testing::base64(tokensweep::testing::base64(" " + token)),
       "npm-token"},
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
    if (c.kind == "reference") {
      CHECK(!hits[0].fingerprint);
      CHECK(hits[0].name == "CI_TOKEN");
      continue;
    }
    CHECK(hits[0].fingerprint == fixture.fingerprinter.fingerprint(c.kind == "npm-legacy-token" ? old_token : token));
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

namespace {

/// A store of parameters that numbers their versions; one line for each that was fetched.
struct Parameters {
  std::map<std::string, std::pair<std::string, std::string>> all;  ///< name to version and value
  std::vector<std::string> fetched;
  std::optional<std::string> refused;  ///< the value of this one cannot be had
  ScopeState state = ScopeState::complete;
  std::map<std::string, bool> was_read;  ///< realms of which anything was known before

  Task<Result<>> crawl(Sink& sink) {
    const Scope all_of_it = scope_named("acme");
    for (const std::string& realm : {all_of_it.realm, std::string("elsewhere")})
      was_read[realm] = sink.knows_any(realm);
    const auto scope = sink.begin(all_of_it);
    for (const auto& [name, parameter] : all) {
      if (sink.is_known(*scope, "acme/actions/" + name, parameter.first)) continue;
      fetched.push_back(name);
      if (refused == name) {
        sink.gap(*scope, {.place = "acme/actions/" + name, .reason = "refused", .incomplete = false});
        continue;
      }
      Sighting sighting = secret_named("acme", name);
      sighting.value = Secret(parameter.second);
      sink.found(*scope, std::move(sighting));
    }
    ScopeEnd how{.state = state, .reason = state == ScopeState::complete ? "" : "cut"};
    co_await sink.end(*scope, std::move(how));
    co_return Result<>();
  }
};

/// Sweeps of such a store into a real inventory.
struct Nights {
  tokensweep::testing::TempDirectory temp;
  Inventory inventory = std::move(
      *Inventory::open(temp / "inventory.db", {.access = Inventory::Access::write, .key_id = "0123456789abcdef"}));
  InventoryKey key = InventoryKey::random();
  Parameters store;

  /// What one night fetched.
  std::vector<std::string> sweep(const RuleOptions& rules = {}) {
    Fixture fixture(key);
    fixture.detector = std::make_shared<const Detector>(std::move(*load_detector(rules)));
    REQUIRE(fixture.versions.load(inventory, "github", "acme"));
    store.fetched.clear();
    std::vector<NetworkJob> jobs;
    jobs.push_back(fixture.job("acme", [this](Sink& sink) { return store.crawl(sink); }));
    const auto now = [] { return Time(std::chrono::seconds(1'800'000'000)); };
    const SweepId id = *inventory.begin_sweep(now(), "0.1.0", "digest");
    SweepWriter writer(inventory, id, now, [](const Scope&, const ScopeEnd&) {});
    REQUIRE(writer.take(fixture.run(jobs)));
    REQUIRE(
        inventory.finish_sweep(id, writer.account().incomplete ? SweepState::incomplete : SweepState::complete, now()));
    return store.fetched;
  }

  std::map<std::string, State> states() {
    std::map<std::string, State> all;
    REQUIRE(inventory.for_each_hit({.state = std::nullopt}, [&all](const HitRow& row) {
      all.emplace(row.hit.name, row.state);
      return true;
    }));
    return all;
  }
};

using Names = std::vector<std::string>;
using States = std::map<std::string, State>;

}  // namespace

TEST_CASE("what is as it was is not fetched again, and is there as it was") {
  Nights nights;
  nights.store.all = {{"A", {"1", tokensweep::testing::npm_token(81)}},
                      {"B", {"1", "nothing"}},
                      {"C", {"1", tokensweep::testing::npm_token(82)}}};
  const std::string realm = scope_named("acme").realm;
  CHECK(nights.sweep() == Names{"A", "B", "C"});
  CHECK(nights.store.was_read == std::map<std::string, bool>{{realm, false}, {"elsewhere", false}});
  CHECK(nights.sweep().empty());
  CHECK(nights.store.was_read == std::map<std::string, bool>{{realm, true}, {"elsewhere", false}});
  CHECK(nights.states() == States{{"A", State::present}, {"C", State::present}});
  SUBCASE("a new version is fetched, and what it no longer holds is gone") {
    nights.store.all["A"] = {"2", "nothing"};
    CHECK(nights.sweep() == Names{"A"});
    CHECK(nights.states() == States{{"A", State::gone}, {"C", State::present}});
    CHECK(nights.sweep().empty());
    CHECK(nights.states() == States{{"A", State::gone}, {"C", State::present}});
  }
  SUBCASE("what is not listed any more is gone, and is fetched when it comes back") {
    nights.store.all.erase("A");
    CHECK(nights.sweep().empty());
    CHECK(nights.states() == States{{"A", State::gone}, {"C", State::present}});
    nights.store.all["A"] = {"1", tokensweep::testing::npm_token(81)};
    CHECK(nights.sweep() == Names{"A"});
    CHECK(nights.states() == States{{"A", State::present}, {"C", State::present}});
  }
  SUBCASE("other rules fetch everything") {
    const auto rules = nights.temp / "rules.toml";
    std::ofstream(rules)
        << "[[rules]]\nid = \"other\"\ndescription = \"x\"\nregex = 'other_[0-9]{8}'\nkeywords = [\"other_\"]\n";
    CHECK(nights.sweep({.files = {rules}}) == Names{"A", "B", "C"});
    CHECK(nights.sweep({.files = {rules}}).empty());
  }
  SUBCASE("what an incomplete night read is known, and what it did not come to stays as it is") {
    nights.store.state = ScopeState::failed;
    const std::string token = nights.store.all["C"].second;
    nights.store.all = {{"A", {"2", "nothing"}}};
    CHECK(nights.sweep() == Names{"A"});
    CHECK(nights.states() == States{{"A", State::unknown}, {"C", State::unknown}});
    nights.store.state = ScopeState::complete;
    nights.store.all["C"] = {"1", token};
    CHECK(nights.sweep().empty());
    // What the version before had held is not confirmed by the one that was read since.
    CHECK(nights.states() == States{{"A", State::gone}, {"C", State::present}});
  }
}

TEST_CASE("what could not be read is not known") {
  Nights nights;
  nights.store.all = {{"A", {"1", tokensweep::testing::npm_token(83)}}};
  nights.store.refused = "A";
  CHECK(nights.sweep() == Names{"A"});
  CHECK(nights.sweep() == Names{"A"});
  nights.store.refused.reset();
  CHECK(nights.sweep() == Names{"A"});
  CHECK(nights.states() == States{{"A", State::present}});
  CHECK(nights.sweep().empty());
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
