// What changed from sweep to sweep, what is concluded of tokens, and how an interrupted sweep goes on.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "db/coverage.hpp"
#include "db/event.hpp"
#include "tests/db/fixture.hpp"

namespace tokensweep::testing {
namespace {

Hit token_at(const std::string& place, std::uint8_t value, Class klass = Class::D, std::string name = "key") {
  Hit hit = hit_at(fmt::format("{} {}", place, value));
  hit.place = place;
  hit.locator = place + ":1";
  hit.name = std::move(name);
  hit.klass = klass;
  hit.fingerprint = fingerprint_of(value);
  hit.preview = fmt::format("npm_{0:04}…{0:04}", value);
  return hit;
}

/// `kind place` and what it was before, one a line.
std::string events_after(const Inventory& inventory, SweepId after) {
  std::string all;
  REQUIRE(inventory.for_each_event({.after_sweep = after}, [&all](const EventRow& event) {
    all += fmt::format("{} {}", to_string(event.kind), event.locator);
    if (event.kind == EventKind::class_changed) {
      all += fmt::format(" {}>{}", to_string(*event.old_class), to_string(*event.klass));
    }
    if (event.kind == EventKind::moved) all += " from " + event.old_locator;
    if (event.kind == EventKind::value_changed) all += fmt::format(" {}>{}", *event.old_token, *event.token);
    if (event.kind == EventKind::flags_changed) {
      for (const std::string_view name : names(event.old_flags)) all += fmt::format(" -{}", name);
      for (const std::string_view name : names(event.flags)) all += fmt::format(" +{}", name);
    }
    all += '\n';
    return true;
  }));
  return all;
}

TEST_CASE("each change between two sweeps is an event, and nothing else is") {
  Hit readable = token_at("/a", 1);
  readable.scope.add(ScopeFlag::world_readable);
  Hit stricter = token_at("/a", 1);
  stricter.klass = Class::A;
  Hit name = hit_at("/n");
  Hit stricter_name = name;
  stricter_name.klass = Class::B;
  name.klass = Class::D;
  Hit elsewhere = token_at("/a", 1);
  elsewhere.locator = "/a:9";
  const struct {
    const char* what;
    std::vector<Hit> before, after;
    const char* events;
  } cases[] = {
      {"nothing", {token_at("/a", 1)}, {token_at("/a", 1)}, ""},
      {"another line of the same file", {token_at("/a", 1)}, {elsewhere}, ""},
      {"one more", {token_at("/a", 1)}, {token_at("/a", 1), token_at("/b", 2)}, "came /b:1\n"},
      {"one less", {token_at("/a", 1), token_at("/b", 2)}, {token_at("/a", 1)}, "gone /b:1\n"},
      {"another value under the same name",
       {token_at("/a", 1)},
       {token_at("/a", 2)},
       "value_changed /a:1 t0101010101010101>t0202020202020202\n"},
      {"another value under another name",
       {token_at("/a", 1)},
       {token_at("/a", 2, Class::D, "other")},
       "came /a:1\ngone /a:1\n"},
      {"the same token in another place", {token_at("/a", 1)}, {token_at("/b", 1)}, "moved /b:1 from /a:1\n"},
      {"a copy is no move", {token_at("/a", 1)}, {token_at("/a", 1), token_at("/b", 1)}, "came /b:1\n"},
      {"two moves at once",
       {token_at("/a", 1), token_at("/b", 2)},
       {token_at("/c", 1), token_at("/d", 2)},
       "moved /c:1 from /a:1\nmoved /d:1 from /b:1\n"},
      {"one place in place of two",
       {token_at("/a", 1), token_at("/b", 1)},
       {token_at("/c", 1)},
       "moved /c:1 from /a:1\ngone /b:1\n"},
      {"another class", {token_at("/a", 1)}, {stricter}, "class_changed /a:1 D>A\n"},
      {"another class of a name", {name}, {stricter_name}, "class_changed /n:1 D>B\n"},
      {"other flags", {token_at("/a", 1)}, {readable}, "flags_changed /a:1 +world-readable\n"},
      {"a stricter copy elsewhere",
       {token_at("/a", 1)},
       {token_at("/a", 1), token_at("/b", 1, Class::B)},
       "came /b:1\nclass_changed /a:1 D>B\n"},
      {"the stricter copy went",
       {token_at("/a", 1), token_at("/b", 1, Class::B)},
       {token_at("/a", 1)},
       "class_changed /a:1 B>D\ngone /b:1\n"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.what);
    const Fixture fixture;
    Inventory inventory = fixture.open();
    const SweepId first = sweep(inventory, scope_at("/"), c.before, ended(), kNow);
    sweep(inventory, scope_at("/"), c.after, ended(), kLater);
    CHECK(events_after(inventory, first) == c.events);
  }
}

TEST_CASE("what is gone and comes back has returned, and an unknown place is no event") {
  const Fixture fixture;
  Inventory inventory = fixture.open();
  sweep(inventory, scope_at("/"), {token_at("/a", 1)}, ended(), kNow);
  const SweepId second = sweep(inventory, scope_at("/"), {}, ended(ScopeState::incomplete), kLater);
  CHECK(events_after(inventory, 1).empty());
  const SweepId third = sweep(inventory, scope_at("/"), {}, ended(), kLater);
  CHECK(events_after(inventory, second) == "gone /a:1\n");
  sweep(inventory, scope_at("/"), {token_at("/a", 1)}, ended(), kLatest);
  CHECK(events_after(inventory, third) == "returned /a:1\n");
}

TEST_CASE("the events of the first sweep are what came, and a time restricts as well") {
  const Fixture fixture;
  Inventory inventory = fixture.open();
  sweep(inventory, scope_at("/"), {token_at("/a", 1)}, ended(), kNow);
  sweep(inventory, scope_at("/"), {token_at("/b", 2)}, ended(), kLatest);
  CHECK(events_after(inventory, 0) == "came /a:1\ncame /b:1\ngone /a:1\n");
  int since = 0;
  REQUIRE(inventory.for_each_event({.since = kLater}, [&since](const EventRow&) { return ++since, true; }));
  CHECK(since == 2);
}

TEST_CASE("a token's class is the strictest of its places, in all of them") {
  const Fixture fixture;
  Inventory inventory = fixture.open();
  sweep(inventory, scope_at("/"), {token_at("/a", 1), token_at("/b", 1, Class::B), token_at("/c", 2)}, ended(), kNow);
  CHECK(row_at(inventory, "/a").hit.klass == Class::B);
  CHECK(row_at(inventory, "/a").hit.reason == "the strictest of its places");
  CHECK(row_at(inventory, "/a").places == 2);
  CHECK(row_at(inventory, "/c").hit.klass == Class::D);
  CHECK(row_at(inventory, "/c").places == 1);
  CHECK(rows_of(inventory, {.classes = {Class::B}}).size() == 2);
}

RegistryToken listed(std::uint8_t value, std::string key) {
  RegistryToken token;
  token.account = "ann";
  token.key = std::move(key);
  token.name = "ci of the site";
  token.first = fmt::format("npm_{:04}", value);
  token.last = fmt::format("{:04}", value);
  token.access = PackageAccess::write;
  token.scopes = {{RegistryScope::Type::package, "left-pad"}, {RegistryScope::Type::scope, "@acme"}};
  token.bypass_2fa = true;
  token.ip_ranges = {"10.0.0.0/8", "192.168.1.0/24"};
  token.created_at = kNow - std::chrono::hours(240);
  token.accessed_at = kNow - std::chrono::hours(24);
  token.expires_at = kNow + std::chrono::hours(240);
  return token;
}

void import(Inventory& inventory, const std::vector<RegistryToken>& tokens, Time now, std::string account = "ann") {
  REQUIRE(inventory.import_tokens({.account = std::move(account),
                                   .file = "tokens.json",
                                   .imported_at = now,
                                   .entries = static_cast<std::int64_t>(tokens.size())},
                                  tokens, strictest));
  REQUIRE(inventory.settle_classes(0, strictest, now));
}

std::vector<HitRow> unfound(const Inventory& inventory) {
  std::vector<HitRow> rows;
  REQUIRE(inventory.for_each_unfound([&rows](const HitRow& row) { return rows.push_back(row), true; }));
  return rows;
}

TEST_CASE("a listed token is joined to the stored one by its first and last characters") {
  const Fixture fixture;
  Inventory inventory = fixture.open();
  const SweepId first = sweep(inventory, scope_at("/"), {token_at("/a", 1), token_at("/b", 2)}, ended(), kNow);
  import(inventory, {listed(1, "k1"), listed(3, "k3")}, kLater);

  const HitRow row = row_at(inventory, "/a");
  CHECK(row.hit.klass == Class::A);
  CHECK(row.hit.confidence == Confidence::confirmed);
  CHECK(row.hit.scope.has(ScopeFlag::bypass_2fa));
  REQUIRE(row.listing);
  CHECK(row.listing->created_at == kNow - std::chrono::hours(240));
  CHECK(row.listing->expires_at == kNow + std::chrono::hours(240));
  CHECK(!row.listing->dead);
  CHECK(!row_at(inventory, "/b").listing);
  CHECK(events_after(inventory, first) == "class_changed /a:1 D>A\nflags_changed /a:1 +bypass-2fa\n");

  const auto back = inventory.listed_for(*row.hit.fingerprint);
  REQUIRE(back);
  REQUIRE(back->size() == 1);
  CHECK(back->front() == listed(1, "k1"));

  const auto nowhere = unfound(inventory);
  REQUIRE(nowhere.size() == 1);
  CHECK(nowhere[0].hit.store == "ann");
  CHECK(nowhere[0].hit.name == "ci of the site");
  CHECK(nowhere[0].hit.scope.has(ScopeFlag::unfound));
}

TEST_CASE("a list that is imported again: what it no longer names was deleted, what comes back lives") {
  const Fixture fixture;
  Inventory inventory = fixture.open();
  sweep(inventory, scope_at("/"), {token_at("/a", 1)}, ended(), kNow);
  import(inventory, {listed(1, "k1")}, kLater);
  import(inventory, {}, kLater);
  CHECK(row_at(inventory, "/a").listing->dead);
  CHECK(unfound(inventory).empty());
  import(inventory, {listed(1, "k1")}, kLatest);
  CHECK(!row_at(inventory, "/a").listing->dead);
  import(inventory, {}, kLatest, "another account");
  CHECK(!row_at(inventory, "/a").listing->dead);
  REQUIRE(inventory.lists()->size() == 2);
}

TEST_CASE("two listed tokens that fit are ambiguous, and neither tells its times") {
  const Fixture fixture;
  Inventory inventory = fixture.open();
  sweep(inventory, scope_at("/"), {token_at("/a", 1)}, ended(), kNow);
  import(inventory, {listed(1, "k1"), listed(1, "k2")}, kLater);
  CHECK(row_at(inventory, "/a").hit.scope.has(ScopeFlag::ambiguous));
  CHECK(!row_at(inventory, "/a").listing);
  CHECK(unfound(inventory).empty());
}

TEST_CASE("a list of before npm 10 shows six characters, and fits what begins with them") {
  const Fixture fixture;
  Inventory inventory = fixture.open();
  sweep(inventory, scope_at("/"), {token_at("/a", 1)}, ended(), kNow);
  RegistryToken old = listed(1, "");
  old.first = old.first.substr(0, 6);
  old.last.clear();
  import(inventory, {old}, kLater);
  CHECK(row_at(inventory, "/a").listing);
}

TEST_CASE("a token that is stored after its list was imported is joined by its sweep") {
  const Fixture fixture;
  Inventory inventory = fixture.open();
  import(inventory, {listed(1, "k1"), listed(2, "k2")}, kNow);
  CHECK(unfound(inventory).size() == 2);
  sweep(inventory, scope_at("/"), {token_at("/a", 1), token_at("/b", 2)}, ended(), kLater);
  CHECK(row_at(inventory, "/a").hit.klass == Class::A);
  CHECK(row_at(inventory, "/a").listing->shared_expiry);
  CHECK(unfound(inventory).empty());
  sweep(inventory, scope_at("/"), {token_at("/b", 2)}, ended(), kLatest);
  CHECK(unfound(inventory).size() == 1);
}

TEST_CASE("evidence comes back for those that judge anew, and what that changes is an event") {
  const Fixture fixture;
  Inventory inventory = fixture.open();
  Hit hit = token_at("/a", 1);
  hit.evidence = {{EvidenceKind::package, "@acme/\"site\\", "site/package.json"}, {EvidenceKind::personal, "", ""}};
  const SweepId first = sweep(inventory, scope_at("/"), {hit, hit_at("/n")}, ended(), kNow);
  std::vector<Evidence> seen;
  const JudgeHit judge = [&seen](const HitRow& row) {
    if (!row.hit.evidence.empty()) seen = row.hit.evidence;
    return TokenVerdict{.klass = Class::C, .reason = "anew", .rank = 7, .flags = row.hit.scope};
  };
  REQUIRE(inventory.judge_anew(judge, strictest, kLater));
  REQUIRE(inventory.settle_classes(0, strictest, kLater));
  CHECK(seen == hit.evidence);
  CHECK(row_at(inventory, "/a").hit.klass == Class::C);
  CHECK(row_at(inventory, "/a").hit.rank == 7);
  CHECK(events_after(inventory, first) == "class_changed /n:1 D>C\nclass_changed /a:1 D>C\n");
}

/// The places that were read whole, each with its files.
std::string trees_in(const Inventory& inventory) {
  std::string all;
  REQUIRE(inventory.for_each_tree_read([&all](const Scope& scope, const std::vector<TreeRead>& trees) {
    all += scope.prefix + ":";
    for (const TreeRead& tree : trees) all += fmt::format(" {}={}", tree.place, tree.figures.files_seen);
    all += "\n";
  }));
  return all;
}

std::vector<TreeRead> trees_of(const std::vector<std::string>& places) {
  std::vector<TreeRead> trees;
  for (const std::string& place : places) trees.push_back({.place = place, .figures = {.files_seen = place.size()}});
  return trees;
}

TEST_CASE("what was read whole is kept for who goes on, one directory for all below it") {
  const Fixture fixture;
  Inventory inventory = fixture.open();
  const auto id = inventory.begin_sweep(kNow, "0.1.0", "digest", "plan");
  const auto root = inventory.open_scope(*id, scope_at("/r"));
  const auto other = inventory.open_scope(*id, scope_at("/o"));
  REQUIRE(inventory.keep_trees(*id, *root, trees_of({"/r/a/b", "/r/a/b-c", "/r/a/b/c"})));
  REQUIRE(inventory.keep_trees(*id, *other, trees_of({"/o/\xff"})));
  CHECK(trees_in(inventory) == "/r: /r/a/b=6 /r/a/b-c=8 /r/a/b/c=8\n/o: /o/\xff=4\n");
  REQUIRE(inventory.keep_trees(*id, *root, trees_of({"/r/a/b"})));
  CHECK(trees_in(inventory) == "/r: /r/a/b=6 /r/a/b-c=8\n/o: /o/\xff=4\n");
  REQUIRE(inventory.keep_trees(*id, *root, trees_of({"/r/a"})));
  CHECK(trees_in(inventory) == "/r: /r/a=4\n/o: /o/\xff=4\n");
  CHECK(!inventory.keep_trees(*id, 99, trees_of({"/r/a"})));

  SUBCASE("a scope that is complete needs none") {
    REQUIRE(inventory.close_scope(*id, *root, ended(), kNow));
    CHECK(trees_in(inventory) == "/o: /o/\xff=4\n");
  }
  SUBCASE("one that is incomplete does, until the sweep ends") {
    REQUIRE(inventory.close_scope(*id, *root, {.state = ScopeState::incomplete, .reason = "interrupted"}, kNow));
    REQUIRE(inventory.close_scope(*id, *other, ended(), kNow));
    CHECK(trees_in(inventory) == "/r: /r/a=4\n");
    REQUIRE(inventory.finish_sweep(*id, SweepState::incomplete, kNow));
    CHECK(trees_in(inventory).empty());
  }
  SUBCASE("an interrupted sweep that goes on has them, another one has not") {
    REQUIRE(inventory.finish_sweep(*id, SweepState::interrupted, kNow));
    CHECK(!*inventory.resume_sweep("digest", "another plan"));
    REQUIRE(*inventory.resume_sweep("digest", "plan"));
    CHECK(trees_in(inventory) == "/r: /r/a=4\n/o: /o/\xff=4\n");
    REQUIRE(inventory.begin_sweep(kLater, "0.1.0", "digest", "another plan"));
    CHECK(trees_in(inventory).empty());
  }
}

TEST_CASE("an interrupted sweep goes on with the scopes that it had not finished") {
  const Fixture fixture;
  {
    Inventory inventory = fixture.open();
    const auto id = inventory.begin_sweep(kNow, "0.1.0", "digest", "plan");
    const auto done = inventory.open_scope(*id, scope_at("/done"));
    const Hit hit = token_at("/done/a", 1);
    REQUIRE(inventory.write(*id, *done, {&hit, 1}, {}, kNow));
    REQUIRE(inventory.close_scope(*id, *done, ended(), kNow));
    const auto half = inventory.open_scope(*id, scope_at("/half"));
    const Gap gap{.place = "/half/x", .reason = "Permission denied"};
    REQUIRE(inventory.write(*id, *half, {}, {&gap, 1}, kNow));
    REQUIRE(inventory.finish_sweep(*id, SweepState::interrupted, kNow));
  }
  Inventory inventory = fixture.open();
  CHECK(!*inventory.resume_sweep("other rules", "plan"));
  CHECK(!*inventory.resume_sweep("digest", "another plan"));
  const auto resumed = inventory.resume_sweep("digest", "plan");
  REQUIRE(resumed);
  REQUIRE(*resumed == 1);
  std::vector<std::string> done;
  REQUIRE(inventory.for_each_complete_scope(1, [&done](const Scope& scope) { done.push_back(scope.prefix); }));
  CHECK(done == std::vector<std::string>{"/done"});
  CHECK(!inventory.open_scope(1, scope_at("/done")));
  const auto half = inventory.open_scope(1, scope_at("/half"));
  REQUIRE(half);
  REQUIRE(inventory.close_scope(1, *half, ended(), kLater));
  REQUIRE(inventory.finish_sweep(1, SweepState::complete, kLater));
  CHECK(inventory.sweeps()->back().state == SweepState::complete);
  CHECK(!*inventory.resume_sweep("digest", "plan"));
  std::string coverage;
  REQUIRE(inventory.for_each_coverage(1, [&coverage](const CoverageRow& row) {
    coverage += fmt::format("{} {} {}\n", row.store, static_cast<int>(row.state), row.missed);
    return true;
  }));
  CHECK(coverage == "host:/done 1 0\nhost:/half 1 0\n");
}

TEST_CASE("figures, ranks and the policy are kept, the newest counts") {
  const Fixture fixture;
  Inventory inventory = fixture.open();
  CHECK(!*inventory.ranks());
  CHECK(!*inventory.policy());
  const SweepId id = sweep(inventory, scope_at("/"), {}, ended(), kNow);
  const std::pair<std::string_view, std::int64_t> figures[] = {{"tokens", 3}, {"dead", 1}};
  REQUIRE(inventory.keep_figures(id, figures));
  REQUIRE(inventory.import_ranks({.kind = ListInfo::Kind::ranks, .file = "old", .imported_at = kNow}, "old ranks"));
  REQUIRE(inventory.import_ranks({.kind = ListInfo::Kind::ranks, .file = "new", .imported_at = kNow}, "new ranks"));
  REQUIRE(inventory.keep_policy("x = 1", "tokensweep.toml", kNow));
  REQUIRE(inventory.keep_policy("x = 2", "tokensweep.toml", kLater));
  REQUIRE(inventory.import_packages({.kind = ListInfo::Kind::npm_packages, .account = "acme", .imported_at = kNow},
                                    std::vector<WritablePackage>{{"acme", "left-pad"}, {"acme", "@acme/site"}}));
  CHECK(**inventory.ranks() == "new ranks");
  CHECK(**inventory.policy() == "x = 2");
  CHECK(inventory.packages()->size() == 2);
  std::string kept;
  REQUIRE(inventory.for_each_figure([&kept](SweepId sweep_id, Time at, std::string_view name, std::int64_t value) {
    kept += fmt::format("{} {} {} {}\n", sweep_id, at == kNow, name, value);
    return true;
  }));
  CHECK(kept == "1 true dead 1\n1 true tokens 3\n");
}

}  // namespace
}  // namespace tokensweep::testing
