#include "net/paging.hpp"

#include <doctest/doctest.h>

#include <string>

namespace {

using namespace tokensweep;

const Url kAsked = *Url::parse("https://api.example.test/repositories?per_page=100");

Result<std::optional<std::string>> page_of(std::vector<std::string> links) {
  HttpResponse response;
  for (auto& link : links) response.headers.push_back({"Link", std::move(link)});
  return next_page(response, kAsked, "page");
}

TEST_CASE("the next page is read from links as servers write them") {
  const struct {
    const char* what;
    std::vector<std::string> links;
    std::optional<std::string> page;
  } cases[] = {
      {"none", {}, std::nullopt},
      {"an empty header", {""}, std::nullopt},
      {"GitHub's",
       {R"(<https://api.example.test/repositories/1/x?page=2>; rel="next", <https://api.example.test/x?page=9>; rel="last")"},
       "2"},
      {"the last page",
       {R"(<https://api.example.test/x?page=8>; rel="prev", <https://api.example.test/x?page=1>; rel="first")"},
       std::nullopt},
      {"a cursor that is encoded", {R"(<https://api.example.test/x?page=a%3D%3D>; rel="next")"}, "a=="},
      {"a relation without quotes", {"<?page=2>;rel=next"}, "2"},
      {"a relation in capitals", {R"(<?page=2>;REL="NEXT")"}, "2"},
      {"spaces everywhere", {"  <?page=2>  ;\t rel  =  \"next\"  "}, "2"},
      {"several relations", {R"(<?page=2>; rel="last next")"}, "2"},
      {"a quoted character", {R"(<?page=2>; rel="n\ext")"}, "2"},
      {"rel twice: the first counts", {R"(<?page=2>; rel="prev"; rel="next")"}, std::nullopt},
      {"a longer relation", {R"(<?page=2>; rel="nextpage")"}, std::nullopt},
      {"another parameter first", {R"(<?page=2>; title="a, b; rel=\"prev\""; rel="next")"}, "2"},
      {"a parameter without a value", {R"(<?page=2>; crossorigin; rel="next")"}, "2"},
      {"a semicolon with nothing behind", {R"(<?page=2>;; rel="next";)"}, "2"},
      {"empty parts of the list", {R"(, ,<?page=2>; rel="next", ,)"}, "2"},
      {"a comma and a semicolon inside the address", {R"(<?a=b,c;d&page=2>; rel="next")"}, "2"},
      {"a second header", {R"(<?page=1>; rel="prev")", R"(<?page=3>; rel="next")"}, "3"},
      {"the same page twice", {R"(<?page=2>; rel="next", </x?page=2>; rel="next")"}, "2"},
      {"a link of another page", {R"(<?page=2>; rel="next"; anchor="/other")"}, std::nullopt},
      {"a foreign link that is not the next page", {R"(<https://evil.test/?page=2>; rel="help")"}, std::nullopt},
  };
  for (const auto& c : cases) {
    CAPTURE(c.what);
    const auto page = page_of(c.links);
    REQUIRE(page.has_value());
    CHECK(*page == c.page);
  }
}

TEST_CASE("a link that leads away or cannot be read is an error") {
  const struct {
    const char* what;
    std::string link;
  } cases[] = {
      {"another host", R"(<https://evil.test/x?page=2>; rel="next")"},
      {"a host behind slashes", R"(<//evil.test/x?page=2>; rel="next")"},
      {"a host behind backslashes", R"(<\\evil.test/x?page=2>; rel="next")"},
      {"a user that looks like the host", R"(<https://api.example.test@evil.test/x?page=2>; rel="next")"},
      {"a longer host", R"(<https://api.example.test.evil.test/x?page=2>; rel="next")"},
      {"no TLS", R"(<http://api.example.test/x?page=2>; rel="next")"},
      {"another port", R"(<https://api.example.test:444/x?page=2>; rel="next")"},
      {"relations by quoting", R"(<https://evil.test/x?page=2>; rel="\n\e\x\t")"},
      {"no page in it", R"(<https://api.example.test/x?pages=2>; rel="next")"},
      {"a page that does not decode", R"(<?page=%zz>; rel="next")"},
      {"two next pages", R"(<?page=2>; rel="next", <?page=3>; rel="next")"},
      {"no brackets", R"(https://api.example.test/x?page=2; rel="next")"},
      {"no closing bracket", R"(<?page=2; rel="next")"},
      {"no closing quotation mark", R"(<?page=2>; rel="next)"},
      {"a backslash at the end", R"(<?page=2>; rel="next\)"},
      {"a value that is none", R"(<?page=2>; rel=)"},
      {"two addresses", R"(<?page=2> <?page=3>; rel="next")"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.what);
    const auto page = page_of({c.link});
    REQUIRE(!page.has_value());
    CHECK(page.error().kind == ErrorKind::malformed);
    CHECK(page.error().what.find("evil") == std::string::npos);
  }
}

TEST_CASE("pages that go round are noticed") {
  PageGuard guard(3);
  CHECK(guard.enter("1"));
  CHECK(guard.enter("2"));
  CHECK_FALSE(guard.enter("1"));
  CHECK(guard.enter("3"));
  CHECK_FALSE(guard.enter("4"));
}

}  // namespace
