#include "report/show.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <string>
#include <vector>

#include "tests/report/rows.hpp"

namespace {

using namespace tokensweep;
using namespace tokensweep::testing;
using std::chrono::days;

/// Stands in for the inventory.
EachHit over(const std::vector<HitRow>& rows) {
  return [&rows](const HitQuery& query, const std::function<bool(const HitRow&)>& each) {
    for (const HitRow& row : rows) {
      if (query.state && row.state != *query.state) continue;
      if (!row.token || !row.token->starts_with(query.token)) continue;
      if (!each(row)) break;
    }
    return Result<>();
  };
}

std::vector<HitRow> rows() {
  HitRow publishes = file_row("t1b2c3d4e5f60718", "work/site/.npmrc:3", days{412});
  publishes.hit.klass = Class::B;
  publishes.hit.reason =
      "package.json beside it has the publishable name @acme/site and no \"private\", so the token is taken for one "
      "that publishes";
  publishes.hit.scope.add(ScopeFlag::world_readable).add(ScopeFlag::publish);
  publishes.first_seen = kNow - days{100};
  publishes.token_first_seen = publishes.first_seen;
  HitRow gone = file_row("t1b2c3d4e5f60718", "old/.npmrc:1", days{500});
  gone.hit.klass = Class::A;
  gone.state = State::gone;
  gone.gone_at = kNow - days{3};
  HitRow unknown = file_row("t1b2c3d4e5f60718", "private/.npmrc:1", days{500});
  unknown.state = State::unknown;
  unknown.hit.evidence = {{EvidenceKind::personal, "", ""}};
  return {publishes, gone, unknown, file_row("t1bffffffffffffff", "x:1"), file_row("t2000000000000000", "y:1")};
}

struct Shown {
  std::string text;
  std::string error;
};

Shown show(std::string_view id, const std::vector<HitRow>& inventory = rows()) {
  StringOutput output;
  const Result<> result = show_token(id, over(inventory), {kNow, {}, {}}, output);
  if (result) return {output.text, ""};
  CHECK(output.text.empty());
  CHECK(result.error().kind == ErrorKind::misconfigured);
  CHECK(result.error().what.find('\n') == std::string::npos);
  return {"", result.error().what};
}

TEST_CASE("show prints every place of a token") { check_golden("show.txt", show("t1b2c3d4e5f60718").text); }

TEST_CASE("a token that is gone everywhere has nothing left to rotate") {
  std::vector<HitRow> inventory = {rows()[1]};
  check_golden("show-gone.txt", show("t1b2", inventory).text);
}

TEST_CASE("the beginning of an id is enough where only one token has it") {
  CHECK(show("t1b2").text == show("t1b2c3d4e5f60718").text);
  CHECK(show("t2").text.find("y:1") != std::string::npos);
}

TEST_CASE("an id that means several tokens names them") {
  CHECK(show("t1b").error == "that is the beginning of several tokens' ids: t1b2c3d4e5f60718 t1bffffffffffffff");
  std::vector<HitRow> many;
  for (int i = 0; i < 20; ++i) many.push_back(file_row(fmt::format("t{}", 1000 + i), "x:1"));
  CHECK(show("t1", many).error.ends_with(" t1007 and more"));
}

TEST_CASE("an id that is none is refused and not repeated") {
  CHECK(show("t9").error == "the inventory holds no token with that id");
  for (const char* id :
       {"", "t", "x12", "npm_secretsecretsecretsecretsecretsecret", "tSECRET", "t0123456789abcdef0", "t%"}) {
    CAPTURE(id);
    const Shown shown = show(id);
    CHECK(shown.error.starts_with("that is no token's id"));
    CHECK(shown.error.find("ecret") == std::string::npos);
  }
}

TEST_CASE("what the inventory cannot read, show passes on") {
  const EachHit broken = [](const HitQuery&, const std::function<bool(const HitRow&)>&) -> Result<> {
    return Error{ErrorKind::storage, "the inventory is damaged"};
  };
  StringOutput output;
  const Result<> result = show_token("t1", broken, {kNow, {}, {}}, output);
  REQUIRE(!result);
  CHECK(result.error().what == "the inventory is damaged");
}

}  // namespace
