#include "net/wait_line.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>

namespace tokensweep {

/// One coroutine in line; lies in its frame. A timer that never expires is Asio's way to wait without an end, and to
/// cancel it wakes.
class WaitLine::Place {
 public:
  Place(std::shared_ptr<std::list<Place*>> places, const boost::asio::any_io_executor& executor)
      : places_(std::move(places)), timer_(executor, boost::asio::steady_timer::time_point::max()) {
    places_->push_back(this);
  }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;
  ~Place() {
    if (!woken_) places_->remove(this);
  }

  Task<> wait() {
    boost::system::error_code cancelled;
    co_await timer_.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, cancelled));
    if (!woken_) throw boost::system::system_error(cancelled);
  }

  void wake() {
    woken_ = true;
    places_->remove(this);
    timer_.cancel();
  }

 private:
  std::shared_ptr<std::list<Place*>> places_;
  boost::asio::steady_timer timer_;
  bool woken_ = false;
};

Task<> WaitLine::wait() {
  Place place(places_, co_await boost::asio::this_coro::executor);
  co_await place.wait();
}

void WaitLine::wake_one() { places_->front()->wake(); }

void WaitLine::wake_all() {
  while (!empty()) wake_one();
}

struct Semaphore::State {
  std::size_t most = 0;
  std::size_t inside = 0;
  WaitLine line;

  /// Whoever is woken is inside from that moment, so that nobody slips in before it runs.
  void let_in() {
    while (inside < most && !line.empty()) {
      ++inside;
      line.wake_one();
    }
  }
};

Semaphore::Semaphore(std::size_t most) : state_(std::make_shared<State>()) { state_->most = most; }

Task<Semaphore::Permit> Semaphore::enter() {
  if (state_->inside < state_->most) {  // then nobody is in line
    ++state_->inside;
  } else {
    co_await state_->line.wait();
  }
  co_return Permit(state_);
}

void Semaphore::resize(std::size_t most) {
  state_->most = most;
  state_->let_in();
}

std::size_t Semaphore::inside() const { return state_->inside; }

Semaphore::Permit& Semaphore::Permit::operator=(Permit&& other) noexcept {
  if (this == &other) return *this;
  leave();
  state_ = std::move(other.state_);
  return *this;
}

void Semaphore::Permit::leave() noexcept {
  if (state_ == nullptr) return;
  --state_->inside;
  state_->let_in();
  state_.reset();
}

}  // namespace tokensweep
