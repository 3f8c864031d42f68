#include "merge/sealed_line.hpp"

#include <doctest/doctest.h>

#include "tests/merge/laptop.hpp"

namespace tokensweep {
namespace {

using namespace testing;

/// What a line reads as; its line break taken off.
template <class Line>
Line parsed(const std::string& line) {
  REQUIRE(line.ends_with('\n'));
  Line read;
  const Result<> done = parse_line(std::string_view(line).substr(0, line.size() - 1), read);
  if (!done) FAIL(done.error().what);
  return read;
}

template <class Line>
std::string error_of(std::string_view line) {
  Line read;
  const Result<> done = parse_line(line, read);
  if (done) return "taken";
  CHECK(done.error().kind == ErrorKind::malformed);
  return done.error().what;
}

SealedHit full_hit() {
  SealedHit sealed{.scope = 2, .state = State::unknown, .first_seen = kSwept, .last_seen = kExported, .hit = {}};
  Hit& hit = sealed.hit;
  hit.id = "h0123456789abcdef";
  hit.klass = Class::B;
  hit.confidence = Confidence::inferred;
  hit.reason = "a \"reason\" with \\ and \n in it";
  hit.rule = "npm-access-token";
  hit.kind = "npm-token";
  hit.place = "/home/ann/\xff\x1b[2J/\u202e\\x41/.npmrc";
  hit.locator = ".npmrc:1";
  hit.name = "_authToken";
  hit.registry = "registry.corp.example";
  hit.sealed.emplace().fill(7);
  hit.preview = "npm_aBcD…9aZ4";
  hit.checksum = Checksum::valid;
  hit.created_at = kSwept;
  hit.updated_at = Time(std::chrono::seconds(0));
  hit.age_basis = AgeBasis::file_mtime;
  hit.scope.add(ScopeFlag::publish).add(ScopeFlag::world_readable);
  hit.evidence = {{EvidenceKind::package, "@acme/site", "package.json"}, {EvidenceKind::personal, "", ""}};
  hit.rank = 12;
  hit.deep = true;
  return sealed;
}

TEST_CASE("every line comes back as it went, byte for byte") {
  const SealedHit hit = full_hit();
  const auto again = parsed<SealedHit>(to_line(hit));
  CHECK(again.scope == 2);
  CHECK(again.state == State::unknown);
  CHECK(again.first_seen == kSwept);
  CHECK(again.last_seen == kExported);
  CHECK(again.hit.place == hit.hit.place);
  CHECK(again.hit.reason == hit.hit.reason);
  CHECK(again.hit.sealed == hit.hit.sealed);
  CHECK(again.hit.preview == hit.hit.preview);
  CHECK(again.hit.updated_at == hit.hit.updated_at);
  CHECK(again.hit.scope == hit.hit.scope);
  CHECK(again.hit.evidence == hit.hit.evidence);
  CHECK(again.hit.rank == 12);
  CHECK(again.hit.deep);
  CHECK(to_line(again) == to_line(hit));  // and everything that is not named above

  const SealedScope scope = home_scope();
  CHECK(to_line(parsed<SealedScope>(to_line(scope))) == to_line(scope));
  CHECK(parsed<SealedScope>(to_line(scope)).rules == scope.rules);
  const SealedGap gap{.scope = 1,
                      .gap = {.place = "/home/ann/\x01", .reason = "Permission denied", .incomplete = false}};
  CHECK(parsed<SealedGap>(to_line(gap)).gap.place == gap.gap.place);
  CHECK(to_line(parsed<SealedGap>(to_line(gap))) == to_line(gap));
  SealedEnd end{.scopes = 1, .gaps = 2, .hits = 3};
  end.signature.fill(9);
  CHECK(to_line(parsed<SealedEnd>(to_line(end))) == to_line(end));
  const SealedHead head = Laptop(Office()).head();
  CHECK(to_line(parsed<SealedHead>(to_line(head))) == to_line(head));
}

TEST_CASE("what a line looks like") {
  CHECK(to_line(SealedGap{.scope = 0, .gap = {"/home/ann/\x1b", "no \"way\"", true}}) ==
        R"({"line":"gap","in":0,"place":"/home/ann/\\x1b","reason":"no \"way\"","incomplete":true})"
        "\n");
  CHECK(
      to_line(full_hit()) ==
      R"({"line":"hit","in":2,"id":"h0123456789abcdef","state":"unknown","class":"B","confidence":"inferred",)"
      R"("reason":"a \"reason\" with \\ and \\x0a in it","rule":"npm-access-token","kind":"npm-token",)"
      R"("place":"/home/ann/\\xff\\x1b[2J/\\u{202e}\\x5cx41/.npmrc","locator":".npmrc:1","name":"_authToken",)"
      R"("registry":"registry.corp.example","sealed":")" +
          std::string("BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcH"
                      "BwcHBwcHBwcHBwcHBwcHBwc") +
          R"(","preview":"npm_aBcD…9aZ4","checksum":"valid","created_at":"2026-02-02T02:40:00Z",)"
          R"("updated_at":"1970-01-01T00:00:00Z","age_basis":"file_mtime","first_seen":"2026-02-02T02:40:00Z",)"
          R"("last_seen":"2026-02-02T03:40:00Z","scope":["world-readable","publish"],"evidence":[)"
          R"({"kind":"package","value":"@acme/site","from":"package.json"},{"kind":"personal","value":"","from":""}],)"
          R"("rank":12,"deep":true})"
          "\n");
}

