#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <optional>
#include <span>

#include "net/answer_reader.hpp"
#include "net/clock.hpp"
#include "net/deadlines.hpp"
#include "net/proxy.hpp"
#include "net/task.hpp"
#include "net/tls.hpp"

namespace tokensweep {

/// What a connection is made with, and who has to outlive it.
struct ConnectionSetup {
  const Origin& origin;
  const Proxy* proxy;   ///< null: straight there
  Tls& tls;             ///< unused where the origin has none
  TlsSession& session;  ///< of this origin
};

/// One connection to an origin: a socket, TLS on it where the origin has it, and what reads answers from it. One
/// request at a time. Errors are those of Exchange, without the host's name. Only for `net/`: it includes Asio's TLS.
class Connection {
 public:
  Connection(const boost::asio::any_io_executor& executor, Clock& clock, std::chrono::milliseconds connect_limit);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection();

  /// Connects, to each address of the host in turn, goes through the proxy, and shakes hands. All before a byte of a
  /// request is sent. A connection that failed is of no use any more.
  Task<Result<>> open(const ConnectionSetup& setup, Watch& watch);
  /// Sends a request and reads its answer. `request` and `credential` have to outlive the task.
  Task<Result<HttpResponse>> exchange(const HttpRequest& request, std::span<const SecretHeader> credential,
                                      Watch& watch);

  /// After an exchange that failed: whether the far side had ended the connection before it answered anything, which
  /// is what happens to one that was kept too long.
  [[nodiscard]] bool ended_unanswered() const { return ended_unanswered_; }
  /// After an exchange that did not fail: whether there may be another one.
  [[nodiscard]] bool reusable() const { return answer_.reusable(); }
  /// Whether nothing has come since, not even the end.
  [[nodiscard]] bool quiet();

 private:
  Task<Result<>> connect(const Origin& to, bool without_tls, Watch& watch);
  Task<Result<>> ask_http_proxy(const Origin& to, const Proxy& proxy, Watch& watch);
  Task<Result<>> ask_socks_proxy(const Origin& to, const Proxy& proxy, Watch& watch);
  Task<Result<>> shake_hands(const ConnectionSetup& setup, Watch& watch);
  Task<Result<>> write(std::string_view head, std::string_view body);
  Task<Result<>> read_answer(Watch& watch);
  Error broken(const boost::system::error_code& code);

  boost::asio::ip::tcp::socket socket_;
  std::optional<boost::asio::ssl::stream<boost::asio::ip::tcp::socket&>> tls_;
  Clock& clock_;
  std::chrono::milliseconds connect_limit_;
  AnswerReader answer_;
  WipedText head_;
  bool ended_unanswered_ = false;
};

}  // namespace tokensweep
