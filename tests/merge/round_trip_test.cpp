#include <algorithm>
#include <set>

#include "merge/merge.hpp"
#include "tests/db/fixture.hpp"
#include "tests/merge/laptop.hpp"

namespace tokensweep {
namespace {

using namespace testing;

/// The collector's inventory, as rows by place.
struct Merged {
  Fixture fixture;
  Office office;
  Inventory inventory = fixture.open();

  SweepId take(const std::string& file) {
    const auto newest = newest_merged(inventory);
    REQUIRE(newest);
    Collector collector = office.collector();
    collector.newest = *newest;
    const auto read = read_sealed(file, collector);
    if (!read) FAIL(read.error().what);
    const auto sweep = merge(inventory, *read, strictest, kImported);
    if (!sweep) FAIL(sweep.error().what);
    return *sweep;
  }
  std::string refuse(const std::string& file) {
    const auto newest = newest_merged(inventory);
    REQUIRE(newest);
    Collector collector = office.collector();
    collector.newest = *newest;
    const auto read = read_sealed(file, collector);
    return read ? "taken" : read.error().what;
  }
  std::map<std::string, HitRow> rows() {
    std::map<std::string, HitRow> by_place;
    for (HitRow& row : rows_of(inventory)) by_place.emplace(row.hit.place, std::move(row));
    return by_place;
  }
};

TEST_CASE("the same token has one id on the collector, whoever found it") {
  Merged merged;
  const std::string shared = npm_token(1);
  const std::string weak = "hunter2";
  Laptop ann(merged.office, 'a', "ann");
  ann.holds(".npmrc", shared);
  ann.holds(".yarnrc", weak);
  Laptop bob(merged.office, 'b', "bob");
  bob.holds("work/.npmrc", shared);
  bob.holds("work/.yarnrc", weak);
  // No laptop's ids say so.
  CHECK(ann.rows[0].token != bob.rows[0].token);
  merged.take(ann.file());
  merged.take(bob.file());
  // The collector's own sweep.
  Hit own = hit_at("/srv/.npmrc");
  own.fingerprint = merged.office.fingerprinter.fingerprint(shared);
  sweep(merged.inventory, scope_at("/srv"), {own}, ended(), kImported);

  auto rows = merged.rows();
  REQUIRE(rows.size() == 5);
  const std::string id = token_id(merged.office.fingerprinter.fingerprint(shared));
  CHECK(rows["/home/ann/.npmrc"].token == id);
  CHECK(rows["/home/ann/work/.npmrc"].token == id);
  CHECK(rows["/srv/.npmrc"].token == id);
  CHECK(rows["/home/ann/.yarnrc"].token == token_id(merged.office.fingerprinter.fingerprint(weak)));
  CHECK(rows["/home/ann/.yarnrc"].token == rows["/home/ann/work/.yarnrc"].token);
  CHECK(rows["/home/ann/.npmrc"].hit.id == ann.rows[0].hit.id);
  CHECK(rows["/home/ann/.npmrc"].hit.store == "ann:/home/ann");
  CHECK(rows["/home/ann/.npmrc"].hit.source == "filesystem");
  CHECK(rows["/home/ann/.npmrc"].last_seen == kSwept);  // when the laptop saw it
}

TEST_CASE("places settle on the collector as on the laptop") {
  Merged merged;
  Laptop laptop(merged.office);
  const std::string odd = "odd\xff\x1b\n\\x41/.npmrc";
  for (const char* place : {"stays", "goes", "hidden/below", "passed-over", "other-rule"})
    laptop.holds(place, npm_token(1));
  laptop.holds(odd, npm_token(2));
  laptop.rows[4].hit.rule = "a-rule-of-before";
  laptop.scope.rules.emplace_back("a-rule-of-before");
  merged.take(laptop.file());
  CHECK(merged.rows().count("/home/ann/" + odd) == 1);

  // The next day: one is gone, one lies behind what could not be read, one the sweep was told to pass over, one's rule
  // is not in force any more.
  Laptop later(merged.office);
  later.holds("stays", npm_token(1));
  later.holds("passed-over", npm_token(1)).state = State::unknown;
  later.holds(odd, npm_token(2));
  later.gaps.push_back({.place = "/home/ann/hidden", .reason = "Permission denied", .incomplete = false});
  merged.take(later.file(kExported + std::chrono::hours(2)));
  const auto states = states_of(merged.inventory);
  CHECK(states.at("/home/ann/stays") == State::present);
  CHECK(states.at("/home/ann/goes") == State::gone);
  CHECK(states.at("/home/ann/hidden/below") == State::unknown);
  CHECK(states.at("/home/ann/passed-over") == State::unknown);
  CHECK(states.at("/home/ann/other-rule") == State::unknown);
  CHECK(states.at("/home/ann/" + odd) == State::present);

  // An incomplete sweep retires nothing.
  Laptop broken(merged.office);
  broken.scope.state = ScopeState::incomplete;
  broken.scope.reason = "interrupted";
  merged.take(broken.file(kExported + std::chrono::hours(3)));
  for (const auto& [place, state] : states_of(merged.inventory)) {
    CAPTURE(place);
    CHECK(state == (place == "/home/ann/goes" ? State::gone : State::unknown));
  }
  CHECK(merged.inventory.sweeps()->back().state == SweepState::incomplete);
}

TEST_CASE("a laptop settles its own rows alone, also where another has its name and its places") {
  Merged merged;
  sweep(merged.inventory, scope_at("/home/ann", "laptop"), {hit_at("/home/ann/own")}, ended(), kSwept);
  Laptop ann(merged.office, 'a');
  ann.holds("hers", npm_token(1));
  merged.take(ann.file());
  Laptop impostor(merged.office, 'x');  // the same host name, the same home, and nothing in it
  merged.take(impostor.file(kExported + std::chrono::hours(1)));
  CHECK(states_of(merged.inventory) ==
        std::map<std::string, State>{{"/home/ann/hers", State::present}, {"/home/ann/own", State::present}});
  Laptop empty(merged.office, 'a');
  merged.take(empty.file(kExported + std::chrono::hours(1)));
  CHECK(states_of(merged.inventory).at("/home/ann/hers") == State::gone);
  CHECK(states_of(merged.inventory).at("/home/ann/own") == State::present);
}

TEST_CASE("a file that is not newer than the last one of its laptop is refused") {
  Merged merged;
  Laptop laptop(merged.office);
  laptop.holds("was-removed", npm_token(1));
  const std::string older = laptop.file(kExported);
  merged.take(older);
  CHECK(merged.refuse(older).find("nothing to do") != std::string::npos);  // the very same
  Laptop later(merged.office);
  merged.take(later.file(kExported + std::chrono::hours(1)));
  CHECK(merged.refuse(older).find("is of 2026-02-02T03:40:00Z, and one of 2026-02-02T04:40:00Z was imported") == 0);
  CHECK(states_of(merged.inventory).at("/home/ann/was-removed") == State::gone);
  // Another laptop's time is its own.
  Laptop other(merged.office, 'o');
  merged.take(other.file(kExported));
}

TEST_CASE("a merge that was cut off does not keep its file out") {
  Merged merged;
  Laptop laptop(merged.office);
  REQUIRE(merged.inventory.begin_sweep(kExported, "0.1.0", "sender:" + laptop.sender()));
  sweep(merged.inventory, scope_at("/srv"), {}, ended(), kImported);  // the next one shows it as interrupted
  REQUIRE(merged.inventory.sweeps()->front().state == SweepState::interrupted);
  merged.take(laptop.file());
}

TEST_CASE("nested scopes: what one of them saw is not gone in the other") {
  Merged merged;
  const Laptop laptop(merged.office);
  StringOutput output;
  SealedExport sealed(output, key_of('l'), merged.office.pair.public_key(), "0.1.0", kExported);
  const auto home = sealed.scope(home_scope());
  const auto work = sealed.scope(home_scope("laptop", "/home/ann/work/"));
  CHECK(home == 0);
  CHECK(work == 1);
  Laptop rows(merged.office);
  sealed.hit(work, rows.holds("work/.npmrc", npm_token(1)));
  sealed.hit(home, rows.holds(".npmrc", npm_token(2)));
  REQUIRE(sealed.end());
  merged.take(output.text);
  CHECK(states_of(merged.inventory) ==
        std::map<std::string, State>{{"/home/ann/.npmrc", State::present}, {"/home/ann/work/.npmrc", State::present}});
}

TEST_CASE("a hit keeps all that was said of it, but for what the collector concludes itself") {
  const Office office;
  Laptop laptop(office);
  HitRow& row = laptop.holds(".npmrc", npm_token(1));
  row.hit.klass = Class::B;
  row.hit.confidence = Confidence::inferred;
  row.hit.registry = "registry.corp.example";
  row.hit.checksum = Checksum::valid;
  row.hit.created_at = kSwept;
  row.hit.scope.add(ScopeFlag::publish).add(ScopeFlag::repeated).add(ScopeFlag::dead).add(ScopeFlag::exempt);
  row.hit.evidence = {{EvidenceKind::package, "@acme/site", "package.json"}};
  row.hit.rank = 7;
  row.hit.deep = true;
  const auto read = office.read(laptop.file());
  REQUIRE(read);
  REQUIRE(read->scopes.size() == 1);
  REQUIRE(read->scopes[0].hits.size() == 1);
  const Hit& hit = read->scopes[0].hits[0];
  CHECK(hit.klass == Class::B);
  CHECK(hit.confidence == Confidence::inferred);
  CHECK(hit.registry == "registry.corp.example");
  CHECK(hit.checksum == Checksum::valid);
  CHECK(hit.created_at == kSwept);
  CHECK(hit.updated_at == row.hit.updated_at);
  CHECK(hit.scope == ScopeFlags().add(ScopeFlag::publish));
  CHECK(hit.evidence == row.hit.evidence);
  CHECK(hit.rank == 7);
  CHECK(hit.deep);
  CHECK(hit.preview == row.hit.preview);
  CHECK(!hit.sealed);
  CHECK(hit.fingerprint == office.fingerprinter.fingerprint(npm_token(1)));
  CHECK(read->sender == laptop.sender());
  CHECK(read->hits == 1);
  CHECK(read->sealed == 1);
}

TEST_CASE("a hit without a box, or with one for an older key, goes without its token, and is counted") {
  const Office office;
  Laptop laptop(office);
  laptop.holds("none", npm_token(1)).hit.sealed.reset();
  const CollectorKeyPair old(Secret(std::string(InventoryKey::kSize, 'o')), office.fingerprinter.salt());
  laptop.holds("old", npm_token(2)).hit.sealed =
      seal(inner_hash(npm_token(2), office.fingerprinter.salt()), old.public_key());
  HitRow& reference = laptop.holds("reference", npm_token(3));
  reference.token.reset();
  reference.hit.sealed.reset();
  laptop.holds("gone", npm_token(4)).state = State::gone;

  StringOutput output;
  SealedExport sealed(output, key_of('l'), office.pair.public_key(), "0.1.0", kExported);
  const auto scope = sealed.scope(laptop.scope);
  for (const HitRow& row : laptop.rows) sealed.hit(scope, row);
  REQUIRE(sealed.end());
  CHECK(sealed.unsealed() == 2);
  CHECK(sealed.sender() == laptop.sender());
  const auto read = office.read(output.text);
  REQUIRE(read);
  CHECK(read->hits == 3);
  CHECK(read->sealed == 0);
  for (const Hit& hit : read->scopes[0].hits) CHECK(!hit.fingerprint);
}

TEST_CASE("an inventory that no file can hold is refused where it is written") {
  const Office office;
  const auto end_of = [&office](auto&& fill) {
    StringOutput output;
    SealedExport sealed(output, key_of('l'), office.pair.public_key(), "0.1.0", kExported);
    fill(sealed);
    const Result<> done = sealed.end();
    CHECK((done || lines_of(output.text).back().find("signature") == std::string::npos));
    return done ? std::string("written") : done.error().what;
  };
  CHECK(end_of([](SealedExport& sealed) {
          for (std::size_t i = 0; i <= kMostSealedScopes; ++i) sealed.scope(home_scope("h" + std::to_string(i)));
        }).find("there are more than 1000 scopes") != std::string::npos);
  CHECK(end_of([](SealedExport& sealed) {
          sealed.scope(home_scope("h", std::string(5'000, 'p')));
        }).find("a root of more than 4096 bytes") != std::string::npos);
  HitRow large;
  large.hit.id = "h0123456789abcdef";
  large.hit.place = large.hit.reason = std::string(4'000, '\xff');
  CHECK(end_of([&large](SealedExport& sealed) {
          for (int i = 0; i < 3'000; ++i) sealed.hit(0, large);
        }).find("it would be larger than 64 MiB") != std::string::npos);
}

}  // namespace
}  // namespace tokensweep
