#include "net/transport.hpp"

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/this_coro.hpp>
#include <list>
#include <utility>

#include "net/connection.hpp"
#include "net/connection_pool.hpp"
#include "net/proxy.hpp"
#include "net/tls.hpp"

namespace tokensweep {
namespace {

/// Sleeps until the request has taken too long, and gives what for; nothing where it is cancelled, as each request that
/// ends in time does: unwinding would cost more than the rest of the watch.
Task<std::string_view> run_out(Watch& watch, Clock& clock) {
  while (true) {
    const auto state = co_await boost::asio::this_coro::cancellation_state;
    if (state.cancelled() != boost::asio::cancellation_type::none) co_return std::string_view();
    const auto now = clock.now();
    if (const auto what = watch.overdue(now)) co_return *what;
    co_await clock.sleep_until(watch.ask_again(now));
  }
}

class SocketTransport final : public Transport {
 public:
  SocketTransport(Tls tls, ProxyRules proxies, const Deadlines& deadlines, Clock& clock)
      : tls_(std::move(tls)),
        proxies_(std::move(proxies)),
        deadlines_(deadlines),
        clock_(clock),
        pool_(deadlines.kept) {}

  Task<Result<HttpResponse>> send(const HttpRequest& request, std::span<const SecretHeader> credential) override {
    const Origin& origin = request.url.origin;
    auto answer = co_await send_in_time(request, credential);
    if (!answer) co_return std::move(answer).error().within(to_string(origin));
    co_return answer;
  }

  [[nodiscard]] TransportCounters counters() const override { return counters_; }

 private:
  Task<Result<HttpResponse>> send_in_time(const HttpRequest& request, std::span<const SecretHeader> credential) {
    if (!request.url.origin.tls && !is_safe_without_tls(request.url.origin)) {
      co_return Error{ErrorKind::misconfigured, "without TLS, only this machine can be asked: use https"};
    }
    using boost::asio::experimental::awaitable_operators::operator||;
    Watch watch(deadlines_, request.first_byte, clock_.now());
    auto sending = send_once_more(request, credential, watch);
    auto waiting = run_out(watch, clock_);
    auto first = co_await (std::move(sending) || std::move(waiting));
    if (first.index() == 1) co_return Error{ErrorKind::transient, std::string(std::get<1>(first))};
    co_return std::get<0>(std::move(first));
  }

  /// On a kept connection; where there is none, or it turns out to be dead, on a fresh one.
  Task<Result<HttpResponse>> send_once_more(const HttpRequest& request, std::span<const SecretHeader> credential,
                                            Watch& watch) {
    const Origin& origin = request.url.origin;
    if (auto kept = pool_.take(origin, clock_.now())) {
      ++counters_.reused;
      auto answer = co_await kept->exchange(request, credential, watch);
      if (answer || !kept->ended_unanswered()) {
        give_back(origin, std::move(kept), answer);
        co_return answer;
      }
    }
    auto fresh = std::make_unique<Connection>(co_await boost::asio::this_coro::executor, clock_, deadlines_.connect);
    const ConnectionSetup setup{origin, proxies_.proxy_for(origin), tls_, session_of(origin)};
    CO_TRY_VOID(co_await fresh->open(setup, watch));
    ++counters_.opened;
    auto answer = co_await fresh->exchange(request, credential, watch);
    give_back(origin, std::move(fresh), answer);
    co_return answer;
  }

  void give_back(const Origin& origin, std::unique_ptr<Connection> connection, const Result<HttpResponse>& answer) {
    if (answer && connection->reusable()) pool_.keep(origin, std::move(connection), clock_.now());
  }

  TlsSession& session_of(const Origin& origin) {
    for (auto& [known, session] : sessions_) {
      if (known == origin) return session;
    }
    return sessions_.emplace_back(origin, TlsSession()).second;
  }

  Tls tls_;
  ProxyRules proxies_;
  Deadlines deadlines_;
  Clock& clock_;
  TransportCounters counters_;
  std::list<std::pair<Origin, TlsSession>> sessions_;  ///< before the connections, which point to them
  ConnectionPool pool_;
};

}  // namespace

Result<std::unique_ptr<Transport>> Transport::make(const TransportOptions& options, Clock& clock) {
  TRY(Tls tls, Tls::make(options.tls));
  TRY(ProxyRules proxies, ProxyRules::read(options.proxy, options.environment));
  return std::unique_ptr<Transport>(
      std::make_unique<SocketTransport>(std::move(tls), std::move(proxies), options.deadlines, clock));
}

}  // namespace tokensweep