TEST_CASE("no line is ever too long, whatever an inventory holds") {
  const std::string worst(100'000, '\xff');
  SealedHit hit = full_hit();
  hit.hit.reason = hit.hit.rule = hit.hit.kind = hit.hit.locator = hit.hit.name = worst;
  hit.hit.registry = hit.hit.preview = worst;
  hit.hit.place = "/" + worst;
  hit.hit.evidence.assign(20, {EvidenceKind::package, worst, worst});
  for (unsigned bit = 0; bit < static_cast<unsigned>(ScopeFlag::count_); ++bit) hit.hit.scope.add(ScopeFlag(bit));
  CHECK(to_line(hit).size() < kLongestSealedLine);
  CHECK(to_line(hit).size() > kLongestSealedLine / 2);
  CHECK(to_line(parsed<SealedHit>(to_line(hit))) == to_line(hit));

  SealedScope scope = home_scope();
  scope.scope.name = scope.scope.store = scope.scope.realm = scope.reason = worst;
  scope.scope.prefix = worst.substr(0, kLongestSealedPlace);
  scope.rules.assign(300, worst);
  CHECK(to_line(scope).size() < kLongestSealedLine);
  CHECK(!parsed<SealedScope>(to_line(scope)).rules.empty());
  scope.rules.assign(10'000, "rule");
  CHECK(parsed<SealedScope>(to_line(scope)).rules.size() == 1'024);
  CHECK(to_line(SealedGap{.scope = 0, .gap = {worst, worst, true}}).size() < kLongestSealedLine);
}

TEST_CASE("a place that is too long stays one place, below what it lay below, and apart from others") {
  std::string deep = "/home/ann";
  while (deep.size() < 6'000) deep += "/directory";
  SealedHit one = full_hit();
  one.hit.place = deep + "/.npmrc";
  SealedHit other = one;
  other.hit.id = "hfedcba9876543210";
  const std::string place = parsed<SealedHit>(to_line(one)).hit.place;
  CHECK(place.size() <= kLongestSealedPlace);
  CHECK(place.starts_with("/home/ann/directory/"));
  CHECK(place.ends_with("/directory/…h0123456789abcdef"));
  CHECK(place == parsed<SealedHit>(to_line(one)).hit.place);
  CHECK(place != parsed<SealedHit>(to_line(other)).hit.place);

  // A gap is moved up: it may hide more, never less.
  const std::string gap = parsed<SealedGap>(to_line(SealedGap{.scope = 0, .gap = {deep, "why", true}})).gap.place;
  CHECK(gap.size() <= kLongestSealedPlace);
  CHECK(deep.starts_with(gap + "/"));
}

TEST_CASE("a line that says anything in another way is refused, and the error quotes nothing of it") {
  const std::string good = to_line(full_hit());
  const struct {
    std::string_view what;
    const char* from;
    const char* to;
    const char* says;
  } cases[] = {
      {"another kind", "\"hit\"", "\"gap\"", "line is another one"},
      {"a space", "\"in\":2", "\"in\": 2", "in is no number"},
      {"a key twice", "\"deep\":true", "\"deep\":true,\"deep\":true", "deep is not followed by the end of the line"},
      {"a key too many", "\"deep\":true", "\"deep\":true,\"x\":1", "deep is not followed by the end of the line"},
      {"a key too few", "\"rank\":12,", "", "rank is missing, or not in its place"},
      {"keys in another order", "\"class\":\"B\",\"confidence\":\"inferred\"",
       "\"confidence\":\"inferred\",\"class\":\"B\"", "class is missing"},
      {"a word of another list", "\"class\":\"B\"", "\"class\":\"present\"", "class is no word that is known"},
      {"no class", "\"class\":\"B\"", "\"class\":\"E\"", "class is no word"},
      {"a null where there is none", "\"class\":\"B\"", "\"class\":null", "class is no text"},
      {"a word in capitals", "\"valid\"", "\"VALID\"", "checksum is no word"},
      {"a flag that is not known", "\"publish\"", "\"published\"", "scope has a word"},
      {"a flag twice", "\"publish\"]", "\"publish\",\"publish\"]", "is not spelled as"},
      {"flags in another order", "\"world-readable\",\"publish\"", "\"publish\",\"world-readable\"",
       "is not spelled as"},
      {"an id of another shape", "h0123456789abcdef", "h0123456789abcdeg", "id is no such id"},
      {"an id in capitals", "h0123456789abcdef", "h0123456789ABCDEF", "id is no such id"},
      {"a token's id", "h0123456789abcdef", "t0123456789abcdef", "id is no such id"},
      {"a raw control character", "a \\\"reason", "a \x01reason", "reason has characters"},
      {"a raw byte that is no UTF-8", "a \\\"reason", "a \xffreason", "reason has characters"},
      {"a raw bidirectional character", "a \\\"reason", "a \u202ereason", "reason has characters"},
      {"an escape of another kind", "a \\\"reason", "a \\u0041reason", "reason has an escape"},
      {"an escape at the end", "in it\"", "in it\\\"", "rule is missing"},
      {"a number with zeros", "\"rank\":12", "\"rank\":012", "is not spelled as"},
      {"a negative number", "\"rank\":12", "\"rank\":-12", "rank is no number, or too large"},
      {"a huge number", "\"rank\":12", "\"rank\":99999999999999999999999", "rank is no number, or too large"},
      {"a fraction", "\"rank\":12", "\"rank\":12.0", "deep is missing"},
      {"a number as text", "\"rank\":12", "\"rank\":\"12\"", "rank is no number"},
      {"a time of another zone", "2026-02-02T03:40:00Z", "2026-02-02T04:40:00+01:00", "is not spelled as"},
      {"a time that does not exist", "2026-02-02T03:40:00Z", "2026-02-30T03:40:00Z", "last_seen is no time"},
      {"a box one byte short", "\"sealed\":\"BwcH", "\"sealed\":\"", "sealed is no base64"},
      {"a box with padding", "BwcHBwc\"", "BwcHBwc=\"", "sealed is no base64"},
      {"bits that no byte has", "BwcHBwc\"", "BwcHBwd\"", "sealed is no base64"},
      {"a list in a list", "[{\"kind\"", "[[{\"kind\"", "evidence is no list of objects"},
      {"a comma at the end", "\"publish\"]", "\"publish\",]", "scope is no text"},
      {"a kind of evidence that is not known", "\"personal\"", "\"rumour\"", "kind is no word"},
      {"neither true nor false", "\"deep\":true", "\"deep\":1", "deep is neither"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.what);
    std::string line = good.substr(0, good.size() - 1);
    const std::size_t at = line.find(c.from);
    REQUIRE(at != std::string::npos);
    line.replace(at, std::string_view(c.from).size(), c.to);
    const std::string error = error_of<SealedHit>(line);
    CAPTURE(error);
    CHECK(error.find(c.says) == 0);
    CHECK(error.size() < 100);
  }
}

TEST_CASE("a line that is cut anywhere is refused") {
  const std::string good = to_line(full_hit());
  for (std::size_t size = 0; size + 1 < good.size(); ++size) {
    CHECK(error_of<SealedHit>(std::string_view(good).substr(0, size)) != "taken");
  }
  CHECK(error_of<SealedHit>(std::string_view(good).substr(0, good.size() - 1)) == "taken");
  CHECK(error_of<SealedHit>(good) == "deep is not followed by the end of the line");
}

TEST_CASE("a file of another version says what to do") {
  std::string line = to_line(Laptop(Office()).head());
  line.pop_back();
  line.replace(line.find("\"version\":1"), 11, "\"version\":2");
  CHECK(error_of<SealedHead>(line) ==
        "version is not the one that this tokensweep reads: bring the older of the two up to date");
}

TEST_CASE("a line is known by how it begins") {
  CHECK(kind_of(to_line(Laptop(Office()).head())) == SealedKind::head);
  CHECK(kind_of(to_line(home_scope())) == SealedKind::scope);
  CHECK(kind_of(to_line(SealedGap())) == SealedKind::gap);
  CHECK(kind_of(to_line(full_hit())) == SealedKind::hit);
  CHECK(kind_of(to_line(SealedEnd())) == SealedKind::end);
  for (const char* line : {"", "{", "[]", "{\"line\":\"head\"}", "hit"}) CHECK(kind_of(line) == SealedKind::hit);
}

}  // namespace
}  // namespace tokensweep
