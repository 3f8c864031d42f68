#include <doctest/doctest.h>

#include <string>

#include "base/time.hpp"
#include "connectors/aws/parse.hpp"
#include "connectors/aws/xml.hpp"
#include "tests/connectors/aws_fake.hpp"

namespace {

using namespace tokensweep;
using namespace tokensweep::aws;
using namespace tokensweep::aws::testing;

std::string read(const std::string& text) {
  const auto leaves = read_xml(text);
  if (!leaves) return leaves.error().what;
  std::string all;
  for (const XmlLeaf& leaf : *leaves) all += leaf.path + "=" + std::string(leaf.text.reveal()) + ";";
  return all;
}

TEST_CASE("STS' XML is read, and nothing beyond it") {
  const struct {
    const char* what;
    std::string text;
    std::string read;
  } cases[] = {
      {"elements in elements", "<a><b>1</b><c>2</c></a>", "a/b=1;a/c=2;"},
      {"a declaration, attributes, spaces, an empty element",
       "<?xml version=\"1.0\"?>\n<a xmlns='x>y' b = \"&amp;\" >\n <b />\n <c>\n  1 \n</c >\n</a>\n", "a/b=;a/c=1;"},
      {"entities", "<a>&lt;&amp;&gt;&quot;&apos;&#65;&#x42;&#x20ac;&#x1F600;</a>",
       "a=<&>\"'AB\xE2\x82\xAC\xF0\x9F\x98\x80;"},
      {"nothing", "", "nothing in place of XML"},
      {"spaces", " \n", "nothing in place of XML"},
      {"no XML", "hidden", "no XML: byte 7"},
      {"a document type", "<!DOCTYPE html><a>hidden</a>", "no XML: byte 10"},
      {"an entity of its own", "<a>&hidden;</a>", "no XML: byte 16"},
      {"a comment", "<a><!-- hidden --></a>", "no XML: byte 8"},
      {"CDATA", "<a><![CDATA[hidden]]></a>", "no XML: byte 21"},
      {"an instruction", "<a><?hidden?></a>", "no XML: byte 13"},
      {"text beside elements", "<a>hidden<b>1</b></a>", "no XML: byte 11"},
      {"text behind elements", "<a><b>1</b>hidden</a>", "no XML: byte 22"},
      {"two roots", "<a>1</a><b>2</b>", "no XML: byte 9"},
      {"text behind the root", "<a>1</a>hidden", "no XML: byte 15"},
      {"another end", "<a>1</b>", "no XML: byte 8"},
      {"no end", "<a>1", "no XML: byte 5"},
      {"half a tag", "<a", "no XML: byte 3"},
      {"an end without a beginning", "</a>", "no XML: byte 3"},
      {"attributes that stick together", "<a b='1'c='2'>1</a>", "no XML: byte 9"},
      {"an attribute without a quote", "<a b=1>1</a>", "no XML: byte 6"},
      {"a name that is none", "<1a>1</1a>", "no XML: byte 4"},
      {"half a surrogate pair", "<a>&#xD800;</a>", "no XML: byte 16"},
      {"the NUL", "<a>&#0;</a>", "no XML: byte 12"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.what);
    CHECK(read(c.text) == c.read);
  }
  const auto nested = [](int levels) {
    std::string begin;
    std::string end;
    for (int i = 0; i < levels; ++i) begin += "<a>", end += "</a>";
    return begin + end;
  };
  CHECK(read(nested(16)).ends_with("a/a=;"));
  CHECK(read(nested(17)).starts_with("no XML"));
  std::string many = "<a>";
  for (int i = 0; i < 1'000; ++i) many += "<b/>";
  CHECK(read(many + "</a>").starts_with("no XML"));
}

/// What came, in one line; or why there is nothing.
std::string shown(const Result<Keys>& keys) {
  if (!keys) return keys.error().what;
  std::string line = keys->access_key_id + " " + std::string(keys->secret_access_key.reveal());
  if (keys->session_token) line += " " + std::string(keys->session_token->reveal());
  return line + (keys->expires_at ? " until " + format_time(*keys->expires_at) : "");
}

TEST_CASE("keys in answers") {
  CHECK(shown(parse_role_keys(role_answer("ASIA1"), "x")) ==
        "ASIA1 ASIA1-secret ASIA1-token until 2026-09-22T00:00:00Z");
  CHECK(shown(parse_role_keys(role_answer("ASIA1", "AssumeRole", "soon"), "x")) == "lacks Expiration, or it is none");
  CHECK(shown(parse_role_keys(role_answer("A B"), "x")) == "they are no access keys");
  CHECK(shown(parse_role_keys("<a>1</a>", "x")) == "lacks Credentials, or it is none");

  const std::string pair = R"("AccessKeyId":"A","SecretAccessKey":"s")";
  CHECK(shown(parse_metadata_keys("{" + pair + R"(,"Token":"t","Expiration":"2026-09-22T02:00:00+02:00"})", "x")) ==
        "A s t until 2026-09-22T00:00:00Z");
  CHECK(shown(parse_metadata_keys("{" + pair + "}", "x")) == "A s");
  CHECK(shown(parse_metadata_keys("{" + pair + R"(,"Expiration":"never"})", "x")) == "lacks Expiration, or it is none");
  CHECK(shown(parse_metadata_keys(R"({"AccessKeyId":7})", "x")) == "they are no access keys");
  CHECK(shown(parse_metadata_keys("[]", "x")) == "JSON that is no object");
  CHECK(shown(parse_process_keys("{\"Version\":1," + pair + R"(,"SessionToken":"","Expiration":""})", "x")) == "A s");
  CHECK(shown(parse_process_keys("{" + pair + "}", "x")) == "prints another Version than 1");

  const std::string sso =
      R"({"roleCredentials":{"accessKeyId":"A","secretAccessKey":"s","sessionToken":"t","expiration":)";
  CHECK(shown(parse_sso_keys(sso + "1790000000999}}", "x")) == "A s t until 2026-09-21T14:13:20Z");
  CHECK(shown(parse_sso_keys(sso + "-1}}", "x")) == "lacks expiration, or it is none");
  CHECK(shown(parse_sso_keys(sso + "\"x\"}}", "x")) == "lacks expiration, or it is none");
  CHECK(shown(parse_sso_keys("{}", "x")) == "lacks roleCredentials, or it is none");
}

TEST_CASE("tokens of SSO that could not stand in JSON or a header are none") {
  const std::string begin = R"({"expiresAt":"2026-09-22T00:00:00Z","accessToken":)";
  CHECK(parse_sso_cache(begin + "\"t\"}").has_value());
  CHECK_FALSE(parse_sso_cache(begin + "\"a\\\"b\"}").has_value());
  CHECK_FALSE(parse_sso_cache(begin + "\"a\\nb\"}").has_value());
  CHECK_FALSE(parse_sso_cache(begin + "\"\"}").has_value());
  const std::string rest =
      R"("t","clientId":"c","clientSecret":"s","registrationExpiresAt":"2026-12-01T00:00:00Z","refreshToken":)";
  CHECK(parse_sso_cache(begin + rest + "\"r\"}")->refresh_token.has_value());
  CHECK_FALSE(parse_sso_cache(begin + rest + "\"r\\\\\"}")->refresh_token.has_value());
  CHECK_FALSE(parse_refreshed_token(R"({"accessToken":"t","expiresIn":0})", Time()).has_value());
  CHECK_FALSE(parse_refreshed_token(R"({"accessToken":"t","expiresIn":9223372036854775807})", Time()).has_value());
  CHECK(parse_refreshed_token(R"({"accessToken":"t","expiresIn":60})", Time())->expires_at ==
        Time(std::chrono::seconds(60)));
}

}  // namespace
