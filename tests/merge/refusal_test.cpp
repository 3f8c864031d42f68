#include <doctest/doctest.h>

#include <algorithm>

#include "merge/merge.hpp"
#include "tests/db/fixture.hpp"
#include "tests/merge/laptop.hpp"

namespace tokensweep {
namespace {

using namespace testing;

/// A laptop whose file has something of everything.
struct Sample : Laptop {
  explicit Sample(const Office& office) : Laptop(office) {
    for (std::uint64_t i = 0; i < 12; ++i) holds("work/p" + std::to_string(i) + "/.npmrc", npm_token(i % 7));
    holds("weak/.npmrc", "hunter2");
    holds("old/.npmrc", npm_token(20)).state = State::unknown;
    gaps.push_back({.place = "/home/ann/secret", .reason = "Permission denied", .incomplete = false});
    gaps.push_back({.place = "/home/ann/\xff", .reason = "Is a FIFO", .incomplete = false});
  }
};

std::string error_of(const Result<SealedInventory>& read) { return read ? "taken" : read.error().what; }

struct Poison {
  std::string_view what;
  std::string_view says;
  std::string text;
};

/// What somebody makes who has a laptop's key, so that the signature fits and the counts are as he says.
std::vector<Poison> poisons(const Laptop& laptop) {
  const std::string head = to_line(laptop.head());
  const std::string scope = to_line(laptop.scope);
  const SealedHit hit{
      .scope = 0, .state = State::present, .first_seen = kSwept, .last_seen = kSwept, .hit = laptop.rows[0].hit};
  const auto changed_scope = [&](auto change) {
    SealedScope other = laptop.scope;
    change(other);
    return to_line(other);
  };
  const auto changed_hit = [&](auto change) {
    SealedHit other = hit;
    change(other);
    return to_line(other);
  };
  const auto with_scope = [&](const std::string& line) { return laptop.sign(head + line, {.scopes = 1}); };
  const auto with_hit = [&](const std::string& line) {
    return laptop.sign(head + scope + line, {.scopes = 1, .hits = 1});
  };
  const auto with_gap = [&](const SealedGap& gap) {
    return laptop.sign(head + scope + to_line(gap), {.scopes = 1, .gaps = 1});
  };
  const auto other_head = [&](auto change) {
    SealedHead other = laptop.head();
    change(other);
    return laptop.sign(to_line(other) + scope, {.scopes = 1});
  };
  const std::string good_hit = to_line(hit);
  return {
      {"as it should be", "taken", with_hit(good_hit)},
      {"empty", "line 1: is missing: the file was cut", ""},
      {"no line break", "line 1: does not end, or is longer than 64 KiB", "{}"},
      {"another file", "line 1: this is no sealed file", "id,class\n"},
      {"an endless line", "line 1: does not end, or is longer than 64 KiB", std::string(1 << 20, 'x')},
      {"a huge file", "is larger than 64 MiB", std::string((64 << 20) + 1, '\n')},
      {"an older collector", "line 1: is sealed for another collector than this one (",
       other_head([](SealedHead& h) { h.collector = "0123456789abcdef"; })},
      {"made by another", "line 3: signature does not fit",
       other_head([](SealedHead& h) { h.sender = Signer(key_of('z')).sender(); })},
      {"a sender that is no key", "line 3: signature does not fit", other_head([](SealedHead& h) { h.sender = {}; })},
      {"from the future", "line 1: generated_at is a time that cannot be",
       other_head([](SealedHead& h) { h.generated_at = kImported + std::chrono::hours(25); })},
      {"from 1970", "line 1: generated_at is a time that cannot be",
       other_head([](SealedHead& h) { h.generated_at = {}; })},
      {"two files in one", "line 3: a second file begins", laptop.sign(head + scope + head, {.scopes = 1})},
      {"an organisation's store", "line 2: a laptop hands over its filesystem, and no other source",
       with_scope(changed_scope([](SealedScope& s) { s.scope.source = "github"; }))},
      {"a scope twice", "line 3: names a scope for the second time", laptop.sign(head + scope + scope, {.scopes = 2})},
      {"a prefix in another spelling", "line 2: prefix ends with a slash",
       with_scope(changed_scope([](SealedScope& s) { s.scope.prefix += "/"; }))},
      {"complete, with a reason", "line 2: reason is there for a complete scope",
       with_scope(changed_scope([](SealedScope& s) { s.reason = "why"; }))},
      {"incomplete without one", "line 2: reason is there for a complete scope, or missing",
       with_scope(changed_scope([](SealedScope& s) { s.state = ScopeState::incomplete; }))},
      {"a scope that is open", "line 2: state is no word that is known",
       with_scope(changed_scope([](SealedScope& s) { s.state = ScopeState::open; }))},
      {"a scope that will end", "line 2: ended_at is a time that cannot be",
       with_scope(changed_scope([](SealedScope& s) { s.ended_at = kImported + std::chrono::hours(48); }))},
      {"a gap in a complete scope", "line 3: something was missed in a scope that says it is complete",
       with_gap({.scope = 0, .gap = {"/home/ann/x", "why", true}})},
      {"a gap in no scope", "line 3: in names a scope that is not there",
       with_gap({.scope = 1, .gap = {"/home/ann/x", "why", false}})},
      {"a gap elsewhere", "line 3: place lies outside its scope",
       with_gap({.scope = 0, .gap = {"/home", "why", false}})},
      {"a hit in no scope", "line 3: in names a scope", with_hit(changed_hit([](SealedHit& h) { h.scope = 1; }))},
      {"a hit elsewhere", "line 3: place lies outside its scope",
       with_hit(changed_hit([](SealedHit& h) { h.hit.place = "/home/anna/.npmrc"; }))},
      {"a hit that is gone", "line 3: state is none that is handed over",
       with_hit(changed_hit([](SealedHit& h) { h.state = State::gone; }))},
      {"a hit twice", "line 4: id is there for the second time",
       laptop.sign(head + scope + good_hit + good_hit, {.scopes = 1, .hits = 2})},
      {"last before first", "line 3: last_seen is before first_seen",
       with_hit(changed_hit([](SealedHit& h) { h.first_seen = kSwept + std::chrono::seconds(1); }))},
      {"seen in the future", "line 3: last_seen is a time that cannot be",
       with_hit(changed_hit([](SealedHit& h) { h.last_seen = kImported + std::chrono::hours(48); }))},
      {"seen before npm was", "line 3: first_seen is a time that cannot be",
       with_hit(changed_hit([](SealedHit& h) { h.first_seen = Time(); }))},
      {"a box for another key", "line 3: sealed is for another key than the file",
       with_hit(changed_hit([](SealedHit& h) { h.hit.sealed->front() ^= 1U; }))},
      {"a box that does not open", "line 3: a sealed token does not open: it is damaged",
       with_hit(changed_hit([](SealedHit& h) { h.hit.sealed->back() ^= 1U; }))},
      {"a scope after a hit", "line 4: is not in its place",
       laptop.sign(head + scope + good_hit + changed_scope([](SealedScope& s) { s.scope.name = "other"; }),
                   {.scopes = 2, .hits = 1})},
      {"more hits than it says", "line 4: counts other lines than there are",
       laptop.sign(head + scope + good_hit, {.scopes = 1})},
      {"more than it should be", "line 4: is the last one, and more follows", with_hit(good_hit) + "\n"},
      {"no end", "line 4: is missing: the file was cut", head + scope + good_hit},
      {"only an end", "line 1: this is no sealed file", laptop.sign("", {})},
      {"an empty line", "line 3: line is missing", with_hit("\n")},
  };
}

TEST_CASE("a poisoned file is refused with its line and a reason, signed or not") {
  const Office office;
  const Sample laptop(office);
  for (const Poison& poison : poisons(laptop)) {
    CAPTURE(poison.what);
    const std::string error = error_of(office.read(poison.text));
    CAPTURE(error);
    CHECK(error.find(poison.says) == 0);
    CHECK(error.find('\n') == std::string::npos);
    CHECK(error.find("home") == std::string::npos);  // nothing of the file is quoted
  }
}

TEST_CASE("too many scopes, gaps or hits are refused before they fill the memory") {
  const Office office;
  const Laptop laptop(office);
  std::string scopes;
  for (std::size_t i = 0; i <= kMostSealedScopes; ++i) scopes += to_line(home_scope("h" + std::to_string(i)));
  CHECK(error_of(office.read(to_line(laptop.head()) + scopes)) == "line 1002: there are too many scopes");
  const std::string begin = to_line(laptop.head()) + to_line(laptop.scope);
  std::string gaps;
  const std::string gap = to_line(SealedGap{.scope = 0, .gap = {"/home/ann/x", "why", false}});
  for (std::size_t i = 0; i <= kMostSealedGaps; ++i) gaps += gap;
  CHECK(error_of(office.read(begin + gaps)) == "line 100003: there are too many gaps");
}

TEST_CASE("senders that are not expected are kept out") {
  const Office office;
  const Sample laptop(office);
  Collector collector = office.collector();
  collector.senders = {"00000000000000000000000000000000"};
  const auto refused = read_sealed(laptop.file(), collector);
  CHECK(error_of(refused).find("comes from sender " + laptop.sender()) == 0);
  CHECK(refused.error().kind == ErrorKind::misconfigured);
  collector.senders.push_back(laptop.sender());
  CHECK(read_sealed(laptop.file(), collector));
}

/// One of the ways in which a file goes wrong, on its way or on purpose.
std::string mutated(const std::string& file, const std::string& foreign, Random& random) {
  std::vector<std::string> lines = lines_of(file);
  const std::vector<std::string> others = lines_of(foreign);
  const std::size_t line = random.below(lines.size());
  const std::size_t other = random.below(lines.size());
  std::string text = file;
  switch (random.below(10)) {
    case 0:
      text[random.below(text.size())] ^= static_cast<char>(1U << random.below(8));
      return text;
    case 1:
      return text.substr(0, random.below(text.size()));
    case 2:
      lines[line].resize(random.below(lines[line].size()));
      return joined(lines);
    case 3:
      std::swap(lines[line], lines[other]);
      return joined(lines);
    case 4:
      lines.insert(lines.begin() + static_cast<std::ptrdiff_t>(line), lines[other]);
      return joined(lines);
    case 5:
      lines.erase(lines.begin() + static_cast<std::ptrdiff_t>(line));
      return joined(lines);
    case 6:
      lines[line] = others[random.below(others.size())];
      return joined(lines);
    case 7:
      for (char& c : lines[line]) c = c >= '0' && c <= '9' ? '9' : c;
      return joined(lines);
    case 8:
      lines[line].insert(random.below(lines[line].size()), std::string(1 + random.below(100'000), '9'));
      return joined(lines);
    default:
      text.insert(random.below(text.size()), 1, static_cast<char>(random.below(256)));
      return text;
  }
}

TEST_CASE("of 200 files that were changed on the way none gives a row, and nothing changes") {
  const Office office;
  const Sample laptop(office);
  Laptop stranger(office, 'x');
  for (std::uint64_t i = 0; i < 9; ++i) stranger.holds("other/p" + std::to_string(i), npm_token(i));
  const std::string good = laptop.file();
  const std::string foreign = stranger.file();
  REQUIRE(office.read(good));

  const Fixture fixture;
  Inventory inventory = fixture.open();
  const auto first = office.read(laptop.file(kExported - std::chrono::hours(1)));
  REQUIRE(first);
  REQUIRE(merge(inventory, *first, strictest, kImported));
  const std::size_t rows_before = rows_of(inventory).size();
  const auto newest = newest_merged(inventory);
  REQUIRE(newest);
  Collector collector = office.collector();
  collector.newest = *newest;

  Random random(7);
  int tried = 0;
  while (tried < 200) {
    const std::string text = mutated(good, foreign, random);
    if (text == good) continue;  // two lines that were the same line
    ++tried;
    CAPTURE(tried);
    const auto read = read_sealed(text, collector);
    CHECK(!read);
    if (read) {
      REQUIRE(merge(inventory, *read, strictest, kImported));
      continue;
    }
    CHECK(read.error().what.find('\n') == std::string::npos);
    CHECK(read.error().what.size() < 250);
    CHECK(read.error().what.find("npmrc") == std::string::npos);
  }
  CHECK(rows_of(inventory).size() == rows_before);
  CHECK(inventory.sweeps()->size() == 1);
}

TEST_CASE("another pair opens nothing, and the right one takes what it refused") {
  const Office office;
  const Sample laptop(office);
  const CollectorKeyPair other(Secret(std::string(InventoryKey::kSize, 'q')), office.fingerprinter.salt());
  const Collector wrong{
      .keys = other, .fingerprinter = office.fingerprinter, .now = kImported, .senders = {}, .newest = {}};
  const auto refused = read_sealed(laptop.file(), wrong);
  REQUIRE(!refused);
  CHECK(refused.error().kind == ErrorKind::misconfigured);
  CHECK(refused.error().what.find("line 1: is sealed for another collector than this one (" +
                                  other.public_key().id()) == 0);
  CHECK(office.read(laptop.file()));
}

}  // namespace
}  // namespace tokensweep
