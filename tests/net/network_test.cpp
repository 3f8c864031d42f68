#include "net/network.hpp"

#include <doctest/doctest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <optional>
#include <string>

#include "tests/net/client_rig.hpp"

namespace {

using namespace tokensweep;
using boost::asio::use_awaitable;
using boost::asio::ip::tcp;

/// Answers each request with the last word of its path, on this machine.
class EchoServer {
 public:
  explicit EchoServer(boost::asio::io_context& context)
      : acceptor_(context, tcp::endpoint(boost::asio::ip::address_v4::loopback(), 0)) {
    boost::asio::co_spawn(context, accept(), ignore);
  }
  [[nodiscard]] Origin origin() const {
    return {.tls = false, .host = "127.0.0.1", .port = acceptor_.local_endpoint().port()};
  }
  int connections = 0;

 private:
  static void ignore(const std::exception_ptr& /*thrown*/) {}

  Task<> accept() {
    while (true) {
      tcp::socket socket = co_await acceptor_.async_accept(use_awaitable);
      ++connections;
      boost::asio::co_spawn(co_await boost::asio::this_coro::executor, serve(std::move(socket)), ignore);
    }
  }
  static Task<> serve(tcp::socket socket) {
    std::string buffer;
    while (true) {
      const auto size = co_await boost::asio::async_read_until(socket, boost::asio::dynamic_buffer(buffer), "\r\n\r\n",
                                                               use_awaitable);
      const std::size_t begin = buffer.find('/') + 1;
      const std::string word = buffer.substr(begin, buffer.find(' ', begin) - begin);
      buffer.erase(0, size);
      const std::string answer =
          "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(word.size()) + "\r\n\r\n" + word;
      co_await boost::asio::async_write(socket, boost::asio::buffer(answer), use_awaitable);
    }
  }

  tcp::acceptor acceptor_;
};

std::optional<std::string> no_environment(const char* /*name*/) { return std::nullopt; }

ClientOptions options_for(const Origin& origin) {
  ClientOptions options;
  options.name = "acme";
  options.origin = origin;
  options.authorizer = fixed_credential("Authorization", "Bearer ", Secret("x"));
  return options;
}

Task<> ask(HttpClient& client, Origin origin, std::string word, std::string& answer) {
  HttpRequest request;
  request.url.origin = std::move(origin);
  request.url.target = "/" + word;
  auto came = co_await client.send(request);
  answer = came ? std::string(came->body.view()) : came.error().what;
}

TEST_CASE("clients of the program reach a server, and share their connections") {
  boost::asio::io_context context(1);
  EchoServer server(context);
  SystemClock clock;
  Random random = testing::fractions(1);
  Network network(clock, random, no_environment, nullptr);
  const auto one = network.make(options_for(server.origin()));
  const auto other = network.make(options_for(server.origin()));
  REQUIRE(one.has_value());
  REQUIRE(other.has_value());

  std::string first;
  std::string second;
  const auto both = [&](HttpClient& a, HttpClient& b) -> Task<> {
    co_await ask(a, server.origin(), "first", first);
    co_await ask(b, server.origin(), "second", second);
  };
  std::exception_ptr thrown;
  boost::asio::co_spawn(context, both(**one, **other), [&](std::exception_ptr exception) {
    thrown = std::move(exception);
    context.stop();
  });
  context.run();
  CHECK(!thrown);
  CHECK(first == "first");
  CHECK(second == "second");
  CHECK(server.connections == 1);
}

TEST_CASE("options that cannot be used are the user's to change") {
  SystemClock clock;
  Random random = testing::fractions(1);
  Network network(clock, random, no_environment, nullptr);
  const auto refused = [&](ClientOptions options) {
    const auto made = network.make(std::move(options));
    REQUIRE(!made.has_value());
    CHECK(made.error().kind == ErrorKind::misconfigured);
    CHECK(made.error().what.starts_with("acme: "));
  };
  auto authorities = options_for(testing::kApi.origin);
  authorities.tls.ca_file = "/dev/null/ca.pem";
  refused(std::move(authorities));
  auto proxy = options_for(testing::kApi.origin);
  proxy.proxy = "socks4://proxy.example.test";
  refused(std::move(proxy));
  auto plain = options_for(testing::kApi.origin);
  plain.origin.tls = false;
  refused(std::move(plain));
}

}  // namespace
