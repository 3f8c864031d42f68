#include "net/connection.hpp"

#include <sys/socket.h>

#include <array>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/experimental/channel.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <utility>
#include <vector>

#include "net/request_head.hpp"
#include "net/socks.hpp"

namespace tokensweep {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

/// Of a name with many addresses: enough to get past one network that does not work (IPv6) and one dead machine.
constexpr std::size_t kAddressesMost = 4;

/// A name of 255 bytes and a port.
constexpr std::size_t kSocksAnswerMost = 257;

using Addresses = std::vector<tcp::endpoint>;

Error transient(std::string what) { return {ErrorKind::transient, std::move(what)}; }

/// Looks a name up. What the system takes its time for goes on in the background when the task is given up: a lookup
/// cannot be stopped.
Task<Result<Addresses>> addresses_of(const Origin& origin) {
  error_code code;
  const auto literal = asio::ip::make_address(origin.host, code);
  if (!code) {
    Addresses one;
    one.emplace_back(literal, origin.port);
    co_return one;
  }
  using Answer = asio::experimental::channel<void(error_code, Addresses)>;
  const auto executor = co_await asio::this_coro::executor;
  const auto answer = std::make_shared<Answer>(executor, 1);
  const auto resolver = std::make_shared<tcp::resolver>(executor);
  resolver->async_resolve(origin.host, std::to_string(origin.port), tcp::resolver::numeric_service,
                          [answer, resolver](const error_code& failed, const tcp::resolver::results_type& found) {
                            Addresses addresses;
                            for (const auto& entry : found) addresses.push_back(entry.endpoint());
                            answer->try_send(failed, std::move(addresses));
                          });
  Addresses addresses = co_await answer->async_receive(asio::redirect_error(asio::use_awaitable, code));
  if (code || addresses.empty()) co_return transient("no address is known for this name");
  if (addresses.size() > kAddressesMost) addresses.resize(kAddressesMost);
  co_return addresses;
}

Task<error_code> try_address(tcp::socket& socket, tcp::endpoint address) {
  error_code code;
  socket.close(code);
  socket.open(address.protocol(), code);
  if (!code) socket.set_option(tcp::no_delay(true), code);
  if (!code) co_await socket.async_connect(address, asio::redirect_error(asio::use_awaitable, code));
  co_return code;
}

/// The same for at most so long: the addresses of a name share its time.
Task<error_code> try_address_until(tcp::socket& socket, tcp::endpoint address, Clock& clock, Clock::Instant until) {
  using asio::experimental::awaitable_operators::operator||;
  auto trying = try_address(socket, address);
  auto waiting = clock.sleep_until(until);
  auto first = co_await (std::move(trying) || std::move(waiting));
  co_return first.index() == 0 ? std::get<0>(first) : error_code(asio::error::timed_out);
}

}  // namespace

Connection::Connection(const asio::any_io_executor& executor, Clock& clock, std::chrono::milliseconds connect_limit)
    : socket_(executor), clock_(clock), connect_limit_(connect_limit) {}

