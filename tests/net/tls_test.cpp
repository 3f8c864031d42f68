#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tests/net/transport_rig.hpp"
#include "tests/support/temp_directory.hpp"
#include "tests/support/tokens.hpp"

namespace {

using namespace tokensweep;           // NOLINT(google-build-using-namespace)
using namespace tokensweep::testing;  // NOLINT(google-build-using-namespace)

const TestCertificate& authority() {
  static const TestCertificate made({.common_name = "tokensweep test authority", .authority = true});
  return made;
}

TransportOptions trusting(const TestCertificate& certificate = authority()) {
  TransportOptions options = direct();
  options.tls.ca_pem = certificate.certificate_pem();
  return options;
}

HttpRequest get_secure(const HostileServer& server, std::string host = "127.0.0.1") {
  return get(std::move(host), server.port(), true);
}

/// Shakes hands, and serves "hello"; what comes is noted.
auto secure_server(const ServerTls& tls, Seen& seen) {
  return [&tls, &seen](Peer& peer) {
    if (!peer.shake_hands(tls.context())) return;
    while (true) {
      auto request = peer.request();
      if (request.empty()) return;
      seen.add(std::move(request));
      peer.answer("hello");
    }
  };
}

TEST_CASE("a verified connection is kept, and the next handshake goes on with its session") {
  const TestCertificate own({}, &authority());
  const ServerTls tls(own);
  Seen resumed;
  Seen names;
  const HostileServer server([&](Peer& peer) {
    if (!peer.shake_hands(tls.context())) return;
    resumed.add(peer.resumed() ? "resumed" : "full");
    names.add(peer.server_name());
    for (int i = 0; i < 2 && !peer.request().empty(); ++i) peer.answer("hello", i == 1 ? "Connection: close\r\n" : "");
    peer.say_goodbye();
  });
  TransportRig rig(trusting());
  for (const char* host : {"localhost", "127.0.0.1"}) {
    const HttpRequest request = get_secure(server, host);
    for (int i = 0; i < 4; ++i) {
      const auto answer = rig.send(request);
      REQUIRE(answer);
      CHECK(answer->body.view() == "hello");
    }
  }
  CHECK(rig.counters().opened == 4);
  CHECK(rig.counters().reused == 4);
  CHECK(resumed.all() == std::vector<std::string>{"full", "resumed", "full", "resumed"});
  CHECK(names.all() == std::vector<std::string>{"localhost", "localhost", "", ""});
}

TEST_CASE("authorities come from a file, too") {
  const TestCertificate own({}, &authority());
  const ServerTls tls(own);
  Seen seen;
  const HostileServer server(secure_server(tls, seen));
  const TempDirectory directory;
  write_file(directory / "ca.pem", "# ours\n" + authority().certificate_pem());
  write_file(directory / "no.pem", "nothing");
  TransportOptions options = direct();
  options.tls.ca_file = directory / "ca.pem";
  TransportRig rig(options);
  const HttpRequest request = get_secure(server);
  CHECK(rig.send(request));

  for (const char* name : {"no.pem", "missing.pem"}) {
    SystemClock clock;
    options.tls.ca_file = directory / name;
    const auto made = Transport::make(options, clock);
    REQUIRE(!made);
    CHECK(made.error().kind == ErrorKind::misconfigured);
    CHECK(made.error().what.find("ca_file") == 0);
  }
}

TEST_CASE("a certificate that is not right is refused before a byte of the request is sent") {
  struct Case {
    std::string what;
    CertificateOptions certificate;
    std::string server_name;
    std::string says;
  };
  const std::vector<Case> cases = {
      {"expired", {.begins = -7200, .ends = -3600}, "", "has expired"},
      {"of the future", {.begins = 3600, .ends = 7200}, "", "not valid yet"},
      {"for another name", {.names = "DNS:other.example.test"}, "npm.example.test", "for another host"},
      {"for another address", {.names = "IP:127.0.0.2"}, "", "for another host"},
      {"for a name, where an address is asked", {.names = "DNS:127.0.0.1"}, "", "for another host"},
      {"for a wildcard one level up", {.names = "DNS:*.example.test"}, "a.b.example.test", "for another host"},
      {"for a part of a name", {.names = "DNS:n*m.example.test"}, "npm.example.test", "for another host"},
      {"with its name in the subject alone",
       {.names = "", .common_name = "npm.example.test"},
       "npm.example.test",
       "for another host"},
      {"for clients", {.usage = "clientAuth"}, "", "not one for servers"},
      {"signed with SHA-1", {.digest = EVP_sha1()}, "", "too weak"},
      {"with a short key", {.rsa_bits = 1024}, "", "too weak"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.what);
    const TestCertificate own(c.certificate, &authority());
    const ServerTls tls(own);
    Seen seen;
    const HostileServer server(secure_server(tls, seen));
    TransportOptions options = trusting();
    options.tls.server_name = c.server_name;
    TransportRig rig(options);
    const HttpRequest request = get_secure(server);
    const auto answer = rig.send(request);
    REQUIRE(!answer);
    CAPTURE(answer.error().what);
    CHECK(answer.error().kind == ErrorKind::misconfigured);
    CHECK(says(answer, c.says));
    CHECK(seen.count() == 0);
  }
  // The table can say yes, too.
  const TestCertificate own({.names = "DNS:*.example.test"}, &authority());
  const ServerTls tls(own);
  Seen seen;
  const HostileServer server(secure_server(tls, seen));
  TransportOptions options = trusting();
  options.tls.server_name = "npm.example.test";
  TransportRig rig(options);
  const HttpRequest request = get_secure(server);
  CHECK(rig.send(request));
  CHECK(seen.count() == 1);
}

TEST_CASE("who signed a certificate has to be trusted") {
  const TestCertificate stranger({.common_name = "a stranger", .authority = true});
  const TestCertificate by_stranger({}, &stranger);
  const TestCertificate by_itself({});
  const TestCertificate no_authority({}, &authority());
  const TestCertificate by_no_authority({.common_name = "below"}, &no_authority);
  struct Case {
    std::string what;
    const TestCertificate& own;
    std::string says;
  };
  const std::vector<Case> cases = {
      {"an authority that nobody named", by_stranger, "from an authority that is not trusted here"},
      {"itself", by_itself, "signed by itself"},
      {"somebody who is no authority", by_no_authority, "its certificate is"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.what);
    const ServerTls tls(c.own);
    SSL_CTX_add1_chain_cert(tls.context(), no_authority.certificate());
    Seen seen;
    const HostileServer server(secure_server(tls, seen));
    const HttpRequest request = get_secure(server);
    for (const bool of_the_system : {false, true}) {
      TransportRig rig(of_the_system ? direct() : trusting());
      const auto answer = rig.send(request);
      REQUIRE(!answer);
      CAPTURE(answer.error().what);
      CHECK(answer.error().kind == ErrorKind::misconfigured);
      CHECK(says(answer, c.says));
    }
    CHECK(seen.count() == 0);
  }
  // Whoever names a server's own certificate trusts it.
  const ServerTls tls(by_itself);
  Seen seen;
  const HostileServer server(secure_server(tls, seen));
  TransportRig rig(trusting(by_itself));
  const HttpRequest request = get_secure(server);
  CHECK(rig.send(request));
}

TEST_CASE("what is no TLS 1.2 gets no request") {
  const TestCertificate own({}, &authority());
  const ServerTls old(own);
  SSL_CTX_set_max_proto_version(old.context(), TLS1_1_VERSION);
  struct Case {
    std::string what;
    std::function<void(Peer&)> script;
    ErrorKind kind;
    std::string says;
  };
  Seen seen;
  const std::vector<Case> cases = {
      {"TLS 1.1",
       [&](Peer& peer) {
         if (peer.shake_hands(old.context())) seen.add(peer.request());
       },
       ErrorKind::misconfigured, "no TLS 1.2"},
      {"no TLS",
       [](Peer& peer) {
         peer.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
         peer.hang();
       },
       ErrorKind::malformed, "no TLS"},
      {"an end without a word", [](Peer&) {}, ErrorKind::transient, "TLS connection broke"},
      {"an end in the middle", [](Peer& peer) { peer.send(std::string_view("\x16\x03\x03\x00\x7a\x02", 6)); },
       ErrorKind::transient, "TLS connection broke"},
      {"a reset",
       [](Peer& peer) {
         peer.first_bytes();
         peer.reset();
       },
       ErrorKind::transient, "TLS connection broke"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.what);
    const HostileServer server(c.script);
    TransportRig rig(trusting());
    const HttpRequest request = get_secure(server);
    const auto answer = rig.send(request);
    REQUIRE(!answer);
    CAPTURE(answer.error().what);
    CHECK(answer.error().kind == c.kind);
    CHECK(says(answer, c.says));
  }
  CHECK(seen.count() == 0);
}

TEST_CASE("a handshake that hangs ends") {
  const HostileServer server([](Peer& peer) { peer.hang(); });
  TransportOptions options = trusting();
  options.deadlines.handshake = kShort;
  TransportRig rig(options);
  const HttpRequest request = get_secure(server);
  const auto answer = rig.send(request);
  CHECK(says(answer, "does not finish the TLS handshake"));
}

TEST_CASE("an answer to the connection's end is whole only where TLS says so") {
  const TestCertificate own({}, &authority());
  const ServerTls tls(own);
  for (const bool says_goodbye : {true, false}) {
    CAPTURE(says_goodbye);
    const HostileServer server([&](Peer& peer) {
      if (!peer.shake_hands(tls.context())) return;
      peer.request();
      peer.send("HTTP/1.1 200 OK\r\n\r\nhello");
      if (says_goodbye) peer.say_goodbye();
    });
    TransportRig rig(trusting());
    const HttpRequest request = get_secure(server);
    const auto answer = rig.send(request);
    REQUIRE(answer.has_value() == says_goodbye);
    if (!answer) CHECK(answer.error().kind == ErrorKind::transient);
  }
}

TEST_CASE("a client certificate proves who asks") {
  const TestCertificate own({}, &authority());
  const TestCertificate client({.common_name = "ann", .usage = "clientAuth"}, &authority());
  const TestCertificate stranger({.common_name = "eve", .usage = "clientAuth"});
  const ServerTls tls(own);
  X509_STORE_add_cert(SSL_CTX_get_cert_store(tls.context()), authority().certificate());
  SSL_CTX_set_verify(tls.context(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    CAPTURE(version);
    SSL_CTX_set_max_proto_version(tls.context(), version);
    Seen seen;
    const HostileServer server(secure_server(tls, seen));
    const HttpRequest request = get_secure(server);
    for (const TestCertificate* shown : {&client, &stranger, static_cast<const TestCertificate*>(nullptr)}) {
      TransportOptions options = trusting();
      if (shown != nullptr) {
        options.tls.client.emplace();
        options.tls.client->certificates = Secret(shown->certificate_pem());
        options.tls.client->key = Secret(shown->key_pem());
      }
      TransportRig rig(options);
      const auto answer = rig.send(request);
      REQUIRE(answer.has_value() == (shown == &client));
      if (answer) continue;
      CAPTURE(answer.error().what);
      // A server may reset the connection before its alert has been read.
      CHECK((answer.error().kind == ErrorKind::misconfigured || answer.error().kind == ErrorKind::transient));
    }
    CHECK(seen.count() == 1);
  }
}

TEST_CASE("a client certificate that cannot be used is refused, and not quoted") {
  const TestCertificate one({});
  const TestCertificate other({});
  const TestCertificate expired({.ends = -60});
  struct Case {
    std::string what;
    std::string certificates;
    std::string key;
    std::string says;
  };
  const std::vector<Case> cases = {
      {"no certificate", "canary", one.key_pem(), "no certificate in PEM form"},
      {"no key", one.certificate_pem(), "canary", "no key in PEM form"},
      {"another's key", one.certificate_pem(), other.key_pem(), "belongs to another certificate"},
      {"expired", expired.certificate_pem(), expired.key_pem(), "the client certificate has expired"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.what);
    TransportOptions options = direct();
    options.tls.client.emplace();
    options.tls.client->certificates = Secret(c.certificates);
    options.tls.client->key = Secret(c.key);
    SystemClock clock;
    const auto made = Transport::make(options, clock);
    REQUIRE(!made);
    CHECK(made.error().kind == ErrorKind::misconfigured);
    CHECK(made.error().what.find(c.says) != std::string::npos);
    CHECK(made.error().what.find("canary") == std::string::npos);
  }
}

TEST_CASE("a proxy is asked to connect, and TLS goes through it") {
  const TestCertificate own({.names = "DNS:npm.example.test"}, &authority());
  const ServerTls tls(own);
  Seen asked;
  Seen seen;
  const HostileServer proxy([&](Peer& peer) {
    asked.add(peer.request());
    peer.send("HTTP/1.1 200 Connection established\r\nVia: 1.1 proxy\r\n\r\n");
    secure_server(tls, seen)(peer);
  });
  TransportOptions options = trusting();
  options.proxy = "http://ann:canary@127.0.0.1:" + std::to_string(proxy.port());
  TransportRig rig(options);
  const HttpRequest request = get("npm.example.test", 8443, true);
  for (int i = 0; i < 2; ++i) {
    const auto answer = rig.send(request);
    REQUIRE(answer);
    CHECK(answer->body.view() == "hello");
  }
  CHECK(asked.all() ==
        std::vector<std::string>{"CONNECT npm.example.test:8443 HTTP/1.1\r\nHost: npm.example.test:8443\r\n"
                                 "User-Agent: tokensweep/" TOKENSWEEP_VERSION "\r\nProxy-Authorization: Basic " +
                                 base64("ann:canary") + "\r\n\r\n"});
  CHECK(seen.count() == 2);
  CHECK(seen.all().front().find("Proxy-Authorization") == std::string::npos);
}

TEST_CASE("a proxy that does not connect gets no request") {
  struct Case {
    std::string what;
    std::string answer;
    ErrorKind kind;
    std::string says;
  };
  const std::vector<Case> cases = {
      {"refused", "HTTP/1.1 403 Forbidden\r\nContent-Length: 6\r\n\r\ncanary", ErrorKind::misconfigured, "HTTP 403"},
      {"another user is wanted", "HTTP/1.1 407 Who\r\nProxy-Authenticate: Basic\r\n\r\n", ErrorKind::misconfigured,
       "a user and a password"},
      {"the origin is down", "HTTP/1.1 503 No\r\n\r\n", ErrorKind::transient, "HTTP 503"},
      {"a redirect", "HTTP/1.1 302 Login\r\nLocation: http://login.test/\r\n\r\n", ErrorKind::misconfigured,
       "HTTP 302"},
      {"an answer in plain text behind it", "HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
       ErrorKind::malformed, "says more"},
      {"no HTTP", "SSH-2.0-OpenSSH\r\n", ErrorKind::malformed, "no HTTP/1.1"},
      {"nothing", "", ErrorKind::transient, "without an answer"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.what);
    Seen seen;
    const HostileServer proxy([&](Peer& peer) {
      peer.request();
      peer.send(c.answer);
      if (!c.answer.empty()) seen.add(peer.request());
    });
    TransportOptions options = trusting();
    options.proxy = "http://ann:canary@127.0.0.1:" + std::to_string(proxy.port());
    {
      TransportRig rig(options);
      const HttpRequest request = get("npm.example.test", 443, true);
      const auto answer = rig.send(request);
      REQUIRE(!answer);
      CAPTURE(answer.error().what);
      CHECK(answer.error().kind == c.kind);
      CHECK(says(answer, c.says));
      CHECK(says(answer, "https://npm.example.test: "));
      CHECK(!says(answer, "canary"));
    }
    for (const std::string& text : seen.all()) CHECK(text.empty());
  }
}

TEST_CASE("plain text from a proxy that said it had connected is no TLS") {
  Seen seen;
  const HostileServer proxy([&](Peer& peer) {
    peer.request();
    peer.send("HTTP/1.1 200 OK\r\n\r\n");
    peer.first_bytes();
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    seen.add(peer.request());
  });
  TransportOptions options = trusting();
  options.proxy = "127.0.0.1:" + std::to_string(proxy.port());
  TransportRig rig(options);
  const HttpRequest request = get("npm.example.test", 443, true);
  const auto answer = rig.send(request);
  REQUIRE(!answer);
  CHECK(answer.error().kind == ErrorKind::malformed);
  CHECK(says(answer, "what it answers is no TLS"));
  for (const std::string& text : seen.all()) CHECK(text.empty());
}

TEST_CASE("a proxy that hangs ends the wait for it") {
  const HostileServer proxy([](Peer& peer) { peer.hang(); });
  TransportOptions options = trusting();
  options.proxy = "127.0.0.1:" + std::to_string(proxy.port());
  options.deadlines.proxy = kShort;
  TransportRig rig(options);
  const HttpRequest request = get("npm.example.test", 443, true);
  CHECK(says(rig.send(request), "the proxy does not answer"));
}

}  // namespace
