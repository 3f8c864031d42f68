#include "net/off_thread.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>

namespace {

using tokensweep::off_thread;
using tokensweep::Task;

Task<> keep_thread(std::thread::id& worker, std::thread::id& back) {
  const auto work = [&worker](const std::stop_token&) { worker = std::this_thread::get_id(); };
  co_await off_thread(work);
  back = std::this_thread::get_id();
}

TEST_CASE("what blocks does so elsewhere, and the task goes on where it was") {
  boost::asio::io_context context{1};
  std::thread::id worker;
  std::thread::id back;
  boost::asio::co_spawn(context, keep_thread(worker, back), boost::asio::detached);
  context.run();
  CHECK(worker != std::thread::id());
  CHECK(worker != std::this_thread::get_id());
  CHECK(back == std::this_thread::get_id());
}

Task<> throwing() {
  const auto work = [](const std::stop_token&) { throw std::runtime_error("told"); };
  co_await off_thread(work);
}

TEST_CASE("what is thrown elsewhere is thrown here") {
  boost::asio::io_context context{1};
  std::string told;
  boost::asio::co_spawn(context, throwing(), [&told](const std::exception_ptr& thrown) {
    try {
      if (thrown) std::rethrow_exception(thrown);
    } catch (const std::exception& failure) {
      told = failure.what();
    }
  });
  context.run();
  CHECK(told == "told");
}

Task<> waiting(std::atomic<bool>& begun, std::atomic<bool>& stopped) {
  const auto work = [&](const std::stop_token& stop) {
    std::mutex mutex;
    std::condition_variable_any woken;
    std::unique_lock lock(mutex);
    begun = true;
    begun.notify_one();
    woken.wait(lock, stop, [] { return false; });
    stopped = stop.stop_requested();
  };
  co_await off_thread(work);
}

TEST_CASE("a task that is destroyed stops its thread, and waits for it") {
  std::atomic<bool> begun{false};
  std::atomic<bool> stopped{false};
  {
    boost::asio::io_context context{1};
    boost::asio::co_spawn(context, waiting(begun, stopped), boost::asio::detached);
    context.poll();
    begun.wait(false);
    CHECK(!stopped);
  }
  CHECK(stopped);
}

}  // namespace