Connection::~Connection() {
  // OpenSSL takes a session for broken whose connection was not shut down; HTTP says by itself where an answer ends.
  if (tls_) SSL_set_shutdown(tls_->native_handle(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
}

Task<Result<>> Connection::open(const ConnectionSetup& setup, Watch& watch) {
  const Origin& first_stop = setup.proxy != nullptr ? setup.proxy->origin : setup.origin;
  CO_TRY_VOID(co_await connect(first_stop, !setup.origin.tls, watch));
  if (setup.proxy != nullptr && setup.proxy->kind == ProxyKind::http) {
    CO_TRY_VOID(co_await ask_http_proxy(setup.origin, *setup.proxy, watch));
  } else if (setup.proxy != nullptr) {
    CO_TRY_VOID(co_await ask_socks_proxy(setup.origin, *setup.proxy, watch));
  }
  if (setup.origin.tls) CO_TRY_VOID(co_await shake_hands(setup, watch));
  co_return Result<>();
}

Task<Result<>> Connection::connect(const Origin& to, bool without_tls, Watch& watch) {
  watch.enter(Phase::connecting, clock_.now());
  CO_TRY(const Addresses addresses, co_await addresses_of(to));
  error_code code;
  for (const tcp::endpoint& address : addresses) {
    // A hosts file may say that localhost is elsewhere.
    if (without_tls && !address.address().is_loopback() && !is_instance_metadata(to)) {
      co_return Error{ErrorKind::misconfigured, "without TLS, only this machine can be asked"};
    }
    const auto until = clock_.now() + connect_limit_ / addresses.size();
    code = co_await try_address_until(socket_, address, clock_, until);
    if (!code) co_return Result<>();
  }
  co_return transient("cannot be reached: " + code.message());
}

Task<Result<>> Connection::ask_http_proxy(const Origin& to, const Proxy& proxy, Watch& watch) {
  watch.enter(Phase::asking_proxy, clock_.now());
  append_connect(head_, to, proxy.authorization);
  HttpRequest request;
  request.method = "CONNECT";
  answer_.begin(request);
  auto written = co_await write(head_.view(), std::string_view());
  head_.clear();
  if (!written) co_return std::move(written).error().within("proxy");
  auto read = co_await read_answer(watch);
  if (!read) co_return std::move(read).error().within("proxy");
  const int status = answer_.take().status;
  if (status == 407) {
    co_return Error{ErrorKind::misconfigured, "the proxy wants a user and a password, and not those that it got"};
  }
  // It tried, and did not get there.
  if (status >= 500) co_return transient("the proxy cannot reach it: HTTP " + std::to_string(status));
  if (status < 200 || status > 299) {
    co_return Error{ErrorKind::misconfigured, "the proxy refuses to connect to it: HTTP " + std::to_string(status)};
  }
  // In TLS the client speaks first: whatever this is, it is not from where we want to go.
  if (!answer_.nothing_left()) co_return Error{ErrorKind::malformed, "the proxy says more than that it is connected"};
  co_return Result<>();
}

Task<Result<>> Connection::ask_socks_proxy(const Origin& to, const Proxy& proxy, Watch& watch) {
  watch.enter(Phase::asking_proxy, clock_.now());
  SocksDialog dialog(to, proxy);
  while (dialog.wanted() != 0) {
    dialog.append_turn(head_);
    auto written = co_await write(head_.view(), std::string_view());
    head_.clear();
    if (!written) co_return std::move(written).error().within("proxy");
    // Not a byte more than its answer has: what follows belongs to TLS.
    std::array<char, kSocksAnswerMost> answer{};
    const auto into = asio::buffer(answer.data(), dialog.wanted());
    error_code code;
    const std::size_t count = co_await asio::async_read(socket_, into, asio::redirect_error(asio::use_awaitable, code));
    if (code) co_return transient("the proxy ended the connection before it was through");
    CO_TRY_VOID(dialog.take({answer.data(), count}));
  }
  co_return Result<>();
}

Task<Result<>> Connection::shake_hands(const ConnectionSetup& setup, Watch& watch) {
  watch.enter(Phase::handshake, clock_.now());
  tls_.emplace(socket_, setup.tls.context());
  setup.tls.expect(tls_->native_handle(), setup.origin, setup.session);
  error_code code;
  co_await tls_->async_handshake(asio::ssl::stream_base::client, asio::redirect_error(asio::use_awaitable, code));
  if (!code) co_return Result<>();
  setup.session.keep(nullptr);
  co_return tls_error(tls_->native_handle(), code);
}

Task<Result<HttpResponse>> Connection::exchange(const HttpRequest& request, std::span<const SecretHeader> credential,
                                                Watch& watch) {
  head_.clear();
  ended_unanswered_ = false;
  CO_TRY_VOID(append_head(head_, request, credential));
  answer_.begin(request);
  const auto start = clock_.now();
  watch.enter(Phase::sending, start);
  auto written = co_await write(head_.view(), request.body.view());
  head_.clear();
  CO_TRY_VOID(std::move(written));
  watch.enter(Phase::waiting, clock_.now());
  CO_TRY_VOID(co_await read_answer(watch));
  HttpResponse response = answer_.take();
  response.took = std::chrono::duration_cast<std::chrono::milliseconds>(clock_.now() - start);
  co_return response;
}

Task<Result<>> Connection::write(std::string_view head, std::string_view body) {
  const std::array<asio::const_buffer, 2> both = {asio::buffer(head), asio::buffer(body)};
  error_code code;
  if (tls_) {
    co_await asio::async_write(*tls_, both, asio::redirect_error(asio::use_awaitable, code));
  } else {
    co_await asio::async_write(socket_, both, asio::redirect_error(asio::use_awaitable, code));
  }
  if (code) co_return broken(code);
  co_return Result<>();
}

Task<Result<>> Connection::read_answer(Watch& watch) {
  while (true) {
    const auto room = answer_.room();
    const auto into = asio::buffer(room.data(), room.size());
    error_code code;
    std::size_t count = 0;
    if (tls_) {
      count = co_await tls_->async_read_some(into, asio::redirect_error(asio::use_awaitable, code));
    } else {
      count = co_await socket_.async_read_some(into, asio::redirect_error(asio::use_awaitable, code));
    }
    if (code == asio::error::eof) {
      ended_unanswered_ = !answer_.got_any();
      co_return answer_.ended();
    }
    if (code) co_return broken(code);
    watch.received(count, clock_.now());
    CO_TRY(const bool whole, answer_.received(count));
    if (whole) co_return Result<>();
  }
}

Error Connection::broken(const error_code& code) {
  ended_unanswered_ = !answer_.got_any();
  if (tls_ && code.category() == asio::error::get_ssl_category()) return tls_error(tls_->native_handle(), code);
  return transient(answer_.got_any() ? "the connection broke in the middle of its answer"
                                     : "the connection broke before it answered");
}

bool Connection::quiet() {
  char byte = 0;
  return ::recv(socket_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && (errno == EAGAIN || errno == EINTR);
}

}  // namespace tokensweep
