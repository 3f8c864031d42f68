#include "formats/auth_value.hpp"

#include <doctest/doctest.h>

#include <string>

#include "tests/support/tokens.hpp"

namespace {

using namespace tokensweep;

TEST_CASE("references by the syntax of each package manager") {
  struct Case {
    const char* what;
    Expansion expansion;
    std::string text;
    std::string value;
    std::string reference;  // empty: none
  };
  using enum Expansion;
  const Case cases[] = {
      {"npm: a value", npm, "abc", "abc", ""},
      {"npm: a variable", npm, "${NPM_TOKEN}", "", "NPM_TOKEN"},
      {"npm: or nothing", npm, "${NPM_TOKEN?}", "", "NPM_TOKEN"},
      {"npm: any name", npm, "${my token.x}", "", "my token.x"},
      {"npm: in the middle of text", npm, "npm_${HALF}x", "", "HALF"},
      {"npm: the first of two", npm, "${A}${B}", "", "A"},
      {"npm: no braces, no reference", npm, "$NPM_TOKEN", "$NPM_TOKEN", ""},
      {"npm: empty braces", npm, "${}", "${}", ""},
      {"npm: braces that stay open", npm, "${A", "${A", ""},
      {"npm: escaped within text", npm, "x\\${A}", "x${A}", ""},
      {"npm: twice escaped is not escaped", npm, "x\\\\${A}", "", "A"},
      {"npm: three times escaped", npm, "x\\\\\\${A}", "x\\${A}", ""},
      {"npm: nothing but an escaped reference", npm, "\\${NPM_TOKEN}", "", "NPM_TOKEN"},
      {"npm: other backslashes stay", npm, "a\\b\\", "a\\b\\", ""},
      {"pnpm: a default is stored here", npm, "${NPM_TOKEN:-abc}", "abc", "NPM_TOKEN"},
      {"pnpm: a default without a colon", npm, "${NPM_TOKEN-abc}", "abc", "NPM_TOKEN"},
      {"yarn: a variable", yarn, "${V}", "", "V"},
      {"yarn: a default", yarn, "${V:-abc}", "abc", "V"},
      {"yarn: a default without a colon", yarn, "${V-abc}", "abc", "V"},
      {"yarn: an empty default is nothing", yarn, "${V:-}", "", "V"},
      {"yarn: nested", yarn, "${V:-${W:-abc}}", "abc", "V"},
      {"yarn: nested without an end", yarn, "${V:-${W}}", "", "V"},
      {"yarn: a default amid text", yarn, "x${V:-abc}y", "xabcy", "V"},
      {"yarn: one default of two", yarn, "${V:-abc}${W}", "", "V"},
      {"yarn: escaped", yarn, "\\${V\\}", "${V}", ""},
      {"yarn: a question mark is not its syntax", yarn, "${V?}", "${V?}", ""},
      {"bun: a bare variable", bun, "$NPM_TOKEN", "", "NPM_TOKEN"},
      {"bun: a variable in braces", bun, "${NPM_TOKEN}", "", "NPM_TOKEN"},
      {"bun: a dollar within a password", bun, "pa$word", "pa$word", ""},
  };
  for (const Case& c : cases) {
    CAPTURE(c.what);
    const StoredText stored = read_stored_text(c.text, c.expansion);
    CHECK(stored.text.reveal() == c.value);
    CHECK(stored.reference.value_or("") == c.reference);
  }
}

TEST_CASE("references without end cost little") {
  std::string text;
  for (int i = 0; i < 200'000; ++i) text += "${A:-";
  CHECK(!read_stored_text(text, Expansion::yarn).text.empty());
  text += "x";
  for (int i = 0; i < 200'000; ++i) text += "}";
  CHECK(read_stored_text(text, Expansion::npm).reference == "A");
}

TEST_CASE("basic authentication is decoded where it is base64 of a text, and kept as it stands elsewhere") {
  using testing::base64;
  struct Case {
    const char* what;
    std::string encoded;
    std::string username;
    std::string password;
  };
  const Case cases[] = {
      {"user and password", base64("ann:secret"), "ann", "secret"},
      {"a password with colons", base64("ann:a:b"), "ann", "a:b"},
      {"a line end from echo", base64("ann:secret\n"), "ann", "secret"},
      {"without padding", "YW5uOnNlY3JldDE", "ann", "secret1"},
      {"no colon inside", base64("annsecret"), "", base64("annsecret")},
      {"no base64", "ann*secret", "", "ann*secret"},
      {"no text inside", "AAECAzoE", "", "AAECAzoE"},
      {"padding where none belongs", "YW5uOg====", "", "YW5uOg===="},
  };
  for (const Case& c : cases) {
    CAPTURE(c.what);
    const BasicAuth basic = decode_basic_auth(c.encoded);
    CHECK(basic.username == c.username);
    CHECK(basic.password.reveal() == c.password);
  }
  CHECK(decode_password(base64("secret")).reveal() == "secret");
  CHECK(decode_password(base64("secret\r\n")).reveal() == "secret");
  CHECK(decode_password("not base64!").reveal() == "not base64!");
  CHECK(decode_password("abc").reveal() == "abc");
}

TEST_CASE("registry addresses") {
  struct Case {
    const char* what;
    std::string url;
    std::string name;
    std::string username;
    std::string password;
    std::string reference;
  };
  const std::string token = testing::npm_token(1);
  const Case cases[] = {
      {"plain", "https://registry.corp.example/", "registry.corp.example", "", "", ""},
      {"with a path", "https://Registry.Corp.example/Npm/x//", "registry.corp.example/Npm/x", "", "", ""},
      {"the scheme's port", "https://registry.corp.example:443/", "registry.corp.example", "", "", ""},
      {"the other scheme's port", "http://registry.corp.example:443", "registry.corp.example:443", "", "", ""},
      {"plain http", "http://registry.corp.example:80/a", "registry.corp.example/a", "", "", ""},
      {"a port", "HTTPS://registry.corp.example:8443/?q#f", "registry.corp.example:8443", "", "", ""},
      {"no scheme", "//registry.corp.example/npm/", "registry.corp.example/npm", "", "", ""},
      {"user and password", "https://ann:se%40cret@registry.corp.example/", "registry.corp.example", "ann", "se@cret",
       ""},
      {"a token alone", "https://" + token + "@registry.corp.example/", "registry.corp.example", "", token, ""},
      {"a user alone is no credential", "https://ann@registry.corp.example/", "registry.corp.example", "", "", ""},
      {"a reference", "https://ann:${NPM_TOKEN}@registry.corp.example/", "registry.corp.example", "ann", "",
       "NPM_TOKEN"},
      {"a reference with a slash in its default", "https://ann:${T:-a/b@c}@registry.corp.example/",
       "registry.corp.example", "ann", "a/b@c", "T"},
      {"a host from the environment", "https://ann:secret@${HOST}/", "", "ann", "secret", ""},
  };
  for (const Case& c : cases) {
    CAPTURE(c.what);
    const auto url = read_registry_url(c.url, Expansion::npm);
    REQUIRE(url);
    CHECK(url->name == c.name);
    CHECK(url->username == c.username);
    CHECK(url->password.text.reveal() == c.password);
    CHECK(url->password.reference.value_or("") == c.reference);
  }
  for (const std::string none :
       {"", "registry.corp.example", "https://", "https:///x", "https://${HOST}/", "ftp://a.example/"}) {
    CAPTURE(none);
    CHECK(!read_registry_url(none, Expansion::npm));
  }
}

TEST_CASE("nerf-darts") {
  struct Case {
    const char* what;
    std::string text;
    std::string registry;  // empty: none
    bool found;
  };
  const Case cases[] = {
      {"as npm writes it", "//registry.corp.example/npm/", "registry.corp.example/npm", true},
      {"without a slash", "//registry.corp.example:8443", "registry.corp.example:8443", true},
      {"an address of IP version 6", "//[::1]:4873/", "[::1]:4873", true},
      {"upper case", "//Registry.corp.example/", "registry.corp.example", false},
      {"the default port", "//registry.corp.example:443/", "registry.corp.example", false},
      {"user info", "//ann:secret@registry.corp.example/", "registry.corp.example", false},
      {"a scheme", "https://registry.corp.example/", "registry.corp.example", false},
      {"a scheme behind the slashes", "//https://registry.corp.example/", "registry.corp.example", false},
      {"no slashes", "registry.corp.example/", "registry.corp.example", false},
      {"a word", "npm", "", false},
      {"nothing", "//", "", false},
      {"a host from the environment", "//${HOST}/", "", true},
      {"a path from the environment", "//registry.corp.example/${P}/", "", true},
  };
  for (const Case& c : cases) {
    CAPTURE(c.what);
    const NerfDart dart = read_nerf_dart(c.text);
    CHECK(dart.registry.value_or("") == c.registry);
    CHECK(dart.found_by_npm == c.found);
  }
  CHECK(without_userinfo("//ann:secret@registry.corp.example/x") == "//registry.corp.example/x");
  CHECK(without_userinfo("//registry.corp.example/") == "//registry.corp.example/");
  CHECK(without_userinfo("@acme") == "@acme");
}

}  // namespace
