#include "net/socks.hpp"

#include <doctest/doctest.h>

#include <optional>
#include <string>
#include <vector>

#include "tests/net/transport_rig.hpp"
#include "tests/support/certificates.hpp"

namespace {

using namespace tokensweep;           // NOLINT(google-build-using-namespace)
using namespace tokensweep::testing;  // NOLINT(google-build-using-namespace)

using namespace std::string_literals;

const Origin kOrigin{.tls = true, .host = "npm.example.test", .port = 8443};
const std::string kAskedByName = "\x05\x01\x00\x03\x10npm.example.test\x20\xfb"s;
const std::string kConnected = "\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00"s;

Proxy proxy_with(const std::string& user = {}, const std::string& password = {}) {
  Proxy proxy;
  proxy.kind = ProxyKind::socks5;
  proxy.user = Secret(user);
  proxy.password = Secret(password);
  return proxy;
}

struct Conversation {
  std::string sent;
  std::optional<Error> error;
  bool connected = false;
  std::size_t unread = 0;
};

/// A whole conversation with a proxy that says `answers`, whatever it hears.
Conversation talk(const Origin& to, const Proxy& proxy, std::string_view answers) {
  Conversation result;
  SocksDialog dialog(to, proxy);
  while (dialog.wanted() != 0) {
    WipedText turn;
    dialog.append_turn(turn);
    result.sent += turn.view();
    if (answers.size() < dialog.wanted()) break;
    const std::size_t count = dialog.wanted();
    if (auto taken = dialog.take(answers.substr(0, count)); !taken) {
      result.error = taken.error();
      break;
    }
    answers.remove_prefix(count);
  }
  result.connected = dialog.wanted() == 0;
  result.unread = answers.size();
  return result;
}

TEST_CASE("what a SOCKS5 proxy is told") {
  struct Case {
    std::string what;
    std::string host;
    std::uint16_t port;
    std::string user;
    std::string answers;
    std::string sent;
  };
  const std::string anybody = "\x05\x01\x00"s;
  const std::string ann = "\x05\x02\x00\x02"s;
  const std::string name = kOrigin.host;
  const std::vector<Case> cases = {
      {"a name, to be resolved there", name, 8443, "", "\x05\x00"s + kConnected, anybody + kAskedByName},
      {"an address", "10.1.2.3", 6443, "", "\x05\x00"s + kConnected,
       anybody + "\x05\x01\x00\x01\x0a\x01\x02\x03\x19\x2b"s},
      {"an IPv6 address", "2001:db8::1", 443, "", "\x05\x00"s + kConnected,
       anybody + "\x05\x01\x00\x04\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01\x01\xbb"s},
      {"a user, where it wants one", name, 8443, "ann", "\x05\x02\x01\x00"s + kConnected,
       ann + "\x01\x03" + "ann\x09pass word" + kAskedByName},
      {"no user, where it wants none", name, 8443, "ann", "\x05\x00"s + kConnected, ann + kAskedByName},
      {"a bound address that is a name", name, 8443, "", "\x05\x00\x05\x00\x00\x03\x04host\x00\x50"s,
       anybody + kAskedByName},
      {"a bound address without one", name, 8443, "", "\x05\x00\x05\x00\x00\x03\x00\x00\x50"s, anybody + kAskedByName},
      {"a bound IPv6 address", name, 8443, "", "\x05\x00\x05\x00\x00\x04"s + std::string(18, 'x'),
       anybody + kAskedByName},
  };
  for (const Case& c : cases) {
    CAPTURE(c.what);
    const Origin to{.tls = true, .host = c.host, .port = c.port};
    const Conversation talked = talk(to, proxy_with(c.user, "pass word"), c.answers);
    CHECK(talked.connected);
    CHECK(talked.sent == c.sent);
    CHECK(talked.unread == 0);
  }
}

TEST_CASE("what follows a SOCKS5 proxy's answer is not read") {
  CHECK(talk(kOrigin, proxy_with(), "\x05\x00"s + kConnected + "TLS").unread == 3);
}

TEST_CASE("a SOCKS5 proxy that does not let us through") {
  struct Case {
    std::string what;
    std::string answers;
    ErrorKind kind;
    std::string says;
  };
  const auto reply = [](char code) { return "\x05\x00\x05"s + code + "\x00\x01\x00\x00\x00\x00\x00\x00"s; };
  const std::vector<Case> cases = {
      {"SOCKS4", "\x04\x00"s, ErrorKind::malformed, "no SOCKS5"},
      {"HTTP", "HTTP/1.1 400 Bad Request\r\n\r\n", ErrorKind::malformed, "no SOCKS5"},
      {"wants a user", "\x05\xff"s, ErrorKind::misconfigured, "wants a user"},
      {"takes a method that was not offered", "\x05\x02"s, ErrorKind::malformed, "no SOCKS5"},
      {"GSSAPI", "\x05\x01"s, ErrorKind::malformed, "no SOCKS5"},
      {"failed", reply(1), ErrorKind::transient, "failed"},
      {"is not allowed to", reply(2), ErrorKind::misconfigured, "rules"},
      {"reaches no such network", reply(3), ErrorKind::transient, "cannot reach"},
      {"reaches no such host", reply(4), ErrorKind::transient, "cannot reach"},
      {"is refused", reply(5), ErrorKind::transient, "cannot reach"},
      {"knows no CONNECT", reply(7), ErrorKind::misconfigured, "cannot connect"},
      {"knows no names", reply(8), ErrorKind::misconfigured, "cannot connect"},
      {"fails in a way of its own", reply('\xfe'), ErrorKind::transient, "failed"},
      {"of another version", "\x05\x00\x04\x00\x00\x01\x00"s, ErrorKind::malformed, "no SOCKS5"},
      {"with another kind of address", "\x05\x00\x05\x00\x00\x02\x00"s, ErrorKind::malformed, "no SOCKS5"},
      {"with a reserved byte in use", "\x05\x00\x05\x00\x01\x01\x00"s, ErrorKind::malformed, "no SOCKS5"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.what);
    const Conversation talked = talk(kOrigin, proxy_with(), c.answers);
    CHECK(!talked.connected);
    REQUIRE(talked.error.has_value());
    CHECK(talked.error->kind == c.kind);
    CHECK(talked.error->what.find(c.says) != std::string::npos);
  }
  const Conversation login = talk(kOrigin, proxy_with("ann", "canary"), "\x05\x02\x01\x01"s);
  REQUIRE(login.error.has_value());
  CHECK(login.error->kind == ErrorKind::misconfigured);
  CHECK(login.error->what == "the proxy does not accept the user and the password");
  CHECK(talk(kOrigin, proxy_with("ann", "canary"), "\x05\x02\x05\x00"s).error->kind == ErrorKind::malformed);
  CHECK(talk(kOrigin, proxy_with("ann", "canary"), "\x05\xff"s).error->what.find("another proof") != std::string::npos);
}

/// Trusts whom these tests sign by, and goes through `proxy`.
TransportOptions through(const HostileServer& proxy, const TestCertificate& authority, const std::string& user = {}) {
  TransportOptions options = direct();
  options.tls.ca_pem = authority.certificate_pem();
  options.proxy = "socks5://" + user + "127.0.0.1:" + std::to_string(proxy.port());
  return options;
}

TEST_CASE("TLS goes through a SOCKS5 proxy, and the connection is used again") {
  const TestCertificate authority({.common_name = "tokensweep test authority", .authority = true});
  const TestCertificate own({.names = "DNS:npm.example.test"}, &authority);
  const ServerTls tls(own);
  Seen asked;
  const HostileServer proxy([&](Peer& peer) {
    asked.add(peer.take(4));
    peer.send("\x05\x02"s);
    asked.add(peer.take(12));
    peer.send("\x01\x00"s);
    asked.add(peer.take(kAskedByName.size()));
    // In pieces: an answer's end is where its length says, not where a read ends.
    peer.send(kConnected.substr(0, 3));
    peer.send(kConnected.substr(3));
    if (peer.shake_hands(tls.context())) peer.serve("hello");
  });
  TransportRig rig(through(proxy, authority, "ann:canary@"));
  const HttpRequest request = get("npm.example.test", 8443, true);
  for (int i = 0; i < 2; ++i) {
    const auto answer = rig.send(request);
    REQUIRE(answer);
    CHECK(answer->body.view() == "hello");
  }
  CHECK(asked.all() == std::vector<std::string>{"\x05\x02\x00\x02"s, "\x01\x03"s + "ann\x06" + "canary", kAskedByName});
}

TEST_CASE("a SOCKS5 proxy that fails, hangs or goes away gets no request") {
  const TestCertificate authority({.common_name = "tokensweep test authority", .authority = true});
  struct Case {
    std::string what;
    std::string answer;
    bool hangs;
    std::string says;
  };
  const std::vector<Case> cases = {
      {"goes away", "", false, "the proxy ended the connection"},
      {"goes away in the middle of its answer", "\x05"s, false, "the proxy ended the connection"},
      {"hangs", "", true, "the proxy does not answer"},
      {"hangs in the middle of its answer", "\x05"s, true, "the proxy does not answer"},
      {"refuses", "\x05\xff"s, false, "the proxy wants"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.what);
    const HostileServer proxy([&](Peer& peer) {
      peer.take(3);
      peer.send(c.answer);
      if (c.hangs) peer.hang();
    });
    TransportOptions options = through(proxy, authority);
    if (c.hangs) options.deadlines.proxy = kShort;
    TransportRig rig(options);
    const HttpRequest request = get("npm.example.test", 443, true);
    const auto answer = rig.send(request);
    REQUIRE(!answer);
    CAPTURE(answer.error().what);
    CHECK(says(answer, c.says));
  }
}

}  // namespace
