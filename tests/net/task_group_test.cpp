#include "net/task_group.hpp"

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>
#include <vector>

#include "net/wait_line.hpp"
#include "tests/support/virtual_clock.hpp"

namespace {

using namespace std::chrono_literals;
using namespace tokensweep;
using tokensweep::testing::VirtualClock;
using tokensweep::testing::VirtualTime;

struct Watch {
  VirtualClock& clock;
  int running = 0;
  int most = 0;
  std::vector<int> ended{};
};

Task<> work(Watch& watch, int number, std::chrono::seconds duration) {
  watch.most = std::max(watch.most, ++watch.running);
  co_await watch.clock.sleep_until(watch.clock.now() + duration);
  --watch.running;
  watch.ended.push_back(number);
}

Task<> failing(Watch& watch, std::string what) {
  co_await watch.clock.sleep_until(watch.clock.now() + 1s);
  throw std::runtime_error(what);
}

TEST_CASE("as many tasks run as may, and join waits for the last") {
  VirtualTime time;
  Watch watch{time.clock};
  const auto all = [](Watch& w) -> Task<> {
    TaskGroup group(3);
    for (int i = 0; i < 10; ++i) co_await group.start(work(w, i, std::chrono::seconds(1 + i % 3)));
    co_await group.join();
    CHECK(w.ended.size() == 10);
  };
  time.run(all(watch));
  CHECK(watch.most == 3);
  CHECK(watch.running == 0);
}

TEST_CASE("join gives the first exception, after all have ended") {
  VirtualTime time;
  Watch watch{time.clock};
  const auto all = [](Watch& w) -> Task<> {
    TaskGroup group(4);
    co_await group.start(work(w, 1, 5s));
    co_await group.start(failing(w, "first"));
    co_await group.start(failing(w, "second"));
    std::string caught;
    try {
      co_await group.join();
    } catch (const std::runtime_error& error) {
      caught = error.what();
    }
    CHECK(caught == "first");
    CHECK(w.ended.size() == 1);
    co_await group.join();
  };
  time.run(all(watch));
}

TEST_CASE("an empty group is joined at once") {
  VirtualTime time;
  const auto all = []() -> Task<> {
    TaskGroup group(1);
    co_await group.join();
  };
  time.run(all());
}

TEST_CASE("a semaphore lets in as many as it has room for, in the order in which they came") {
  VirtualTime time;
  Watch watch{time.clock};
  Semaphore semaphore(2);
  const auto one = [](Watch& w, Semaphore& s, int number) -> Task<> {
    const auto permit = co_await s.enter();
    co_await work(w, number, 1s);
  };
  const auto all = [&one](Watch& w, Semaphore& s) -> Task<> {
    TaskGroup group(100);
    for (int i = 0; i < 6; ++i) co_await group.start(one(w, s, i));
    co_await w.clock.sleep_until(w.clock.now() + 500ms);
    CHECK(s.inside() == 2);
    s.resize(1);
    CHECK(s.inside() == 2);
    co_await w.clock.sleep_until(w.clock.now() + 1s);
    CHECK(s.inside() == 1);
    s.resize(3);
    CHECK(s.inside() == 3);
    co_await group.join();
  };
  time.run(all(watch, semaphore));
  CHECK(watch.most == 3);
  CHECK(watch.ended == std::vector{0, 1, 2, 3, 4, 5});
  CHECK(semaphore.inside() == 0);
}

TEST_CASE("tasks that are destroyed where they wait leave nothing behind, whoever goes first") {
  Semaphore outer(1);
  {
    VirtualTime time;
    const auto waiting = [](Semaphore& s) -> Task<> {
      Semaphore inner(1);
      TaskGroup group(5);
      const auto forever = [](Semaphore& a, Semaphore& b) -> Task<> {
        const auto first = co_await a.enter();
        const auto second = co_await b.enter();
        WaitLine line;
        co_await line.wait();
      };
      for (int i = 0; i < 3; ++i) co_await group.start(forever(s, inner));
      co_await group.join();
    };
    CHECK_THROWS_AS(time.run(waiting(outer)), std::logic_error);
    CHECK(outer.inside() == 1);
  }
}

TEST_CASE("the machine's clock sleeps until the time has come") {
  boost::asio::io_context context(1);
  SystemClock clock;
  const auto sleep = [](Clock& c) -> Task<> {
    const auto when = c.now() + 2ms;
    co_await c.sleep_until(when);
    CHECK(c.now() >= when);
    co_await c.sleep_until(when);
  };
  bool ended = false;
  boost::asio::co_spawn(context, sleep(clock), [&](std::exception_ptr thrown) { ended = !thrown; });
  context.run();
  CHECK(ended);
  CHECK(clock.wall().time_since_epoch() > 0s);
}

}  // namespace
