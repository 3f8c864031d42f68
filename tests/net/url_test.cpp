#include "net/url.hpp"

#include <doctest/doctest.h>

#include <string>

namespace {

using namespace tokensweep;

TEST_CASE("an address is read, and shown in its one spelling") {
  const struct {
    const char* what;
    std::string_view text;
    std::string_view shown;
  } cases[] = {
      {"a path and a query", "https://api.example.test/a/b?c=d&e", "https://api.example.test/a/b?c=d&e"},
      {"no path", "https://api.example.test", "https://api.example.test/"},
      {"a query without a path", "https://api.example.test?a=/b", "https://api.example.test/?a=/b"},
      {"capitals in scheme and host", "HTTPS://API.Example.Test/A", "https://api.example.test/A"},
      {"the scheme's own port", "https://api.example.test:443/", "https://api.example.test/"},
      {"another port", "http://api.example.test:443/", "http://api.example.test:443/"},
      {"IPv4", "http://127.0.0.1:8080/", "http://127.0.0.1:8080/"},
      {"IPv6", "https://[0:0::0:1]:8443/x", "https://[::1]:8443/x"},
      {"IPv6 in capitals", "https://[2001:DB8::A]/", "https://[2001:db8::a]/"},
      {"one label", "https://gitlab/", "https://gitlab/"},
      {"an underscore", "https://my_host.corp/", "https://my_host.corp/"},
      {"an international name in its encoded form", "https://xn--bcher-kva.test/", "https://xn--bcher-kva.test/"},
      {"an @ and a colon behind the host", "https://h.test/a@b:c?d@e", "https://h.test/a@b:c?d@e"},
      {"the largest port", "https://h.test:65535/", "https://h.test:65535/"},
      {"a label of digits before a name", "https://1.2.3.4a/", "https://1.2.3.4a/"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.what);
    const auto url = Url::parse(c.text);
    REQUIRE(url.has_value());
    CHECK(to_string(*url) == c.shown);
    const auto again = Url::parse(to_string(*url));
    REQUIRE(again.has_value());
    CHECK(again->origin == url->origin);
    CHECK(again->target == url->target);
  }
}

TEST_CASE("what two programs could read differently is no address") {
  const struct {
    const char* what;
    std::string text;
  } cases[] = {
      {"nothing", ""},
      {"no scheme", "api.example.test/a"},
      {"another scheme", "ftp://api.example.test/"},
      {"a longer scheme", "httpss://api.example.test/"},
      {"no slashes", "https:api.example.test"},
      {"one slash", "https:/api.example.test"},
      {"three slashes", "https:///api.example.test"},
      {"a user", "https://user@api.example.test/"},
      {"a user that looks like a host", "https://api.example.test@evil.test/"},
      {"a user with a password", "https://a:b@api.example.test/"},
      {"a fragment", "https://api.example.test/#a"},
      {"a fragment behind the host", "https://api.example.test#.evil.test/"},
      {"a backslash", "https://api.example.test\\.evil.test/"},
      {"backslashes for slashes", "https:\\\\api.example.test/"},
      {"a space", "https://api.example.test/a b"},
      {"a line break", "https://api.example.test/a\r\nb"},
      {"a tab", "https://api.exa\tmple.test/"},
      {"a NUL", std::string("https://api.example.test/\0", 26)},
      {"a byte beyond ASCII",
       "https://b\xC3\xBC"
       "cher.test/"},
      {"a DEL", "https://api.example.test/\x7F"},
      {"no host", "https://"},
      {"only a port", "https://:443/"},
      {"a dot at the end", "https://api.example.test./"},
      {"two dots", "https://api..example.test/"},
      {"a dot at the beginning", "https://.example.test/"},
      {"a percent sign in the host", "https://api%2eexample.test/"},
      {"a hyphen at the end of a label", "https://api-.example.test/"},
      {"a label that is too long", "https://" + std::string(64, 'a') + ".test/"},
      {"a name that is too long", "https://" + std::string(127, 'a').replace(63, 1, ".") + "." + std::string(63, 'a') +
                                      "." + std::string(63, 'a') + "/"},
      {"IPv4 in one number", "https://2130706433/"},
      {"IPv4 in hexadecimals", "https://0x7f000001/"},
      {"IPv4 with three parts", "https://127.0.1/"},
      {"IPv4 with five parts", "https://127.0.0.0.1/"},
      {"IPv4 in octals", "https://0177.0.0.1/"},
      {"IPv4 with a large part", "https://127.0.0.256/"},
      {"a name that ends in a hexadecimal", "https://a.0x1/"},
      {"IPv6 without brackets", "https://::1/"},
      {"IPv6 that never ends", "https://[::1/"},
      {"IPv6 with a zone", "https://[fe80::1%25eth0]/"},
      {"something behind the bracket", "https://[::1]a/"},
      {"IPv4 in brackets", "https://[127.0.0.1]/"},
      {"an empty port", "https://api.example.test:/"},
      {"port 0", "https://api.example.test:0/"},
      {"a port that is too large", "https://api.example.test:65536/"},
      {"a port with a sign", "https://api.example.test:+443/"},
      {"a port with a zero in front", "https://api.example.test:0443/"},
      {"two ports", "https://api.example.test:443:80/"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.what);
    const auto url = Url::parse(c.text);
    REQUIRE(!url.has_value());
    CHECK(url.error().kind == ErrorKind::malformed);
    CHECK(url.error().what.find("example") == std::string::npos);
  }
}

TEST_CASE("a reference means an address by where it was found") {
  const Url asked = *Url::parse("https://api.example.test/a/b/c?d=e");
  const struct {
    const char* what;
    std::string_view reference;
    std::string_view shown;  // empty: refused
  } cases[] = {
      {"another address", "http://h.test:81/x", "http://h.test:81/x"},
      {"another host", "//h.test/x", "https://h.test/x"},
      {"another path", "/x/y?z", "https://api.example.test/x/y?z"},
      {"a path beside it", "x?z", "https://api.example.test/a/b/x?z"},
      {"a path above it", "../x", "https://api.example.test/a/x"},
      {"a path above everything", "../../../../x", "https://api.example.test/x"},
      {"the folder above", "..", "https://api.example.test/a/"},
      {"its own folder", ".", "https://api.example.test/a/b/"},
      {"dots inside", "/x/./y/../z", "https://api.example.test/x/z"},
      {"dots in the query stay", "/x?a=/../b", "https://api.example.test/x?a=/../b"},
      {"another query", "?p=2", "https://api.example.test/a/b/c?p=2"},
      {"nothing", "", "https://api.example.test/a/b/c?d=e"},
      {"a colon behind a slash is a path", "./x:y", "https://api.example.test/a/b/x:y"},
      {"another scheme", "javascript:x", ""},
      {"a fragment", "/x#y", ""},
      {"a backslash", "/\\h.test/x", ""},
      {"a user", "//api.example.test@h.test/", ""},
      {"a line break", "/x\r\nSet-Cookie: a", ""},
      {"a host of nothing", "///h.test/", ""},
  };
  for (const auto& c : cases) {
    CAPTURE(c.what);
    const auto url = asked.resolve(c.reference);
    REQUIRE(url.has_value() == !c.shown.empty());
    if (url) CHECK(to_string(*url) == c.shown);
  }
}

TEST_CASE("only this machine is this machine") {
  for (const char* text : {"http://127.0.0.1", "http://127.255.0.9:1", "http://[::1]", "http://LOCALHOST"}) {
    CAPTURE(text);
    CHECK(is_loopback(Url::parse(text)->origin));
  }
  for (const char* text : {"http://127.evil.test", "http://128.0.0.1", "http://[::2]", "http://localhost.test",
                           "http://10.0.0.1", "http://[::ffff:10.0.0.1]"}) {
    CAPTURE(text);
    CHECK_FALSE(is_loopback(Url::parse(text)->origin));
  }
}

TEST_CASE("a machine's metadata is where AWS serves it, and nowhere else") {
  for (const char* text : {"http://169.254.169.254", "http://169.254.170.2/v2", "http://169.254.170.23:80/v1",
                           "http://[fd00:ec2::23]", "http://[FD00:EC2:0::254]/latest"}) {
    CAPTURE(text);
    const Origin origin = Url::parse(text)->origin;
    CHECK(is_instance_metadata(origin));
    CHECK(is_safe_without_tls(origin));
    CHECK_FALSE(is_loopback(origin));
  }
  for (const char* text :
       {"http://169.254.169.253", "http://169.254.169.254:8080", "https://169.254.169.254:80",
        "http://169.254.169.254.evil.test", "http://[fd00:ec2::253]", "http://[fe80::1]", "http://metadata.test"}) {
    CAPTURE(text);
    CHECK_FALSE(is_instance_metadata(Url::parse(text)->origin));
    CHECK_FALSE(is_safe_without_tls(Url::parse(text)->origin));
  }
}

TEST_CASE("parts are encoded, and values of a query decoded") {
  CHECK(percent_encoded("prod/eu 1~") == "prod%2Feu%201~");
  CHECK(percent_encoded("\xC3\xBC") == "%C3%BC");
  CHECK(query_value("/x?page=2&page=3", "page") == "2");
  CHECK(query_value("/x?a&p%61ge=%2Fb+c", "page") == "/b+c");
  CHECK(query_value("/x?page", "page") == "");
  CHECK(query_value("/x?page=a=b", "page") == "a=b");
  CHECK(query_value("/x?page=%", "page") == std::nullopt);
  CHECK(query_value("/x?page=%4", "page") == std::nullopt);
  CHECK(query_value("/x?page=%4g", "page") == std::nullopt);
  CHECK(query_value("/x?pages=1", "page") == std::nullopt);
  CHECK(query_value("/page=1", "page") == std::nullopt);
}

}  // namespace
