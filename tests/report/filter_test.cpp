#include "report/filter.hpp"

#include <doctest/doctest.h>

#include "tests/report/rows.hpp"

namespace {

using namespace tokensweep;
using namespace tokensweep::testing;
using std::chrono::days;

HitRow row_of(Class klass, ScopeFlags flags = {}, days age = days{10}) {
  HitRow row = file_row("t0123456789abcdef", "a:1", age);
  row.hit.klass = klass;
  row.hit.scope = flags;
  return row;
}

TEST_CASE("--fail-on finds what it names") {
  HitRow gone = row_of(Class::A);
  gone.state = State::gone;
  HitRow unknown = row_of(Class::A);
  unknown.state = State::unknown;
  const HitRow reference = reference_row("a:1");
  HitRow named = row_of(Class::D);
  named.source_name = "laptops";
  HitRow nowhere = row_of(Class::B, ScopeFlags().add(ScopeFlag::unfound));
  nowhere.token.reset();
  HitRow revoked = row_of(Class::D);
  revoked.listing = Listing{.dead = true};
  const ScopeFlags readable = ScopeFlags().add(ScopeFlag::world_readable);
  const ScopeFlags classic = ScopeFlags().add(ScopeFlag::classic);
  const ScopeFlags both = ScopeFlags().add(readable).add(classic);

  const struct {
    const char* text;
    const char* what;
    HitRow row;
    bool found;
  } cases[] = {
      {"any", "any token", row_of(Class::D), true},
      {"any", "one that is gone", gone, false},
      {"any", "one that was not reached", unknown, true},
      {"any", "a reference", reference, false},
      {"scope=reference", "a reference, named", reference, true},
      {"state=all", "one that is gone", gone, true},
      {"state=gone", "one that is gone", gone, true},
      {"state=gone", "one that is there", row_of(Class::A), false},
      {"class=A", "class A", row_of(Class::A), true},
      {"class=A", "class B", row_of(Class::B), false},
      {"class=A,B", "class B", row_of(Class::B), true},
      {"class=A B", "class B", row_of(Class::B), true},
      {"class=A,B", "class C", row_of(Class::C), false},
      {"class=A,overdue", "class A in time", row_of(Class::A), false},
      {"class=A,overdue", "class A, overdue", row_of(Class::A, {}, days{31}), true},
      {"overdue", "class D, overdue", row_of(Class::D, {}, days{400}), true},
      {"older-than=90d", "an older one", row_of(Class::D, {}, days{91}), true},
      {"older-than=90d", "a younger one", row_of(Class::D, {}, days{89}), false},
      {"scope=classic", "a classic one", row_of(Class::D, classic), true},
      {"scope=classic", "a plain one", row_of(Class::D), false},
      {"scope=classic,world-readable", "one of two flags", row_of(Class::D, classic), false},
      {"scope=classic scope=world-readable", "both flags", row_of(Class::D, both), true},
      {"source=filesystem", "a file", row_of(Class::D), true},
      {"source=github", "a file", row_of(Class::D), false},
      {"source=laptops", "one of the source with that name", named, true},
      {"source=laptops", "one of another", row_of(Class::D), false},
      {"scope=dead", "one that the registry revoked", revoked, true},
      {"scope=dead", "one that is alive", row_of(Class::D), false},
      {"any", "one that is stored nowhere", nowhere, false},
      {"class=B", "one that is stored nowhere", nowhere, false},
      {"scope=unfound", "one that is stored nowhere", nowhere, true},
      {"scope=unfound class=A", "one that is stored nowhere, of another class", nowhere, false},
      {" , overdue ,, ", "separators do not matter", row_of(Class::A, {}, days{31}), true},
  };
  for (const auto& c : cases) {
    CAPTURE(c.text);
    CAPTURE(c.what);
    const auto filter = parse_filter(c.text);
    REQUIRE(bool(filter));
    CHECK(filter->matches(computed(c.row)) == c.found);
  }
}

TEST_CASE("--fail-on refuses what it does not know and does not repeat it") {
  for (const char* text :
       {"", " , ", "clas=A", "class=", "class=E", "class=A,E", "scope=", "scope=secretflag", "older-than=90",
        "older-than", "state=there", "source=", "source=a;b", "overdue=yes", "any=1", "npm_verysecret", "class"}) {
    CAPTURE(text);
    const auto filter = parse_filter(text);
    REQUIRE(!filter);
    CHECK(filter.error().kind == ErrorKind::misconfigured);
    CHECK(filter.error().what.find("secret") == std::string::npos);
    CHECK(filter.error().what.find('\n') == std::string::npos);
  }
}

TEST_CASE("the flags that are named are flags") {
  const auto refused = parse_filter("scope=nosuchflag");
  REQUIRE(!refused);
  CHECK(refused.error().what.find(scope_flag_help()) != std::string::npos);
  for (const char* flag : {"dead", "unfound", "repeated", "unused", "shared-expiry", "stage-only", "ambiguous",
                           "exempt", "bypass-2fa", "all-packages", "no-ip-limit"}) {
    CAPTURE(flag);
    CHECK(scope_flag_help().find(flag) != std::string::npos);
    CHECK(bool(parse_filter(std::string("scope=").append(flag))));
  }
}

TEST_CASE("an export leaves out what is stored nowhere, unless it is told otherwise") {
  const HitRow nowhere = row_of(Class::B, ScopeFlags().add(ScopeFlag::unfound));
  Filter filter;
  CHECK(!filter.matches(computed(nowhere)));
  REQUIRE(bool(filter.restrict_by("scope", "unfound")));
  CHECK(filter.matches(computed(nowhere)));
}

TEST_CASE("what the inventory can filter, it is asked to") {
  const auto filter = parse_filter("class=A,B source=filesystem state=gone scope=classic older-than=1d");
  REQUIRE(bool(filter));
  const HitQuery query = filter->query();
  CHECK(query.classes.size() == 2);
  CHECK(query.source == "filesystem");
  CHECK((query.state == State::gone));
  CHECK((query.flag == ScopeFlag::classic));
  CHECK(!Filter().query().flag);
  CHECK((Filter().query().state == State::present));
}

TEST_CASE("an export lists references unless it is told otherwise") {
  const HitRow row = reference_row("a:1");
  CHECK(Filter().matches(computed(row)));
}

}  // namespace
