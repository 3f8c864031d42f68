#include "net/proxy.hpp"

#include <doctest/doctest.h>

#include <map>
#include <string>
#include <vector>

#include "tests/support/tokens.hpp"

namespace {

using tokensweep::Environment;
using tokensweep::ErrorKind;
using tokensweep::Origin;
using tokensweep::ProxyRules;
using tokensweep::Url;

Environment environment_of(std::map<std::string, std::string> variables) {
  return [variables](const char* name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    if (found == variables.end()) return std::nullopt;
    return found->second;
  };
}

/// Where the origin is reached through: `host:port`, or empty.
std::string proxy_of(const ProxyRules& rules, const Origin& origin) {
  const auto* const proxy = rules.proxy_for(origin);
  return proxy == nullptr ? "" : proxy->origin.host + ":" + std::to_string(proxy->origin.port);
}

TEST_CASE("NO_PROXY says what is reached without the proxy") {
  struct Case {
    std::string no_proxy;
    std::string host;
    std::uint16_t port;
    bool proxied;
  };
  const std::vector<Case> cases = {
      {"", "api.example.test", 443, true},
      {"*", "api.example.test", 443, false},
      {"example.test", "example.test", 443, false},
      {"example.test", "api.example.test", 443, false},
      {"example.test", "a.b.example.test", 443, false},
      {"example.test", "badexample.test", 443, true},
      {"example.test", "example.test.evil.test", 443, true},
      {"EXAMPLE.Test", "api.example.test", 443, false},
      {"example.test.", "example.test", 443, false},
      {".example.test", "api.example.test", 443, false},
      {".example.test", "example.test", 443, true},
      {"*.example.test", "api.example.test", 443, false},
      {"*.example.test", "example.test", 443, true},
      {"api*", "api.example.test", 443, true},
      {"example.test:443", "api.example.test", 443, false},
      {"example.test:8443", "api.example.test", 443, true},
      {"example.test:8443", "api.example.test", 8443, false},
      {"example.test:x", "example.test", 443, true},
      {"other.test,example.test", "example.test", 443, false},
      {"other.test, example.test", "example.test", 443, false},
      {"other.test example.test", "example.test", 443, false},
      {",,example.test,", "example.test", 443, false},
      {"other.test", "example.test", 443, true},
      {"10.1.2.3", "10.1.2.3", 443, false},
      {"10.1.2.3", "10.1.2.4", 443, true},
      {"10.1.2.3:6443", "10.1.2.3", 6443, false},
      {"10.1.2.3:6443", "10.1.2.3", 443, true},
      {"10.0.0.0/8", "10.200.1.1", 443, false},
      {"10.0.0.0/8", "11.0.0.1", 443, true},
      {"10.0.0.0/33", "10.0.0.1", 443, true},
      {"10.0.0.0/8", "ten.example.test", 443, true},
      {"0.0.0.0/0", "192.0.2.1", 443, false},
      {"0.0.0.0/0", "2001:db8::1", 443, true},
      {"2001:db8::1", "2001:db8::1", 443, false},
      {"[2001:db8::1]", "2001:db8::1", 443, false},
      {"[2001:db8::1]:6443", "2001:db8::1", 443, true},
      {"[2001:db8::1]:6443", "2001:db8::1", 6443, false},
      {"2001:db8::/32", "2001:db8:1::1", 443, false},
      {"2001:db8::/32", "2001:db9::1", 443, true},
      {".", "example.test", 443, true},
  };
  for (const Case& c : cases) {
    CAPTURE(c.no_proxy);
    CAPTURE(c.host);
    CAPTURE(c.port);
    const auto rules = ProxyRules::read(
        std::nullopt, environment_of({{"HTTPS_PROXY", "http://proxy.corp.test:3128"}, {"NO_PROXY", c.no_proxy}}));
    REQUIRE(rules);
    CHECK(proxy_of(*rules, {true, c.host, c.port}) == (c.proxied ? "proxy.corp.test:3128" : ""));
  }
}

TEST_CASE("the option counts more than the environment, and this machine is never reached through a proxy") {
  struct Case {
    std::string what;
    std::optional<std::string> option;
    std::map<std::string, std::string> environment;
    std::string address;
    std::string proxy;
  };
  const std::string api = "https://api.example.test/";
  const std::map<std::string, std::string> upper = {{"HTTPS_PROXY", "http://upper.test:1"}};
  const std::vector<Case> cases = {
      {"nothing is set", {}, {}, api, ""},
      {"HTTPS_PROXY", {}, upper, api, "upper.test:1"},
      {"https_proxy", {}, {{"https_proxy", "http://lower.test:1"}}, api, "lower.test:1"},
      {"both",
       {},
       {{"HTTPS_PROXY", "http://upper.test:1"}, {"https_proxy", "http://lower.test:1"}},
       api,
       "upper.test:1"},
      {"an empty one", {}, {{"HTTPS_PROXY", ""}, {"https_proxy", "http://lower.test:1"}}, api, "lower.test:1"},
      {"no_proxy", {}, {{"https_proxy", "http://lower.test:1"}, {"no_proxy", "example.test"}}, api, ""},
      {"HTTP_PROXY", {}, {{"HTTP_PROXY", "http://plain.test:1"}, {"http_proxy", "http://plain.test:1"}}, api, ""},
      {"ALL_PROXY", {}, {{"ALL_PROXY", "http://all.test:1"}}, api, ""},
      {"the option", "http://option.test:2", upper, api, "option.test:2"},
      {"the option, and NO_PROXY", "http://option.test:2", {{"NO_PROXY", "*"}}, api, "option.test:2"},
      {"an empty option", "", upper, api, ""},
      {"without a scheme", "option.test:2", {}, api, "option.test:2"},
      {"without a port", "http://option.test", {}, api, "option.test:80"},
      {"with a slash", "HTTP://option.test:2/", {}, api, "option.test:2"},
      {"IPv6", "http://[2001:db8::1]:2", {}, api, "2001:db8::1:2"},
      {"SOCKS5", "socks5://option.test:2", {}, api, "option.test:2"},
      {"SOCKS5 on its own port", "socks5h://option.test/", {}, api, "option.test:1080"},
      {"SOCKS5 and IPv6", "SOCKS5://[2001:db8::1]", {}, api, "2001:db8::1:1080"},
      {"SOCKS5 for all programs", {}, {{"https_proxy", "socks5://socks.test"}}, api, "socks.test:1080"},
      {"this machine as a proxy", "http://127.0.0.1:2", {}, api, "127.0.0.1:2"},
      {"localhost", {}, upper, "https://localhost/", ""},
      {"127.0.0.1", {}, upper, "https://127.0.0.1:6443/", ""},
      {"::1", "http://option.test:2", {}, "https://[::1]/", ""},
      {"no TLS", {}, upper, "http://api.example.test/", ""},
  };
  for (const Case& c : cases) {
    CAPTURE(c.what);
    const auto rules = ProxyRules::read(c.option, environment_of(c.environment));
    REQUIRE(rules);
    CHECK(proxy_of(*rules, Url::parse(c.address)->origin) == c.proxy);
  }
}

TEST_CASE("a proxy's address may name a user, and is never quoted") {
  struct Case {
    std::string address;
    std::string user;  // empty: refused
  };
  const std::vector<Case> cases = {
      {"http://ann:canary@proxy.test:3128", "ann:canary"},
      {"ann:canary@proxy.test:3128", "ann:canary"},
      {"http://ann:can%40r%3ay@proxy.test", "ann:can@r:y"},
      {"http://ann:can@ary@proxy.test", "ann:can@ary"},
      {"http://ann:@proxy.test", "ann:"},
      {"http://canary@proxy.test", ""},
      {"http://ann:canary%4@proxy.test", ""},
      {"http://ann:canary%zz@proxy.test", ""},
      {"http://ann:canary@", ""},
      {"http://ann:canary@proxy.test:port", ""},
      {"http://ann:canary@proxy.test/path", ""},
      {"https://ann:canary@proxy.test", ""},
      {"socks4://ann:canary@proxy.test", ""},
      {"socks5://canary@proxy.test", ""},
      {"socks5://:canary@proxy.test", ""},
      {"socks5://ann:" + std::string(250, 'x') + "canary@proxy.test", ""},
      {"http://ann:canary@proxy test", ""},
  };
  for (const Case& c : cases) {
    CAPTURE(c.address);
    for (const bool by_option : {true, false}) {
      const auto rules = by_option ? ProxyRules::read(c.address, environment_of({}))
                                   : ProxyRules::read(std::nullopt, environment_of({{"https_proxy", c.address}}));
      REQUIRE(rules.has_value() == !c.user.empty());
      if (!rules) {
        CHECK(rules.error().kind == ErrorKind::misconfigured);
        CHECK(rules.error().what.find("canary") == std::string::npos);
        continue;
      }
      const auto* const proxy = rules->proxy_for({true, "api.example.test", 443});
      REQUIRE(proxy != nullptr);
      CHECK(proxy->authorization.reveal() == "Basic " + tokensweep::testing::base64(c.user));
    }
  }
}

TEST_CASE("a SOCKS5 proxy's user and password are not those of a header") {
  const auto rules = ProxyRules::read("socks5://ann:can%40r%3ay@proxy.test", environment_of({}));
  REQUIRE(rules);
  const auto* const proxy = rules->proxy_for({true, "api.example.test", 443});
  REQUIRE(proxy != nullptr);
  CHECK(proxy->kind == tokensweep::ProxyKind::socks5);
  CHECK(proxy->authorization.empty());
  CHECK(proxy->user.reveal() == "ann");
  CHECK(proxy->password.reveal() == "can@r:y");
}

TEST_CASE("a machine's metadata is never asked for through a proxy") {
  const auto rules = ProxyRules::read("http://proxy.example.test:3128", [](const char*) { return std::nullopt; });
  REQUIRE(rules);
  CHECK(proxy_of(*rules, Url::parse("http://169.254.169.254")->origin).empty());
  CHECK(proxy_of(*rules, Url::parse("http://[fd00:ec2::23]")->origin).empty());
  CHECK(proxy_of(*rules, Url::parse("https://sts.us-east-1.amazonaws.com")->origin) == "proxy.example.test:3128");
}

}  // namespace
