#include <doctest/doctest.h>

#include <string>

#include "base/time.hpp"
#include "connectors/circleci/followed_projects.hpp"
#include "connectors/circleci/parse.hpp"

namespace {

using namespace tokensweep;
using namespace tokensweep::circleci;

constexpr const char* kId = "5f1b7c4e-0001-4000-8000-000000000001";

std::string page(const std::string& items, const std::string& next = "null") {
  return R"({"items":[)" + items + R"(],"next_page_token":)" + next + "}";
}

TEST_CASE("a page of a context's variables") {
  const auto read = parse_context_variables(page(
      R"({"variable":"NPM_TOKEN","truncated_value":"xxxx4f2a","context_id":"c","created_at":"2024-01-02T03:04:05.678Z",)"
      R"("updated_at":"2026-01-02T03:04:05.678Z"},{"variable":"OLD","created_at":"2020-01-02T03:04:05Z"})",
      R"("next/1=")"));
  REQUIRE(read.has_value());
  REQUIRE(read->items.size() == 2);
  CHECK(read->items[0].name == "NPM_TOKEN");
  CHECK(read->items[0].ending == "4f2a");
  CHECK(read->items[0].created_at == parse_time("2024-01-02T03:04:05Z"));
  CHECK(read->items[0].updated_at == parse_time("2026-01-02T03:04:05Z"));
  CHECK(read->items[1].ending.empty());
  CHECK_FALSE(read->items[1].updated_at);
  CHECK(read->next == "next/1=");
}

TEST_CASE("a page of a project's variables, in both spellings of its time") {
  const auto read =
      parse_project_variables(page(R"({"name":"A","value":"xxxx4f2a","created_at":"2024-01-02T03:04:05.678Z"},)"
                                   R"({"name":"B","value":"xxxx4f2a","created-at":"2024-01-02T03:04:05.678Z"},)"
                                   R"({"name":"C","value":"xxxx4f2a","created_at":null},{"name":"D"})"));
  REQUIRE(read.has_value());
  REQUIRE(read->items.size() == 4);
  CHECK(read->items[0].created_at == parse_time("2024-01-02T03:04:05Z"));
  CHECK(read->items[1].created_at == parse_time("2024-01-02T03:04:05Z"));
  CHECK_FALSE(read->items[2].created_at);
  CHECK_FALSE(read->items[3].created_at);
  CHECK_FALSE(read->next);
}

TEST_CASE("what a mask shows") {
  struct Case {
    const char* what;
    const char* mask;
    const char* ending;
  };
  const Case cases[] = {
      {"the last four", "xxxx1a2B", "1a2B"},
      {"four that begin like the mask", "xxxxxx2B", "xx2B"},
      {"four without a mask before them", "1a2B", "1a2B"},
      {"fewer, of a short value", "xxxx2B", ""},
      {"nothing but the mask", "xxxx", ""},
      {"nothing", "", ""},
      {"more than a mask shows", "xxxx01a2B", ""},
      {"a value without a mask", "abcd1a2B", ""},
      {"a line break among the four", "xxxx1a\\nB", ""},
  };
  for (const Case& c : cases) {
    CAPTURE(c.what);
    const auto read = parse_project_variables(page(R"({"name":"A","value":")" + std::string(c.mask) + R"("})"));
    REQUIRE(read.has_value());
    CHECK(read->items.at(0).ending == c.ending);
  }
}

TEST_CASE("a context by itself says whether it has its lists") {
  struct Case {
    const char* what;
    std::string members;
    int variables;  ///< -1: no list
    int restrictions;
  };
  const std::string variable = R"({"variable":"A"})";
  const Case cases[] = {
      {"an older server leaves both out", "", -1, -1},
      {"both are there", R"(,"environment_variables":[)" + variable + R"(],"restrictions":[])", 1, 0},
      {"variables alone", R"(,"environment_variables":[])", 0, -1},
      {"restrictions alone", R"(,"restrictions":[{"restriction_type":"project"}])", -1, 1},
  };
  for (const Case& c : cases) {
    CAPTURE(c.what);
    const auto read = parse_context(R"({"id":")" + std::string(kId) + R"(","name":"deploy")" + c.members + "}");
    REQUIRE(read.has_value());
    CHECK((read->variables ? static_cast<int>(read->variables->size()) : -1) == c.variables);
    CHECK((read->restrictions ? static_cast<int>(read->restrictions->size()) : -1) == c.restrictions);
  }
}

TEST_CASE("restrictions by their type") {
  const auto read = parse_restrictions(
      page(R"({"restriction_type":"project"},{"restriction_type":"expression"},{"restriction_type":"group"},)"
           R"({"restriction_type":"moon"})"));
  REQUIRE(read.has_value());
  using enum Restriction;
  CHECK(read->items == std::vector{project, expression, group, other});
}

TEST_CASE("what is not as the API's description has it is refused by name, and not quoted") {
  struct Case {
    const char* what;
    std::string body;
    std::string error;
  };
  const std::string open = R"({"items":[)";
  const Case cases[] = {
      {"nothing", "", "nothing in place of JSON"},
      {"a web page", "\n <html>hidden</html>", "a web page in place of JSON"},
      {"half of a page", R"({"items":[{"variable":"hidden)", "no JSON: byte 30"},
      {"two documents", page("") + "hidden", "no JSON: byte 36"},
      {"a list", "[]", "expected an object"},
      {"no items", R"({"next_page_token":null})", "items: expected a list"},
      {"items of another type", R"({"items":{},"next_page_token":null})", "items: expected a list"},
      {"an item of another type", page("7"), "items 1: expected an object"},
      {"no end", open + "]}", "next_page_token: expected a text or null"},
      {"an end of another type", page("", "7"), "next_page_token: expected a text or null"},
      {"an empty next page", page("", R"("")"), "next_page_token: expected a text of 1 to 4096 bytes, or null"},
      {"a next page without end", page("", "\"" + std::string(4097, 'a') + "\""),
       "next_page_token: expected a text of 1 to 4096 bytes, or null"},
      {"a variable without a name", page(R"({"variable":"A"},{"truncated_value":"hidden"})"),
       "items 2: variable: expected a text"},
      {"a name of another type", page(R"({"variable":["hidden"]})"), "items 1: variable: expected a text"},
      {"an empty name", page(R"({"variable":""})"), "items 1: variable: expected a text of 1 to 1024 bytes"},
      {"a mask of another type", page(R"({"variable":"A","truncated_value":1234})"),
       "items 1: truncated_value: expected a text"},
      {"a time that is none", page(R"({"variable":"A","updated_at":"hidden"})"),
       "items 1: updated_at: expected a time such as 2026-11-22T05:40:38.000Z"},
      {"a time of another type", page(R"({"variable":"A","created_at":7})"),
       "items 1: created_at: expected a time such as 2026-11-22T05:40:38.000Z"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.what);
    const auto read = parse_context_variables(c.body);
    REQUIRE_FALSE(read.has_value());
    CHECK(read.error().kind == ErrorKind::malformed);
    CHECK(read.error().what == c.error);
  }
}

TEST_CASE("an id has to be fit for an address") {
  for (const char* id : {"..", "a/b", "a b", "a%2f", "é", ""}) {
    CAPTURE(id);
    CHECK_FALSE(parse_contexts(page(R"({"name":"n","id":")" + std::string(id) + R"("})")).has_value());
    CHECK_FALSE(parse_context(R"({"id":")" + std::string(id) + R"("})").has_value());
    CHECK_FALSE(parse_organisations(R"([{"slug":"gh/a","id":")" + std::string(id) + R"("}])").has_value());
  }
}

TEST_CASE("slugs are parts between slashes") {
  struct Case {
    const char* slug;
    std::size_t parts;
    bool fits;
  };
  const Case cases[] = {
      {"gh/acme", 2, true},          {"gh/acme", 3, false},     {"gh/acme/site", 3, true},  {"gh/acme/site", 2, false},
      {"gh/acme/.github", 3, true},  {"gh/acme/..", 3, false},  {"gh/./site", 3, false},    {"gh//site", 3, false},
      {"gh/acme/", 3, false},        {"gh/acme/a b", 3, false}, {"gh/acme/a\\b", 3, false}, {"", 1, false},
      {"circleci/9Xy/8Zz", 3, true}, {"gh/acme/\n", 3, false},
  };
  for (const Case& c : cases) {
    CAPTURE(c.slug);
    CHECK(is_slug(c.slug, c.parts) == c.fits);
  }
}

Result<std::vector<std::string>> read_followed(std::string_view body, std::size_t piece) {
  FollowedProjects projects;
  projects.begin();
  for (std::size_t at = 0; at < body.size(); at += piece) TRY_VOID(projects.read(body.substr(at, piece)));
  return projects.finish();
}

constexpr std::size_t kPieces[] = {1, 2, 7, 64, 1 << 20};

TEST_CASE("followed projects, in pieces of any size") {
  const std::string body =
      R"([{"slug":"gh/acme/site","branches":{"main":{"slug":"hidden","recent_builds":[{"vcs_url":"hidden"}]}},)"
      R"("irc_password":"hidden","parallel":1},)"
      R"({"vcs_type":"github","username":"acme","reponame":"old","slug":null},)"
      R"({"vcs_type":"bitbucket","username":"acme","reponame":"b\u0075cket","has_usable_key":true},)"
      R"({"vcs_type":"circleci","username":"Acme","reponame":"App","vcs_url":"//circleci.com/org-id/project-id"}] )";
  for (const std::size_t piece : kPieces) {
    CAPTURE(piece);
    const auto read = read_followed(body, piece);
    REQUIRE(read.has_value());
    CHECK(*read ==
          std::vector<std::string>{"gh/acme/site", "gh/acme/old", "bb/acme/bucket", "circleci/org-id/project-id"});
  }
  CHECK(read_followed("[]", 1)->empty());
}

TEST_CASE("a list of followed projects that begins again is read from its beginning") {
  FollowedProjects projects;
  projects.begin();
  REQUIRE(projects.read(R"([{"slug":"gh/acme/cut"},{"sl)").has_value());
  projects.begin();
  REQUIRE(projects.read(R"([{"slug":"gh/acme/site"}])").has_value());
  CHECK(*projects.finish() == std::vector<std::string>{"gh/acme/site"});
}

TEST_CASE("a list of followed projects that is none is refused, and not quoted") {
  struct Case {
    const char* what;
    const char* body;
    const char* error;
  };
  const Case cases[] = {
      {"nothing", "", "nothing in place of JSON"},
      {"a web page", "<html>hidden", "a web page in place of JSON"},
      {"no JSON", "[{hidden", "no JSON"},
      {"half of a list", R"([{"slug":"gh/acme/site"})", "no JSON"},
      {"two documents", "[]hidden", "no JSON"},
      {"an object", R"({"message":"hidden"})", "expected a list"},
      {"a text", R"("hidden")", "expected a list"},
      {"a project of another type", R"([{"slug":"gh/acme/site"},"hidden"])", "project 2: expected an object"},
      {"a slug of another type", R"([{"slug":["hidden"]}])", "project 1: slug: expected a text"},
      {"a name of another type", R"([{"reponame":7}])", "project 1: reponame: expected a text"},
      {"nothing to make a slug of", R"([{"vcs_type":"github"}])", "project 1: no slug that could be asked for"},
      {"a slug that leads elsewhere", R"([{"slug":"gh/acme/.."}])", "project 1: no slug that could be asked for"},
  };
  for (const Case& c : cases) {
    for (const std::size_t piece : kPieces) {
      CAPTURE(c.what);
      CAPTURE(piece);
      const auto read = read_followed(c.body, piece);
      REQUIRE_FALSE(read.has_value());
      CHECK(read.error().kind == ErrorKind::malformed);
      CHECK(read.error().what == c.error);
    }
  }
}

}  // namespace
