// What an inventory keeps for a collector: boxes beside tokens, and what the last visit of each scope left.
#include "db/last_visits.hpp"

#include <doctest/doctest.h>

#include "tests/db/fixture.hpp"

namespace tokensweep::testing {
namespace {

/// A box for the key whose id is eight times `key`.
SealedInner box_of(std::uint8_t key, std::uint8_t content) {
  SealedInner box;
  box.fill(content);
  std::fill_n(box.begin(), kSealedKeyId, key);
  return box;
}

Hit sealed_hit(const std::string& place, std::uint8_t token, std::optional<SealedInner> box) {
  Hit hit = hit_at(place);
  hit.fingerprint = fingerprint_of(token);
  hit.sealed = box;
  return hit;
}

struct Gathered final : LastVisitReader {
  explicit Gathered(const Inventory& inventory) { REQUIRE(inventory.read_last_visits(*this)); }
  void visit(const VisitRow& row) override {
    CHECK((gaps.empty() && hits.empty()));
    visits.push_back(row);
  }
  void gap(ScopeId scope, const Gap& gap) override {
    CHECK(hits.empty());
    gaps.emplace_back(scope, gap.place);
  }
  void hit(ScopeId scope, const HitRow& row) override { hits.emplace_back(scope, row); }

  std::vector<VisitRow> visits;
  std::vector<std::pair<ScopeId, std::string>> gaps;
  std::vector<std::pair<ScopeId, HitRow>> hits;
};

TEST_CASE("a token's first box for a key is kept, and one for another key takes its place") {
  const Fixture fixture;
  Inventory inventory = fixture.open();
  const struct {
    const char* what;
    std::optional<SealedInner> written;
    std::optional<SealedInner> kept;
  } cases[] = {
      {"no collector", std::nullopt, std::nullopt},
      {"the first one, for a token that is known", box_of(1, 1), box_of(1, 1)},
      {"another one for the same key", box_of(1, 2), box_of(1, 1)},
      {"none, as there is one already", std::nullopt, box_of(1, 1)},
      {"one for another key", box_of(2, 3), box_of(2, 3)},
  };
  for (const auto& c : cases) {
    CAPTURE(c.what);
    sweep(inventory, scope_at("/home"), {sealed_hit("/home/a", 7, c.written)}, ended(), kNow);
    CHECK(row_at(inventory, "/home/a").hit.sealed == c.kept);
  }
  sweep(inventory, scope_at("/home"), {sealed_hit("/home/a", 8, box_of(4, 4))}, ended(), kNow);
  CHECK(row_at(inventory, "/home/a").hit.sealed == box_of(4, 4));
}

TEST_CASE("which tokens are sealed for a key") {
  const Fixture fixture;
  Inventory inventory = fixture.open();
  sweep(inventory, scope_at("/home"),
        {sealed_hit("/home/a", 1, box_of(0xab, 1)), sealed_hit("/home/b", 2, box_of(0xcd, 1)),
         sealed_hit("/home/c", 3, std::nullopt)},
        ended(), kNow);
  CHECK(*inventory.sealed_tokens("abababababababab") == std::set<Fingerprint>{fingerprint_of(1)});
  CHECK(*inventory.sealed_tokens("cdcdcdcdcdcdcdcd") == std::set<Fingerprint>{fingerprint_of(2)});
  CHECK(inventory.sealed_tokens("0000000000000000")->empty());
}

TEST_CASE("each scope's last visit, with how it ended and the rules that were in force") {
  const Fixture fixture;
  Inventory inventory = fixture.open();
  const std::vector<std::string> odd = {"rule", "a \"quoted\" one, with\na break", "\\"};
  ScopeEnd end = ended(ScopeState::complete, false);
  end.rules = odd;
  sweep(inventory, scope_at("/home/a"), {}, ended(), kNow);
  sweep(inventory, scope_at("/home/b/"), {}, ended(ScopeState::denied), kNow);
  end.files_seen = 5;
  end.files_read = 4;
  end.bytes_read = 3;
  const SweepId last = sweep(inventory, scope_at("/home/a"), {}, end, kLater);

  const Gathered all(inventory);
  REQUIRE(all.visits.size() == 2);
  const VisitRow& visit = all.visits[0];
  CHECK(visit.sweep == last);
  CHECK(visit.rules_digest == "digest");
  CHECK(visit.scope.prefix == "/home/a");
  CHECK(visit.scope.realm == "host");
  CHECK(visit.scope.store == "host:/home/a");
  CHECK(visit.scope.name == "filesystem");
  CHECK(visit.end.state == ScopeState::complete);
  CHECK(visit.end.reason.empty());
  CHECK_FALSE(visit.end.deep);
  CHECK(visit.end.rules == odd);
  CHECK(visit.end.files_seen == 5);
  CHECK(visit.end.files_read == 4);
  CHECK(visit.end.bytes_read == 3);
  CHECK(visit.ended_at == kLater);
  CHECK(all.visits[1].scope.prefix == "/home/b");
  CHECK(all.visits[1].end.state == ScopeState::denied);
  CHECK(all.visits[1].end.reason == "why");
  CHECK(all.visits[1].ended_at == kNow);
}

TEST_CASE("gaps are those of the last visits, hits all that are not gone, with the place's own class") {
  const Fixture fixture;
  Inventory inventory = fixture.open();
  sweep(inventory, scope_at("/a"), {hit_at("/a/old")}, ended(), kNow, {{.place = "/a/first", .reason = "r"}});
  Hit strict = sealed_hit("/b/strict", 1, std::nullopt);
  strict.klass = Class::B;
  strict.evidence = {{EvidenceKind::personal, {}, {}}};
  Hit mild = sealed_hit("/a/mild", 1, std::nullopt);
  sweep(inventory, scope_at("/b"), {strict, hit_at("/b/unreached")}, ended(), kNow);
  sweep(inventory, scope_at("/b"), {strict}, ended(), kLater, {{.place = "/b/unreached", .reason = "r"}});
  sweep(inventory, scope_at("/a"), {mild}, ended(), kLater);

  const Gathered all(inventory);
  REQUIRE(all.visits.size() == 2);
  const ScopeId a = all.visits[0].id;
  const ScopeId b = all.visits[1].id;
  CHECK(all.gaps == std::vector<std::pair<ScopeId, std::string>>{{b, "/b/unreached"}});
  REQUIRE(all.hits.size() == 3);
  CHECK(all.hits[0].first == a);
  CHECK(all.hits[0].second.hit.place == "/a/mild");
  CHECK(all.hits[0].second.hit.klass == Class::D);
  CHECK(row_at(inventory, "/a/mild").hit.klass == Class::B);
  CHECK(all.hits[1].first == b);
  CHECK(all.hits[1].second.hit.evidence == strict.evidence);
  CHECK(all.hits[2].second.state == State::unknown);
}

TEST_CASE("a visit that did not end is incomplete") {
  const Fixture fixture;
  {
    Inventory inventory = fixture.open();
    sweep(inventory, scope_at("/a"), {hit_at("/a/x")}, ended(), kNow);
    const auto id = inventory.begin_sweep(kLater, "0.1.0", "digest");
    REQUIRE(inventory.open_scope(*id, scope_at("/a")));
    REQUIRE(inventory.commit());
  }
  const Gathered all(*Inventory::open(fixture.file, {}));
  REQUIRE(all.visits.size() == 1);
  CHECK(all.visits[0].end.state == ScopeState::incomplete);
  CHECK_FALSE(all.visits[0].end.reason.empty());
  CHECK(all.visits[0].end.rules.empty());
  CHECK(all.visits[0].ended_at == kLater);
  CHECK(all.hits.size() == 1);
}

TEST_CASE("the collector that was sealed to last is kept, as the policy is") {
  const Fixture fixture;
  Inventory inventory = fixture.open();
  CHECK_FALSE(*inventory.collector());
  REQUIRE(inventory.keep_collector("one", kNow));
  CHECK(*inventory.collector() == "one");
  REQUIRE(inventory.keep_collector("two", kLater));
  CHECK(*inventory.collector() == "two");
}

TEST_CASE("a reader that comes with another key is refused, one without a key is not") {
  const Fixture fixture;
  {
    Inventory inventory = fixture.open();
    sweep(inventory, scope_at("/a"), {}, ended(), kNow);
  }
  CHECK(Inventory::open(fixture.file, {}));
  CHECK(Inventory::open(fixture.file, {.key_id = kKey}));
  const auto other = Inventory::open(fixture.file, {.key_id = "another"});
  REQUIRE(!other);
  CHECK(other.error().kind == ErrorKind::misconfigured);
}

}  // namespace
}  // namespace tokensweep::testing
