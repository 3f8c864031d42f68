#include "rules/templates.hpp"

#include <doctest/doctest.h>

#include <string>

#include "rules/checksum.hpp"

using namespace tokensweep;

TEST_CASE("placeholders of examples are filled in") {
  const struct {
    std::string what;
    std::string text;
    std::string filled;
  } cases[] = {
      {"no placeholder", "NPM_TOKEN=", "NPM_TOKEN="},
      {"base64", "{base64:user:pass}", "dXNlcjpwYXNz"},
      {"base64 with padding", "{base64:a} {base64:ab}", "YQ== YWI="},
      {"base64 twice", "{base64:{base64:ab}}", "WVdJPQ=="},
      {"of nothing", "{base64:}", ""},
      {"a reference is none", "${NPM_TOKEN:-x}", "${NPM_TOKEN:-x}"},
      {"nor is an expression of a workflow", "${{ secrets.X }}", "${{ secrets.X }}"},
      {"nor is JSON", R"({"npm": {"a":1}})", R"({"npm": {"a":1}})"},
      {"inside JSON", R"({"a": "{base64:x}"})", R"({"a": "eA=="})"},
      {"an unknown name", "{npn:1}", "{npn:1}"},
      {"a seed that is no number", "{npm:one}", "{npm:one}"},
      {"more characters than an example needs", "{hex99999999:1}", "{hex99999999:1}"},
      {"a brace that does not close", "{npm:1", "{npm:1"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.what);
    CHECK(fill_template(c.text) == c.filled);
  }
}

TEST_CASE("values follow from their seed") {
  CHECK(fill_template("{npm:1}") == fill_template("{npm:1}"));
  CHECK(fill_template("{npm:1}") != fill_template("{npm:2}"));
  CHECK(fill_template("{npm:1}").size() == 40);
  CHECK(verify_checksum(ChecksumKind::crc32_base62, fill_template("{npm:1}")) == Checksum::valid);
  CHECK(verify_checksum(ChecksumKind::crc32_base62, fill_template("{npm-bad:1}")) == Checksum::invalid);
  CHECK(fill_template("{uuid:7}").size() == 36);
  CHECK(fill_template("{hex40:7}").size() == 40);
  CHECK(fill_template("{alnum20:7}").size() == 20);
}

TEST_CASE("layers of base64 are bounded: each one grows by a third, and a rule file is foreign input") {
  std::string nested = "x";
  for (int layer = 0; layer < 200; ++layer) nested = "{base64:" + nested + "}";
  CHECK(fill_template(nested).size() < 2 * nested.size() * 3);
}
