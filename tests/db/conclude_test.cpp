#include <doctest/doctest.h>

#include <algorithm>
#include <random>

#include "db/sqlite.hpp"
#include "tests/db/fixture.hpp"

namespace tokensweep {
namespace {

using namespace testing;

Hit token_at(const std::string& place, std::uint8_t token, Class klass) {
  Hit hit = hit_at(place);
  hit.fingerprint = fingerprint_of(token);
  hit.klass = klass;
  hit.reason = "It was made up.";
  return hit;
}

struct RunningSweep {
  SweepId id = 0;
  ScopeId scope = 0;
};

RunningSweep begin(Inventory& inventory, Time now, bool at_once) {
  const auto id = inventory.begin_sweep(now, "0.1.0", "digest");
  REQUIRE(id);
  if (at_once) REQUIRE(inventory.conclude_at_once(strictest));
  const auto scope = inventory.open_scope(*id, scope_at("/"));
  REQUIRE(scope);
  return {*id, *scope};
}

void end(Inventory& inventory, const RunningSweep& sweep, Time now) {
  REQUIRE(inventory.close_scope(sweep.id, sweep.scope, ended(), now));
  REQUIRE(inventory.settle_classes(sweep.id, strictest, now));
  REQUIRE(inventory.finish_sweep(sweep.id, SweepState::complete, now));
}

/// Everything that is said of hits and tokens, and what changed, a line each.
std::vector<std::string> contents(const Fixture& fixture) {
  auto database = sqlite::Database::open(fixture.file, sqlite::Database::Mode::read);
  REQUIRE(database);
  std::vector<std::string> lines;
  for (const std::string_view table :
       {"SELECT quote(place) || quote(token) || class || own_class || reason || quote(flags) || quote(own_flags) || "
        "state || quote(first_sweep) || quote(last_sweep) || quote(last_seen) || quote(gone_at) FROM hit ORDER BY id",
        "SELECT quote(fingerprint) || quote(class) || quote(confidence) || quote(reason) || quote(rank) || "
        "quote(flags) || quote(places) || quote(settled) || quote(preview) || quote(last_seen) FROM token ORDER BY "
        "fingerprint",
        "SELECT quote(event.sweep) || event.kind || quote(hit.id) || quote(event.class) || quote(old_class) || "
        "quote(event.flags) "
        "|| quote(old_flags) FROM event JOIN hit ON hit.row = event.hit ORDER BY 1"}) {
    auto rows = database->prepare("read", table);
    REQUIRE(rows);
    for (auto more = rows->step(); more && *more; more = rows->step()) lines.emplace_back(rows->text(0));
  }
  return lines;
}

TEST_CASE("a new token is concluded with the call that brings its places") {
  const Fixture fixture;
  Inventory inventory = fixture.open();
  const RunningSweep sweep = begin(inventory, kNow, true);
  const std::vector<Hit> hits{token_at("/a", 1, Class::C), token_at("/b", 2, Class::D), token_at("/c", 1, Class::A)};
  REQUIRE(inventory.write(sweep.id, sweep.scope, hits, {}, kNow));
  CHECK(row_at(inventory, "/a").hit.klass == Class::A);
  CHECK(row_at(inventory, "/a").hit.reason == "the strictest of its places");
  CHECK(row_at(inventory, "/a").places == 2);
  CHECK(row_at(inventory, "/b").hit.klass == Class::D);
  const std::vector<Hit> stricter{token_at("/d", 2, Class::B)};
  REQUIRE(inventory.write(sweep.id, sweep.scope, stricter, {}, kNow));
  CHECK(row_at(inventory, "/b").hit.klass == Class::D);
  end(inventory, sweep, kNow);
  CHECK(row_at(inventory, "/b").hit.klass == Class::B);
  CHECK(row_at(inventory, "/b").places == 2);
}

TEST_CASE("nothing is concluded at once where a list was imported, nor in the next sweep") {
  const Fixture fixture;
  Inventory inventory = fixture.open();
  const auto first = begin(inventory, kNow, true);
  end(inventory, first, kNow);
  const auto second = begin(inventory, kLater, false);
  const std::vector<Hit> hits{token_at("/a", 1, Class::C), token_at("/c", 1, Class::A)};
  REQUIRE(inventory.write(second.id, second.scope, hits, {}, kLater));
  CHECK(row_at(inventory, "/a").hit.klass == Class::C);
  end(inventory, second, kLater);

  RegistryToken listed;
  listed.key = "k1";
  listed.first = "npm_aBcD";
  listed.last = "9aZ4";
  REQUIRE(inventory.import_tokens({.account = "ann", .file = "tokens.json", .imported_at = kLater, .entries = 1},
                                  std::span(&listed, 1), strictest));
  const auto third = begin(inventory, kLatest, true);
  const std::vector<Hit> more{token_at("/d", 2, Class::C), token_at("/e", 2, Class::A)};
  REQUIRE(inventory.write(third.id, third.scope, more, {}, kLatest));
  CHECK(row_at(inventory, "/d").hit.klass == Class::C);
  end(inventory, third, kLatest);
  CHECK(row_at(inventory, "/d").hit.klass == Class::A);
}

TEST_CASE("of many places only those that were found again are seen again, near or far from one another") {
  const Fixture fixture;
  Inventory inventory = fixture.open();
  std::vector<Hit> hits;
  for (int i = 0; i < 100; ++i) {
    hits.push_back(token_at(fmt::format("/{:02}", i), static_cast<std::uint8_t>(i / 2), Class::B));
  }
  sweep(inventory, scope_at("/"), hits, ended(), kNow);
  const std::vector<int> found{0, 1, 2, 5, 7, 50, 51, 99};
  std::vector<Hit> again;
  for (const int i : found) again.push_back(hits[static_cast<std::size_t>(i)]);
  sweep(inventory, scope_at("/"), again, ended(ScopeState::incomplete), kLater);
  for (int i = 0; i < 100; ++i) {
    const bool seen = std::find(found.begin(), found.end(), i) != found.end();
    CAPTURE(i);
    const HitRow row = row_at(inventory, hits[static_cast<std::size_t>(i)].place);
    CHECK(row.state == (seen ? State::present : State::unknown));
    CHECK(row.last_seen == (seen ? kLater : kNow));
    CHECK(row.places == 2);
  }
}

std::string text_of(const Hit& hit) {
  const auto seconds = [](const std::optional<Time>& time) { return time ? time->time_since_epoch().count() : -1; };
  return fmt::format("{} {} {} {} {} {} {} {} {} {} {} {} {} {} {} {} {}", hit.locator, hit.name, to_string(hit.klass),
                     to_string(hit.confidence), hit.reason, hit.rank.value_or(-1),
                     hit.evidence.empty() ? "" : hit.evidence.front().value, hit.rule, hit.kind,
                     hit.registry.value_or("none"), hit.preview.value_or("none"), to_string(hit.checksum),
                     seconds(hit.created_at), seconds(hit.updated_at), to_string(hit.age_basis), hit.scope.bits(),
                     hit.deep);
}

TEST_CASE("whatever a place says anew is kept, also where all else is as it was") {
  using Change = void (*)(Hit&);
  const Change changes[] = {
      [](Hit& hit) { hit.locator += "0"; },
      [](Hit& hit) { hit.name = "//registry.corp.example/:_authToken"; },
      [](Hit& hit) { hit.klass = Class::A; },
      [](Hit& hit) { hit.confidence = Confidence::inferred; },
      [](Hit& hit) { hit.reason = "It was made up anew."; },
      [](Hit& hit) { hit.rank = 7; },
      [](Hit& hit) {
        hit.evidence = {{EvidenceKind::package, "site", ""}};
      },
      [](Hit& hit) { hit.rule = "another rule"; },
      [](Hit& hit) { hit.kind = "registry-token"; },
      [](Hit& hit) { hit.registry = "registry.corp.example"; },
      [](Hit& hit) { hit.registry = ""; },
      [](Hit& hit) { hit.preview = "npm_aBcD…9aZ4"; },
      [](Hit& hit) { hit.checksum = Checksum::valid; },
      [](Hit& hit) { hit.created_at = kNow; },
      [](Hit& hit) { hit.updated_at = Time(); },
      [](Hit& hit) { hit.age_basis = AgeBasis::file_mtime; },
      [](Hit& hit) { hit.scope.add(ScopeFlag::git_tracked); },
      [](Hit& hit) { hit.deep = true; },
  };
  const Fixture fixture;
  Inventory inventory = fixture.open();
  std::vector<Hit> hits;
  for (std::size_t i = 0; i < std::size(changes); ++i) {
    hits.push_back(token_at(fmt::format("/{:02}", i), static_cast<std::uint8_t>(i), Class::B));
  }
  sweep(inventory, scope_at("/"), hits, ended(), kNow);
  for (std::size_t i = 0; i < std::size(changes); ++i) changes[i](hits[i]);
  sweep(inventory, scope_at("/"), hits, ended(), kLater);
  HitQuery query{.state = std::nullopt};
  query.evidence = true;
  std::map<std::string, std::string> said;
  for (const HitRow& row : rows_of(inventory, query)) said[row.hit.place] = text_of(row.hit);
  for (const Hit& hit : hits) CHECK(said[hit.place] == text_of(hit));
}

/// An id follows from the place and the token.
std::string id_of(const Hit& hit) {
  const int token = hit.fingerprint ? hit.fingerprint->front() : -1;
  return fmt::format("h{:016x}", std::hash<std::string>{}(fmt::format("{} {}", hit.place, token)));
}

/// Three nights of places whose tokens, classes and flags come and change, in an order that follows from `seed`.
std::vector<std::vector<Hit>> nights_of(std::uint32_t seed) {
  std::mt19937 random(seed);
  const auto below = [&random](std::uint32_t bound) { return static_cast<std::uint32_t>(random()) % bound; };
  std::vector<std::vector<Hit>> nights;
  for (int night = 0; night < 3; ++night) {
    // What is found again is mostly as it was.
    std::vector<Hit> hits;
    if (night > 0) {
      std::copy_if(nights.back().begin(), nights.back().end(), std::back_inserter(hits),
                   [&](const Hit&) { return below(8) != 0; });
    }
    for (std::uint32_t more = 2 + below(6); more > 0; --more) {
      Hit hit = token_at(fmt::format("/home/{:02}", below(12)), static_cast<std::uint8_t>(below(4)),
                         static_cast<Class>(below(4)));
      if (below(4) == 0) hit.fingerprint.reset();
      hit.id = id_of(hit);
      if (below(3) == 0) hit.scope.add(ScopeFlag::world_readable);
      if (below(3) == 0) hit.preview = "npm_aBcD…9aZ4";
      hits.push_back(std::move(hit));
    }
    if (below(2) == 0) std::shuffle(hits.begin(), hits.end(), random);
    nights.push_back(std::move(hits));
  }
  return nights;
}

std::string swept(const std::vector<std::vector<Hit>>& nights, bool at_once, std::size_t call) {
  const Fixture fixture;
  {
    Inventory inventory = fixture.open();
    Time now = kNow;
    for (const std::vector<Hit>& hits : nights) {
      const RunningSweep sweep = begin(inventory, now, at_once);
      for (std::size_t at = 0; at < hits.size(); at += call) {
        const auto some = std::span(hits).subspan(at, std::min(call, hits.size() - at));
        REQUIRE(inventory.write(sweep.id, sweep.scope, some, {}, now));
      }
      end(inventory, sweep, now);
      now += std::chrono::hours(24);
    }
  }
  std::string all;
  for (const std::string& line : contents(fixture)) all.append(line).append("\n");
  return all;
}

TEST_CASE("hits say the same in whichever calls they come, and whenever their tokens are concluded") {
  constexpr std::uint32_t kSeeds = 8;
  constexpr std::size_t kAll = 1000;
  for (std::uint32_t seed = 1; seed <= kSeeds; ++seed) {
    CAPTURE(seed);
    const auto nights = nights_of(seed);
    const auto expected = swept(nights, false, 1);
    CHECK(swept(nights, true, 3) == expected);
    CHECK(swept(nights, false, kAll) == expected);
    CHECK(swept(nights, true, kAll) == expected);
  }
}

}  // namespace
}  // namespace tokensweep
