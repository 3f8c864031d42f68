#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/system/system_error.hpp>
#include <exception>
#include <map>
#include <optional>
#include <stdexcept>
#include <utility>

#include "net/clock.hpp"
#include "net/wait_line.hpp"

namespace tokensweep::testing {

/// A clock that stands still while anything can run, and then jumps to whoever sleeps the shortest.
class VirtualClock final : public Clock {
 public:
  [[nodiscard]] Instant now() const override { return now_; }
  [[nodiscard]] std::chrono::system_clock::time_point wall() const override { return wall_ + (now_ - Instant{}); }
  Task<> sleep_until(Instant when) override {
    if (when <= now_) co_return;
    const auto line = std::make_shared<WaitLine>();
    sleepers_.emplace(when, line);
    try {
      co_await line->wait();
    } catch (const boost::system::system_error&) {
      // Cancelled: as the interface says, nothing is thrown here.
    }
  }

  /// What a user or a time server does to the machine's clock.
  void set_wall_by(std::chrono::system_clock::duration by) { wall_ += by; }

  /// Lets the time come that the next sleeper waits for. False where none sleeps.
  bool advance() {
    if (sleepers_.empty()) return false;
    const auto first = sleepers_.begin();
    now_ = first->first;
    first->second->wake_all();
    sleepers_.erase(first);
    return true;
  }

 private:
  Instant now_ = Instant(std::chrono::hours(1));
  std::chrono::system_clock::time_point wall_{std::chrono::seconds(1'790'000'000)};
  std::multimap<Instant, std::shared_ptr<WaitLine>> sleepers_;
};

/// Runs tasks on a VirtualClock.
class VirtualTime {
 public:
  VirtualClock clock;

  /// The task's result; throws what it throws, and where it waits for what nobody will do.
  template <class T>
  T run(Task<T> task) {
    std::optional<T> result;
    run(keep(std::move(task), result));
    return std::move(*result);
  }

  void run(Task<> task) {
    bool ended = false;
    std::exception_ptr thrown;
    boost::asio::co_spawn(context_, std::move(task), [&](std::exception_ptr exception) {
      ended = true;
      thrown = std::move(exception);
    });
    while (true) {
      context_.restart();
      context_.poll();
      if (ended) break;
      if (!clock.advance()) throw std::logic_error("a task waits for what nobody will do");
    }
    if (thrown) std::rethrow_exception(thrown);
  }

 private:
  template <class T>
  static Task<> keep(Task<T> task, std::optional<T>& result) {
    result = co_await std::move(task);
  }

  boost::asio::io_context context_{1};
};

}  // namespace tokensweep::testing
