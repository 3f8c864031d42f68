#include <doctest/doctest.h>

#include <functional>
#include <string>
#include <vector>

#include "net/task_group.hpp"
#include "tests/connectors/aws_fake.hpp"

namespace {

using namespace std::chrono_literals;
using namespace tokensweep;
using namespace tokensweep::aws;
using namespace tokensweep::aws::testing;

/// Gives keys K1, K2, … that live so long, each after a second; or fails.
class Source final : public KeySource {
 public:
  struct State {
    int fetched = 0;
    std::chrono::seconds lives = 1h;
    bool fails = false;
  };
  Source(Clock& clock, State& state) : clock_(clock), state_(state) {}
  Task<Result<Keys>> fetch() override {
    const int number = ++state_.fetched;
    co_await clock_.sleep_until(clock_.now() + 1s);
    if (state_.fails) co_return Error{ErrorKind::transient, "sts: cannot be reached"};
    CO_TRY(Keys keys, make_keys("K" + std::to_string(number), Secret("s"), std::nullopt, "test"));
    keys.expires_at = std::chrono::floor<std::chrono::seconds>(clock_.wall()) + state_.lives;
    co_return keys;
  }

 private:
  Clock& clock_;
  State& state_;
};

struct Renewal {
  tokensweep::testing::VirtualTime time;
  Source::State state;
  std::shared_ptr<KeyProvider> provider = renewed_keys(std::make_unique<Source>(time.clock, state), time.clock);

  std::string id() {
    const auto keys = time.run(provider->keys());
    return keys ? (*keys)->access_key_id : keys.error().what;
  }
  void pass(std::chrono::seconds by) { time.run(time.clock.sleep_until(time.clock.now() + by)); }

  static Task<> ask(KeyProvider& provider, std::string& id) {
    const auto keys = co_await provider.keys();
    id += keys ? (*keys)->access_key_id + " " : "- ";
  }
  Task<> ask_many(std::string& ids) {
    TaskGroup group(8);
    for (int i = 0; i < 8; ++i) co_await group.start(ask(*provider, ids));
    co_await group.join();
  }
};

TEST_CASE("keys are kept until shortly before their end") {
  Renewal test;
  CHECK(test.id() == "K1");
  test.pass(44min);
  CHECK(test.id() == "K1");
  test.pass(1min);
  CHECK(test.id() == "K2");
  CHECK(test.id() == "K2");
  CHECK(test.state.fetched == 2);
}

TEST_CASE("one renews them, the others go on as long as they can") {
  Renewal test;
  std::string ids;
  test.time.run(test.ask_many(ids));
  CHECK(ids == "K1 K1 K1 K1 K1 K1 K1 K1 ");
  CHECK(test.state.fetched == 1);

  test.pass(46min);
  ids.clear();
  test.time.run(test.ask_many(ids));
  CHECK(ids == "K1 K1 K1 K1 K1 K1 K1 K2 ");  // seven did not wait
  CHECK(test.state.fetched == 2);

  test.pass(51min);
  ids.clear();
  test.time.run(test.ask_many(ids));
  CHECK(ids == "K3 K3 K3 K3 K3 K3 K3 K3 ");
  CHECK(test.state.fetched == 3);
}

TEST_CASE("where renewing fails, the old keys serve to their end, and it is tried once a minute") {
  Renewal test;
  CHECK(test.id() == "K1");
  test.pass(46min);
  test.state.fails = true;
  CHECK(test.id() == "K1");
  CHECK(test.id() == "K1");
  CHECK(test.state.fetched == 2);
  test.pass(1min);
  CHECK(test.id() == "K1");
  CHECK(test.state.fetched == 3);
  test.pass(12min + 57s);
  CHECK(test.id() == "sts: cannot be reached");
  CHECK(test.id() == "sts: cannot be reached");
  CHECK(test.state.fetched == 4);
  test.state.fails = false;
  test.pass(1min);
  CHECK(test.id() == "K5");
}

TEST_CASE("keys that live shortly are fetched once a minute, and ended ones not taken") {
  Renewal test;
  test.state.lives = 5min;
  CHECK(test.id() == "K1");
  CHECK(test.id() == "K1");
  test.pass(1min);
  CHECK(test.id() == "K2");
  CHECK(test.state.fetched == 2);
  test.state.lives = 0s;
  test.pass(6min);
  CHECK(test.id() == "test: gives keys that have ended");
}

TEST_CASE("refused keys are not given again") {
  Renewal test;
  const auto refused = *test.time.run(test.provider->keys());
  CHECK(test.provider->renew(refused));
  CHECK(test.id() == "K2");
  CHECK(test.provider->renew(refused));  // by another request: K2 is what it needs
  CHECK(test.id() == "K2");
  CHECK(test.state.fetched == 2);

  const auto fixed = fixed_keys(*make_keys("K", Secret("s"), Secret(""), "test"));
  const auto keys = *test.time.run(fixed->keys());
  CHECK_FALSE(keys->session_token);
  CHECK_FALSE(fixed->renew(keys));
}

}  // namespace
