// What sweeps do to the inventory: what is written, refreshed, gone, unknown.
#include <doctest/doctest.h>

#include "tests/db/fixture.hpp"

namespace tokensweep::testing {
namespace {

using Map = std::map<std::string, State>;
constexpr State present = State::present;
constexpr State gone = State::gone;
constexpr State unknown = State::unknown;

TEST_CASE("a hit comes back with everything that was said of it") {
  const Fixture fixture;
  Hit hit = hit_at("/home/a/.npmrc");
  hit.klass = Class::B;
  hit.confidence = Confidence::confirmed;
  hit.reason = "It's \"quoted\"; DROP TABLE hit; --\n\xff\xfe";
  hit.locator = std::string("with a zero \0 byte", 18);
  hit.name = "_authToken";
  hit.registry = "registry.example.com";
  hit.fingerprint = fingerprint_of(7);
  hit.preview = "npm_aBcD…9aZ4";
  hit.checksum = Checksum::valid;
  hit.created_at = kNow - std::chrono::hours(48);
  hit.updated_at = kNow - std::chrono::hours(24);
  hit.age_basis = AgeBasis::bounds;
  hit.scope = ScopeFlags().add(ScopeFlag::org_wide).add(ScopeFlag::inert);
  hit.deep = true;
  {
    Inventory inventory = fixture.open();
    sweep(inventory, scope_at("/home"), {hit}, ended(), kNow);
  }
  const auto inventory = Inventory::open(fixture.file, {});
  REQUIRE(inventory);
  const auto rows = rows_of(*inventory);
  REQUIRE(rows.size() == 1);
  const Hit& got = rows[0].hit;
  CHECK(got.id == hit.id);
  CHECK(got.klass == hit.klass);
  CHECK(got.confidence == hit.confidence);
  CHECK(got.reason == hit.reason);
  CHECK(got.rule == hit.rule);
  CHECK(got.kind == hit.kind);
  CHECK(got.source == "filesystem");
  CHECK(got.store == "host:/home");
  CHECK(got.place == hit.place);
  CHECK(got.locator == hit.locator);
  CHECK(got.name == hit.name);
  CHECK(got.registry == hit.registry);
  CHECK(got.fingerprint == hit.fingerprint);
  CHECK(got.preview == hit.preview);
  CHECK(got.checksum == hit.checksum);
  CHECK(got.created_at == hit.created_at);
  CHECK(got.updated_at == hit.updated_at);
  CHECK(got.age_basis == hit.age_basis);
  CHECK(got.scope == hit.scope);
  CHECK(got.deep == hit.deep);
  CHECK(rows[0].token == "t0707070707070707");
  CHECK(rows[0].first_seen == kNow);
  CHECK(rows[0].last_seen == kNow);
  CHECK(rows[0].token_first_seen == kNow);
  CHECK(rows[0].gone_at == std::nullopt);
  CHECK(rows[0].state == State::present);
}

TEST_CASE("a hit without a value has no token, and keeps what is empty apart from what is missing") {
  const Fixture fixture;
  Inventory inventory = fixture.open();
  Hit empty = hit_at("/a");
  empty.registry = "";
  empty.preview = "";
  sweep(inventory, scope_at("/"), {empty, hit_at("/b")}, ended(), kNow);
  CHECK(row_at(inventory, "/a").hit.registry == "");
  CHECK(row_at(inventory, "/a").hit.preview == "");
  const HitRow bare = row_at(inventory, "/b");
  CHECK(bare.hit.registry == std::nullopt);
  CHECK(bare.hit.preview == std::nullopt);
  CHECK(bare.hit.created_at == std::nullopt);
  CHECK(bare.hit.updated_at == std::nullopt);
  CHECK(bare.hit.fingerprint == std::nullopt);
  CHECK(bare.token == std::nullopt);
  CHECK(bare.token_first_seen == std::nullopt);
}

TEST_CASE("what a sweep does not see again is gone or unknown, as far as it looked") {
  const auto rule_off = [] {
    ScopeEnd end = ended();
    end.rules = {"another"};
    return end;
  };
  const struct {
    const char* what;
    ScopeEnd end;
    std::vector<Gap> gaps;
    State unseen;
    State unseen_deep;
  } cases[] = {
      {"complete and deep", ended(), {}, gone, gone},
      {"complete, not deep", ended(ScopeState::complete, false), {}, gone, unknown},
      {"complete, the rule not in force", rule_off(), {}, unknown, unknown},
      {"incomplete", ended(ScopeState::incomplete), {}, unknown, unknown},
      {"denied", ended(ScopeState::denied), {}, unknown, unknown},
      {"failed", ended(ScopeState::failed), {}, unknown, unknown},
      {"skipped", ended(ScopeState::skipped), {}, unknown, unknown},
      {"said to be complete, with something missed elsewhere",
       ended(),
       {{.place = "/h/elsewhere", .reason = "EIO"}},
       unknown,
       unknown},
      {"complete, with a skipped place elsewhere",
       ended(),
       {{.place = "/h/else", .reason = "a FIFO", .incomplete = false}},
       gone,
       gone},
      {"complete, with a skipped place above",
       ended(),
       {{.place = "/h/x", .reason = "another device", .incomplete = false}},
       unknown,
       unknown},
      {"complete, with a skipped place above, spelled with a slash",
       ended(),
       {{.place = "/h/x/", .reason = "", .incomplete = false}},
       unknown,
       unknown},
      {"complete, with all of it skipped",
       ended(),
       {{.place = "/", .reason = "", .incomplete = false}},
       unknown,
       unknown},
      {"complete, with a name skipped that begins so",
       ended(),
       {{.place = "/h/x/unse", .reason = "", .incomplete = false}},
       gone,
       gone},
  };
  for (const auto& c : cases) {
    CAPTURE(c.what);
    const Fixture fixture;
    Inventory inventory = fixture.open();
    Hit deep = hit_at("/h/x/deep");
    deep.deep = true;
    sweep(inventory, scope_at("/h"), {hit_at("/h/seen"), hit_at("/h/x/unseen"), deep}, ended(), kNow);
    sweep(inventory, scope_at("/h"), {hit_at("/h/seen")}, c.end, kLater, c.gaps);
    CHECK(states_of(inventory) == Map{{"/h/seen", present}, {"/h/x/unseen", c.unseen}, {"/h/x/deep", c.unseen_deep}});
    CHECK(row_at(inventory, "/h/x/unseen").gone_at == (c.unseen == gone ? std::optional(kLater) : std::nullopt));
  }
}

TEST_CASE("a scope settles the places that its prefix holds, and no others") {
  const struct {
    const char* what;
    const char* prefix;
    std::vector<const char*> inside;
    std::vector<const char*> outside;
  } cases[] = {
      {"a directory",
       "/home/a",
       {"/home/a", "/home/a/x", "/home/a/x/y", "/home/a/"},
       {"/home", "/home/ab", "/home/a.b", "/home/a-b", "/home/a0", "/home/b", "/"}},
      {"with a slash at its end", "/home/a/", {"/home/a/x"}, {"/home/ab"}},
      {"the root", "/", {"/", "/x", "/home/a/x", "not a path"}, {}},
      {"nothing", "", {"/", "/x", "name#key", ""}, {}},
      {"a parameter's path", "prod/npm", {"prod/npm", "prod/npm/token"}, {"prod/npmx", "prod"}},
      {"LIKE's wildcards are names", "/h_%", {"/h_%/x"}, {"/hab/x", "/h_a/x"}},
      {"bytes that are no UTF-8", "/h\xff", {"/h\xff/\xfe"}, {"/h\xfe/x"}},
  };
  for (const auto& c : cases) {
    CAPTURE(c.what);
    const Fixture fixture;
    Inventory inventory = fixture.open();
    std::vector<Hit> hits;
    Map expected;
    for (const char* place : c.inside) hits.push_back(hit_at(place)), expected[place] = gone;
    for (const char* place : c.outside) hits.push_back(hit_at(place)), expected[place] = present;
    sweep(inventory, scope_at("/"), hits, ended(), kNow);
    sweep(inventory, scope_at(c.prefix), {}, ended(), kLater);
    CHECK(states_of(inventory) == expected);
  }
}

TEST_CASE("another realm and another connector's realm of the same name are left alone") {
  const Fixture fixture;
  Inventory inventory = fixture.open();
  Scope github = scope_at("/");
  github.source = "github";
  sweep(inventory, scope_at("/"), {hit_at("/mine")}, ended(), kNow);
  sweep(inventory, scope_at("/", "other host"), {hit_at("/theirs")}, ended(), kNow);
  sweep(inventory, github, {hit_at("/github")}, ended(), kNow);
  sweep(inventory, scope_at("/"), {}, ended(), kLater);
  CHECK(states_of(inventory) == Map{{"/mine", gone}, {"/theirs", present}, {"/github", present}});
}

TEST_CASE("nested scopes: the last to see a hit has it, and any of them that is complete can settle it") {
  const Fixture fixture;
  Inventory inventory = fixture.open();
  sweep(inventory, scope_at("/home/a"), {hit_at("/home/a/1"), hit_at("/home/a/2")}, ended(), kNow);
  sweep(inventory, scope_at("/home"), {hit_at("/home/a/1"), hit_at("/home/b")}, ended(), kLater);
  CHECK(states_of(inventory) == Map{{"/home/a/1", present}, {"/home/a/2", gone}, {"/home/b", present}});
  CHECK(row_at(inventory, "/home/a/1").hit.store == "host:/home");
  CHECK(row_at(inventory, "/home/a/1").first_seen == kNow);
  sweep(inventory, scope_at("/home/a"), {}, ended(), kLatest);
  CHECK(states_of(inventory) == Map{{"/home/a/1", gone}, {"/home/a/2", gone}, {"/home/b", present}});
  CHECK(row_at(inventory, "/home/a/2").gone_at == kLater);
}

TEST_CASE("two scopes of one sweep that overlap do not undo each other") {
  const Fixture fixture;
  Inventory inventory = fixture.open();
  const auto id = inventory.begin_sweep(kNow, "", "");
  REQUIRE(id);
  const auto outer = inventory.open_scope(*id, scope_at("/home"));
  const auto inner = inventory.open_scope(*id, scope_at("/home/a"));
  REQUIRE((outer && inner && *outer != *inner));
  const Hit hit = hit_at("/home/a/x");
  REQUIRE(inventory.write(*id, *inner, {&hit, 1}, {}, kNow));
  REQUIRE(inventory.close_scope(*id, *outer, ended(), kNow));
  REQUIRE(inventory.close_scope(*id, *inner, ended(), kNow));
  REQUIRE(inventory.finish_sweep(*id, SweepState::complete, kNow));
  CHECK(states_of(inventory) == Map{{"/home/a/x", present}});
}

TEST_CASE("what is gone stays gone until it is seen again, and then keeps its first sight") {
  const Fixture fixture;
  Inventory inventory = fixture.open();
  sweep(inventory, scope_at("/"), {hit_at("/x")}, ended(), kNow);
  sweep(inventory, scope_at("/"), {}, ended(), kLater);
  sweep(inventory, scope_at("/"), {}, ended(ScopeState::incomplete), kLatest);
  CHECK(row_at(inventory, "/x").state == gone);
  CHECK(row_at(inventory, "/x").gone_at == kLater);
  CHECK(row_at(inventory, "/x").last_seen == kNow);
  sweep(inventory, scope_at("/"), {hit_at("/x")}, ended(), kLatest);
  const HitRow back = row_at(inventory, "/x");
  CHECK(back.state == present);
  CHECK(back.gone_at == std::nullopt);
  CHECK(back.first_seen == kNow);
  CHECK(back.last_seen == kLatest);
}

TEST_CASE("unknown becomes present or gone when a sweep gets there again") {
  const Fixture fixture;
  Inventory inventory = fixture.open();
  sweep(inventory, scope_at("/"), {hit_at("/x"), hit_at("/y")}, ended(), kNow);
  sweep(inventory, scope_at("/"), {}, ended(ScopeState::failed), kLater);
  CHECK(states_of(inventory) == Map{{"/x", unknown}, {"/y", unknown}});
  sweep(inventory, scope_at("/"), {hit_at("/x")}, ended(), kLatest);
  CHECK(states_of(inventory) == Map{{"/x", present}, {"/y", gone}});
}

TEST_CASE("the same id again replaces what it said") {
  const Fixture fixture;
  Inventory inventory = fixture.open();
  Hit hit = hit_at("/x");
  hit.fingerprint = fingerprint_of(1);
  sweep(inventory, scope_at("/"), {hit}, ended(), kNow);
  hit.klass = Class::A;
  hit.locator = "/x:9";
  hit.scope.add(ScopeFlag::publish);
  hit.fingerprint = fingerprint_of(2);
  hit.updated_at = kLater;
  sweep(inventory, scope_at("/"), {hit, hit}, ended(), kLater);
  const auto rows = rows_of(inventory);
  REQUIRE(rows.size() == 1);
  CHECK(rows[0].hit.klass == Class::A);
  CHECK(rows[0].hit.locator == "/x:9");
  CHECK(rows[0].hit.scope.has(ScopeFlag::publish));
  CHECK(rows[0].token == "t0202020202020202");
  CHECK(rows[0].token_first_seen == kLater);
  CHECK(rows[0].first_seen == kNow);
}

TEST_CASE("a token that moves keeps the date of its first sight anywhere") {
  const Fixture fixture;
  Inventory inventory = fixture.open();
  Hit here = hit_at("/here");
  Hit there = hit_at("/there");
  here.fingerprint = there.fingerprint = fingerprint_of(1);
  sweep(inventory, scope_at("/"), {here}, ended(), kNow);
  sweep(inventory, scope_at("/"), {there}, ended(), kLater);
  CHECK(row_at(inventory, "/there").first_seen == kLater);
  CHECK(row_at(inventory, "/there").token_first_seen == kNow);
}

TEST_CASE("a clock that went back makes no sight end before it began") {
  const Fixture fixture;
  Inventory inventory = fixture.open();
  Hit hit = hit_at("/x");
  hit.fingerprint = fingerprint_of(1);
  sweep(inventory, scope_at("/"), {hit}, ended(), kLatest);
  sweep(inventory, scope_at("/"), {hit}, ended(), kNow);
  CHECK(row_at(inventory, "/x").last_seen == kLatest);
  hit.klass = Class::A;  // the other way of writing: something changed
  sweep(inventory, scope_at("/"), {hit}, ended(), kNow);
  CHECK(row_at(inventory, "/x").last_seen == kLatest);
  sweep(inventory, scope_at("/"), {}, ended(), kNow);
  CHECK(row_at(inventory, "/x").gone_at == kLatest);
  const auto id = inventory.begin_sweep(kLatest, "", "");
  REQUIRE(id);
  REQUIRE(inventory.finish_sweep(*id, SweepState::complete, kNow));
  CHECK(inventory.sweeps()->back().finished_at == kLatest);
}

TEST_CASE("a sweep that never ended is shown as interrupted, and its hits stay") {
  const Fixture fixture;
  {
    Inventory inventory = fixture.open();
    const auto id = inventory.begin_sweep(kNow, "0.1.0", "digest");
    const auto scope = inventory.open_scope(*id, scope_at("/"));
    const Hit hit = hit_at("/x");
    REQUIRE(inventory.write(*id, *scope, {&hit, 1}, {}, kNow));
    CHECK(inventory.sweeps()->back().state == SweepState::running);
  }
  Inventory inventory = fixture.open();
  sweep(inventory, scope_at("/elsewhere"), {}, ended(), kLater);
  const auto sweeps = inventory.sweeps();
  REQUIRE(sweeps);
  REQUIRE(sweeps->size() == 2);
  CHECK((*sweeps)[0].state == SweepState::interrupted);
  CHECK((*sweeps)[0].finished_at == std::nullopt);
  CHECK((*sweeps)[0].version == "0.1.0");
  CHECK((*sweeps)[0].rules_digest == "digest");
  CHECK((*sweeps)[1].state == SweepState::complete);
  CHECK((*sweeps)[1].finished_at == kLater);
  CHECK(states_of(inventory) == Map{{"/x", present}});
}

TEST_CASE("gaps come back with the store where they are, in their order") {
  const Fixture fixture;
  Inventory inventory = fixture.open();
  const SweepId id = sweep(inventory, scope_at("/home"), {}, ended(ScopeState::incomplete), kNow,
                           {{.place = "/home/z", .reason = "Permission denied"},
                            {.place = "/home/a", .reason = "a FIFO", .incomplete = false}});
  std::vector<GapRow> gaps;
  REQUIRE(inventory.for_each_gap(id, [&gaps](const GapRow& row) { return gaps.push_back(row), true; }));
  REQUIRE(gaps.size() == 2);
  CHECK(gaps[0].sweep == id);
  CHECK(gaps[0].store == "host:/home");
  CHECK(gaps[0].gap.place == "/home/z");
  CHECK(gaps[0].gap.reason == "Permission denied");
  CHECK(gaps[0].gap.incomplete);
  CHECK(!gaps[1].gap.incomplete);
  int seen = 0;
  REQUIRE(inventory.for_each_gap(id, [&seen](const GapRow&) { return ++seen, false; }));
  CHECK(seen == 1);
}

TEST_CASE("a sweep cannot be called complete where a scope is not") {
  const Fixture fixture;
  Inventory inventory = fixture.open();
  const auto id = inventory.begin_sweep(kNow, "", "");
  const auto scope = inventory.open_scope(*id, scope_at("/"));
  const auto early = inventory.finish_sweep(*id, SweepState::complete, kNow);
  REQUIRE(!early);
  CHECK(early.error().kind == ErrorKind::internal);
  // A misuse ends nothing: the scope is still open.
  REQUIRE(inventory.close_scope(*id, *scope, ended(), kNow));
  CHECK(inventory.finish_sweep(*id, SweepState::complete, kNow));
}

TEST_CASE("calls that make no sense are errors, and change nothing") {
  const Fixture fixture;
  Inventory inventory = fixture.open();
  const Hit hit = hit_at("/x");
  CHECK(!inventory.open_scope(1, scope_at("/")));
  const auto id = inventory.begin_sweep(kNow, "", "");
  const auto scope = inventory.open_scope(*id, scope_at("/"));
  CHECK(!inventory.open_scope(*id, scope_at("/")));
  CHECK(!inventory.write(*id, *scope + 1, {&hit, 1}, {}, kNow));
  CHECK(!inventory.write(*id + 1, *scope, {&hit, 1}, {}, kNow));
  CHECK(!inventory.close_scope(*id, *scope, ended(ScopeState::open), kNow));
  CHECK(!inventory.finish_sweep(*id, SweepState::running, kNow));
  REQUIRE(inventory.finish_sweep(*id, SweepState::interrupted, kNow));
  CHECK(!inventory.write(*id, *scope, {&hit, 1}, {}, kNow));
  CHECK(!inventory.finish_sweep(*id, SweepState::complete, kNow));
  CHECK(inventory.write(*id, *scope, {}, {}, kNow));  // nothing to write is nothing to refuse
  CHECK(rows_of(inventory).empty());
}

TEST_CASE("a query restricts what comes, by each of its members") {
  const Fixture fixture;
  Inventory inventory = fixture.open();
  Hit a = hit_at("/a");
  a.klass = Class::A;
  a.fingerprint = fingerprint_of(0xab);
  a.scope.add(ScopeFlag::publish);
  Hit b = hit_at("/b");
  b.klass = Class::B;
  b.fingerprint = fingerprint_of(0xac);
  Scope github = scope_at("/");
  github.source = "github";
  github.name = "acme";
  sweep(inventory, github, {hit_at("/g")}, ended(), kNow);
  const SweepId first = sweep(inventory, scope_at("/"), {a, b, hit_at("/gone")}, ended(), kNow);
  const SweepId second = sweep(inventory, scope_at("/"), {a}, ended(ScopeState::incomplete), kLater);
  sweep(inventory, scope_at("/gone"), {}, ended(), kLatest);
  const struct {
    const char* what;
    HitQuery query;
    std::vector<std::string> places;
  } cases[] = {
      {"nothing said: what is not gone", {}, {"/a", "/b", "/g"}},
      {"all", {.state = std::nullopt}, {"/a", "/b", "/g", "/gone"}},
      {"gone", {.state = gone}, {"/gone"}},
      {"unknown", {.state = unknown}, {"/b"}},
      {"a class", {.classes = {Class::B}}, {"/b"}},
      {"two classes", {.classes = {Class::D, Class::A}}, {"/a", "/g"}},
      {"a connector", {.source = "github"}, {"/g"}},
      {"a configured source", {.source = "acme"}, {"/g"}},
      {"a source that is none", {.source = "ssm"}, {}},
      {"a flag", {.flag = ScopeFlag::publish}, {"/a"}},
      {"a hit", {.id = b.id}, {"/b"}},
      {"a hit that is gone", {.id = hit_at("/gone").id}, {}},
      {"the beginning of a hit's id", {.id = b.id.substr(0, 8)}, {}},
      {"a token", {.token = "tabababababababab"}, {"/a"}},
      {"the beginning of two", {.token = "ta"}, {"/a", "/b"}},
      {"an odd number of digits",
       {.token = "tabababab"
                 "a"},
       {"/a"}},
      {"without the t", {.token = "ac"}, {"/b"}},
      {"no token's id", {.token = "t*"}, {}},
      {"a pattern", {.token = "t[ab]"}, {}},
      {"the newest sweep", {.sweep = second}, {"/a"}},
      {"an older one: what was not seen since", {.sweep = first}, {"/b"}},
      {"two things at once", {.classes = {Class::A}, .state = gone}, {}},
  };
  for (const auto& c : cases) {
    CAPTURE(c.what);
    std::vector<std::string> places;
    for (const HitRow& row : rows_of(inventory, c.query)) places.push_back(row.hit.place);
    std::sort(places.begin(), places.end());
    CHECK(places == c.places);
  }
}

TEST_CASE("hits come by class, then the oldest first, then by id, and stop when asked") {
  const Fixture fixture;
  Inventory inventory = fixture.open();
  const auto make = [](const char* id, Class klass, std::optional<Time> updated, std::optional<Time> created) {
    Hit hit = hit_at(std::string("/") + id);
    hit.id = id;
    hit.klass = klass;
    hit.updated_at = updated;
    hit.created_at = created;
    return hit;
  };
  const Time old = kNow - std::chrono::hours(9999);
  sweep(inventory, scope_at("/"),
        {make("4", Class::B, {}, {}), make("6", Class::D, old, {}), make("2", Class::B, {}, old),
         make("3", Class::B, {}, {}), make("5", Class::B, kLatest, old), make("1", Class::A, kLatest, kLatest)},
        ended(), kNow);
  std::string ids;
  for (const HitRow& row : rows_of(inventory)) ids += row.hit.id;
  CHECK(ids == "123456");
  int seen = 0;
  REQUIRE(inventory.for_each_hit({}, [&seen](const HitRow&) { return ++seen < 2; }));
  CHECK(seen == 2);
}

TEST_CASE("a reader may read within a reader") {
  const Fixture fixture;
  Inventory inventory = fixture.open();
  sweep(inventory, scope_at("/"), {hit_at("/a"), hit_at("/b")}, ended(), kNow);
  std::size_t inner = 0;
  REQUIRE(inventory.for_each_hit({}, [&](const HitRow&) { return inner += rows_of(inventory).size(), true; }));
  CHECK(inner == 4);
  CHECK(inventory.begin_sweep(kNow, "", ""));  // and writing goes on after it
}

}  // namespace
}  // namespace tokensweep::testing
