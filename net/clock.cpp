#include "net/clock.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace tokensweep {

Clock::Instant SystemClock::now() const { return std::chrono::steady_clock::now(); }

std::chrono::system_clock::time_point SystemClock::wall() const { return std::chrono::system_clock::now(); }

Task<> SystemClock::sleep_until(Instant when) {
  boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor, when);
  boost::system::error_code cancelled;
  co_await timer.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, cancelled));
}

}  // namespace tokensweep
