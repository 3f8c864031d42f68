#include "net/transport.hpp"

#include <doctest/doctest.h>

#include <array>
#include <string>

#include "tests/net/transport_rig.hpp"

namespace {

using namespace tokensweep;           // NOLINT(google-build-using-namespace)
using namespace tokensweep::testing;  // NOLINT(google-build-using-namespace)

TEST_CASE("a connection carries one request after the other") {
  Seen seen;
  const HostileServer server([&seen](Peer& peer) {
    while (true) {
      auto request = peer.request();
      if (request.empty()) return;
      seen.add(std::move(request));
      peer.answer("hello", "ETag: \"1\"\r\n");
    }
  });
  TransportRig rig;
  for (int i = 0; i < 5; ++i) {
    HttpRequest request = get(server, "/a?page=" + std::to_string(i));
    request.headers.push_back({"Accept", "application/json"});
    const auto answer = rig.send(request);
    REQUIRE(answer);
    CHECK(answer->status == 200);
    CHECK(answer->body.view() == "hello");
    CHECK(answer->header("etag") == "\"1\"");
    CHECK(answer->took < kLong);
  }
  CHECK(server.connections() == 1);
  CHECK(rig.counters().opened == 1);
  CHECK(rig.counters().reused == 4);
  CHECK(seen.all()[3] == "GET /a?page=3 HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(server.port()) +
                             "\r\nUser-Agent: tokensweep/" TOKENSWEEP_VERSION
                             "\r\nAccept-Encoding: gzip\r\nAccept: application/json\r\n\r\n");
}

TEST_CASE("a body and a credential arrive as they are") {
  Seen seen;
  const HostileServer server([&seen](Peer& peer) {
    seen.add(peer.request());
    peer.answer("");
  });
  TransportRig rig;
  HttpRequest request = get(server);
  request.method = "POST";
  request.body = WipedText(R"({"a":1})");
  std::array<SecretHeader, 1> credential;
  credential[0].name = "Authorization";
  credential[0].value = Secret("Bearer not-a-real-one");
  REQUIRE(rig.send(request, credential));
  const std::string text = seen.all().front();
  CHECK(text.find("POST / HTTP/1.1\r\n") == 0);
  CHECK(text.find("Authorization: Bearer not-a-real-one\r\nContent-Length: 7\r\n\r\n{\"a\":1}") != std::string::npos);
}

TEST_CASE("requests at once have connections of their own, which are used again") {
  const HostileServer server([](Peer& peer) { peer.serve("hello"); });
  TransportRig rig;
  const HttpRequest request = get(server);
  const std::vector<const HttpRequest*> eight(8, &request);
  for (int round = 0; round < 3; ++round) {
    for (const auto& answer : rig.send_all(eight)) CHECK(answer.has_value());
  }
  CHECK(rig.counters().opened == 8);
  CHECK(rig.counters().reused == 16);
  CHECK(server.connections() == 8);
}

TEST_CASE("a connection is not used again") {
  struct Case {
    std::string what;
    std::string answer;
  };
  const std::vector<Case> cases = {
      {"that the far side closes", "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx"},
      {"of an old server", "HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx"},
      {"with more behind the answer", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nxHTTP/1.1 200 OK\r\n"},
      {"whose answer contradicts itself",
       "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\nx"},
      {"whose answer's lines end with LF", "HTTP/1.1 200 OK\nContent-Length: 1\n\nx"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.what);
    const HostileServer server([&c](Peer& peer) {
      while (!peer.request().empty() && peer.send(c.answer)) {
        if (c.answer.find(" OK\n") != std::string::npos) return;  // else both would wait
      }
    });
    TransportRig rig;
    const HttpRequest request = get(server);
    for (int i = 0; i < 3; ++i) (void)rig.send(request);
    CHECK(server.connections() == 3);
    CHECK(rig.counters().reused == 0);
  }
}

TEST_CASE("a connection that waited too long is not used again") {
  const HostileServer server([](Peer& peer) { peer.serve("hello"); });
  TransportOptions options = direct();
  options.deadlines.kept = std::chrono::milliseconds(0);
  TransportRig rig(options);
  const HttpRequest request = get(server);
  CHECK(rig.send(request));
  CHECK(rig.send(request));
  CHECK(rig.counters().opened == 2);
}

TEST_CASE("a request goes over a fresh connection where a kept one turns out to be dead, once") {
  for (const bool fresh_one_answers : {true, false}) {
    CAPTURE(fresh_one_answers);
    Seen seen;
    std::atomic<int> connections{0};
    const HostileServer server([&](Peer& peer) {
      const bool first = connections++ == 0;
      seen.add(peer.request());
      if (first || fresh_one_answers) peer.answer("hello");
      // It takes the next request, and dies.
      if (first) seen.add(peer.request());
    });
    TransportRig rig;
    const HttpRequest request = get(server);
    REQUIRE(rig.send(request));
    const auto answer = rig.send(request);
    CHECK(answer.has_value() == fresh_one_answers);
    if (!answer) CHECK(answer.error().kind == ErrorKind::transient);
    CHECK(seen.count() == 3);
    CHECK(server.connections() == 2);
  }
}

TEST_CASE("a request is not sent twice once its answer has begun") {
  Seen seen;
  const HostileServer server([&seen](Peer& peer) {
    seen.add(peer.request());
    peer.answer("hello");
    seen.add(peer.request());
    peer.send("HTTP/1.1 200 OK\r\n");
  });
  TransportRig rig;
  const HttpRequest request = get(server);
  REQUIRE(rig.send(request));
  const auto answer = rig.send(request);
  CHECK(says(answer, "in the middle of its answer"));
  CHECK(server.connections() == 1);
}

TEST_CASE("a far side that breaks off is an error that says so") {
  struct Case {
    std::string what;
    std::string sent;
    bool reads;
    std::string says;
  };
  const std::vector<Case> cases = {
      {"before the request", "", false, "answer"},
      {"after the request", "", true, "answer"},
      {"in the status line", "HTTP/1.1 20", true, "in the middle of its answer"},
      {"in the headers", "HTTP/1.1 200 OK\r\nContent-Len", true, "in the middle of its answer"},
      {"in the body", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello", true, "in the middle of its answer"},
      {"in a chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel", true,
       "in the middle of its answer"},
  };
  for (const Case& c : cases) {
    for (const bool reset : {false, true}) {
      CAPTURE(c.what);
      CAPTURE(reset);
      const HostileServer server([&c, reset](Peer& peer) {
        if (c.reads) peer.request();
        peer.send(c.sent);
        if (reset) peer.reset();
      });
      TransportRig rig;
      const HttpRequest request = get(server);
      const auto answer = rig.send(request);
      REQUIRE(!answer);
      CAPTURE(answer.error().what);
      CHECK(answer.error().kind == ErrorKind::transient);
      CHECK(answer.error().what.find("http://127.0.0.1:") == 0);
      // A reset may overtake what was sent before it.
      if (!reset) CHECK(says(answer, c.says));
    }
  }
}

TEST_CASE("nobody listens") {
  std::uint16_t port = 0;
  {
    const HostileServer server([](Peer&) {});
    port = server.port();
  }
  TransportRig rig;
  const HttpRequest request = get("127.0.0.1", port);
  const auto answer = rig.send(request);
  REQUIRE(!answer);
  CHECK(answer.error().kind == ErrorKind::transient);
  CHECK(says(answer, "cannot be reached: Connection refused"));
}

TEST_CASE("IPv6 and names are reached") {
  const HostileServer six([](Peer& peer) { peer.serve("six"); }, true);
  const HostileServer four([](Peer& peer) { peer.serve("four"); });
  TransportRig rig;
  const HttpRequest by_address = get("::1", six.port());
  auto answer = rig.send(by_address);
  REQUIRE(answer);
  CHECK(answer->body.view() == "six");
  // Where localhost is ::1 first, that address fails and the next one is tried.
  const HttpRequest by_name = get("localhost", four.port());
  answer = rig.send(by_name);
  REQUIRE(answer);
  CHECK(answer->body.view() == "four");
}

TEST_CASE("without TLS only this machine is asked") {
  TransportRig rig;
  const HttpRequest request = get("npm.example.test", 80);
  const auto answer = rig.send(request);
  REQUIRE(!answer);
  CHECK(answer.error().kind == ErrorKind::misconfigured);
  CHECK(says(answer, "use https"));
}

TEST_CASE("a credential that would begin a line of its own is refused, and not quoted") {
  Seen seen;
  const HostileServer server([&seen](Peer& peer) { seen.add(peer.request()); });
  TransportRig rig;
  std::array<SecretHeader, 1> credential;
  credential[0].name = "Authorization";
  credential[0].value = Secret("Bearer canary\nX-Evil: 1");
  const HttpRequest request = get(server);
  const auto answer = rig.send(request, credential);
  REQUIRE(!answer);
  CHECK(answer.error().kind == ErrorKind::misconfigured);
  CHECK(!says(answer, "canary"));
  CHECK((seen.count() == 0 || seen.all().front().empty()));
}

TEST_CASE("each part of a request has its own end") {
  struct Case {
    std::string what;
    std::function<void(Peer&)> script;
    std::function<void(TransportOptions&, HttpRequest&)> shorten;
    std::string says;
  };
  const std::string head = "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n";
  const auto drip = [](Peer& peer, std::string_view piece) {
    while (peer.send(piece)) ::poll(nullptr, 0, 5);
  };
  const std::vector<Case> cases = {
      {"no answer", [](Peer& peer) { peer.hang(); }, [](TransportOptions&, HttpRequest& r) { r.first_byte = kShort; },
       "does not begin to answer"},
      {"half a header",
       [](Peer& peer) {
         peer.send("HTTP/1.1 200 OK\r\nX: ");
         peer.hang();
       },
       [](TransportOptions& o, HttpRequest&) { o.deadlines.idle = kShort; }, "stopped in the middle of its answer"},
      {"half a body",
       [&head](Peer& peer) {
         peer.send(head);
         peer.hang();
       },
       [](TransportOptions& o, HttpRequest&) { o.deadlines.idle = kShort; }, "stopped in the middle of its answer"},
      {"a header, byte for byte",
       [&drip](Peer& peer) {
         peer.send("HTTP/1.1 200 OK\r\nX: ");
         drip(peer, "x");
       },
       [](TransportOptions& o, HttpRequest&) { o.deadlines.window = 2 * kShort; }, "sends its answer too slowly"},
      {"a body, byte for byte",
       [&](Peer& peer) {
         peer.send(head);
         drip(peer, "x");
       },
       [](TransportOptions& o, HttpRequest&) { o.deadlines.window = 2 * kShort; }, "sends its answer too slowly"},
      {"a body without end, and fast",
       [&](Peer& peer) {
         peer.send("HTTP/1.1 200 OK\r\n\r\n");
         drip(peer, std::string(2000, 'x'));
       },
       [](TransportOptions& o, HttpRequest& r) {
         o.deadlines.whole = 3 * kShort;
         r.largest_body = std::size_t{1} << 30U;
       },
       "takes too long as a whole"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.what);
    const HostileServer server(c.script);
    TransportOptions options = direct();
    HttpRequest request = get(server);
    c.shorten(options, request);
    TransportRig rig(options);
    const auto answer = rig.send(request);
    REQUIRE(!answer);
    CAPTURE(answer.error().what);
    CHECK(answer.error().kind == ErrorKind::transient);
    CHECK(says(answer, c.says));
  }
}

TEST_CASE("an address where nobody takes a connection ends the wait for it") {
  // A queue of one that is full: the kernel drops what else comes.
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  REQUIRE(::bind(listener, reinterpret_cast<sockaddr*>(&address), size) == 0);
  REQUIRE(::listen(listener, 0) == 0);
  ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size);
  std::array<int, 8> waiting{};
  for (int& socket : waiting) {
    socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    (void)::connect(socket, reinterpret_cast<sockaddr*>(&address), size);
  }
  TransportOptions options = direct();
  options.deadlines.connect = kShort;
  TransportRig rig(options);
  const HttpRequest request = get("127.0.0.1", ntohs(address.sin_port));
  const auto answer = rig.send(request);
  for (const int socket : waiting) ::close(socket);
  ::close(listener);
  REQUIRE(!answer);
  CHECK(answer.error().kind == ErrorKind::transient);
  CHECK(says(answer, "cannot be reached"));
}

TEST_CASE("a far side that hangs slows no other") {
  const HostileServer hanging([](Peer& peer) { peer.hang(); });
  const HostileServer quick([](Peer& peer) { peer.serve("hello"); });
  TransportRig rig;
  HttpRequest stuck = get(hanging);
  stuck.first_byte = std::chrono::milliseconds(500);
  const HttpRequest request = get(quick);
  std::vector<const HttpRequest*> all(20, &stuck);
  all.insert(all.end(), 200, &request);
  const auto answers = rig.send_all(all);
  for (std::size_t i = 20; i < answers.size(); ++i) {
    REQUIRE(answers[i]);
    CHECK(answers[i]->body.view() == "hello");
  }
  for (std::size_t i = 0; i < 20; ++i) CHECK(says(answers[i], "does not begin to answer"));
}

TEST_CASE("a large body comes through whole") {
  const std::string body(std::size_t{8} << 20U, 'x');
  const HostileServer server([&body](Peer& peer) { peer.serve(body); });
  TransportRig rig;
  const HttpRequest request = get(server);
  for (int i = 0; i < 2; ++i) {
    const auto answer = rig.send(request);
    REQUIRE(answer);
    CHECK(answer->body.view() == body);
  }
  CHECK(server.connections() == 1);
}

}  // namespace
