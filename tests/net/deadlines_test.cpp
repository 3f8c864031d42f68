#include "net/deadlines.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace {

using namespace std::chrono_literals;
using tokensweep::Deadlines;
using tokensweep::Phase;
using tokensweep::Watch;

const Watch::Instant kStart{1h};

/// What somebody who sleeps as `ask_again` says finds overdue, and when; nothing is entered or received meanwhile.
std::pair<std::string, std::chrono::milliseconds> sleep_it_out(Watch& watch, Watch::Instant now) {
  for (int i = 0; i < 1000; ++i) {
    if (const auto what = watch.overdue(now)) {
      return {std::string(*what), std::chrono::duration_cast<std::chrono::milliseconds>(now - kStart)};
    }
    const auto next = watch.ask_again(now);
    REQUIRE(next > now);
    now = next;
  }
  return {"never", 0ms};
}

TEST_CASE("each phase ends at its own second") {
  struct Case {
    std::string what;
    Phase phase;
    std::chrono::milliseconds ends;
  };
  const std::vector<Case> cases = {
      {"cannot be reached in time", Phase::connecting, 10s},
      {"the proxy does not answer", Phase::asking_proxy, 10s},
      {"does not finish the TLS handshake", Phase::handshake, 10s},
      {"does not take the request", Phase::sending, 30s},
      {"does not begin to answer", Phase::waiting, 60s},
      {"stopped in the middle of its answer", Phase::receiving, 30s},
  };
  for (const Case& c : cases) {
    CAPTURE(c.what);
    Watch watch(Deadlines(), 60s, kStart);
    watch.enter(c.phase, kStart);
    const auto [what, when] = sleep_it_out(watch, kStart);
    CHECK(what == c.what);
    CHECK(when == c.ends);
  }
}

TEST_CASE("what is entered while the sleeper sleeps is not overdue before it wakes") {
  Watch watch(Deadlines(), 60s, kStart);
  watch.enter(Phase::waiting, kStart);
  const auto wakes = watch.ask_again(kStart);
  watch.received(1, kStart + 5s);  // 30 s from here on
  CHECK(wakes <= kStart + 35s);
  const auto [what, when] = sleep_it_out(watch, wakes);
  CHECK(what == "stopped in the middle of its answer");
  CHECK(when == 35s);
}

TEST_CASE("an answer has to keep its rate in each window") {
  struct Case {
    std::string what;
    std::size_t bytes_a_second;
    std::string overdue;
    std::chrono::seconds at;
  };
  const std::vector<Case> cases = {
      {"a byte a second", 1, "sends its answer too slowly", 30s},
      {"just too slow", 1023, "sends its answer too slowly", 30s},
      {"just fast enough", 1100, "takes too long as a whole", 300s},
  };
  for (const Case& c : cases) {
    CAPTURE(c.what);
    Watch watch(Deadlines(), 30s, kStart);
    watch.received(c.bytes_a_second, kStart);
    std::string overdue;
    std::chrono::seconds at{0};
    for (; overdue.empty() && at < 400s; at += overdue.empty() ? 1s : 0s) {
      if (const auto what = watch.overdue(kStart + at)) overdue = *what;
      if (overdue.empty() && at > 0s) watch.received(c.bytes_a_second, kStart + at);
    }
    CHECK(overdue == c.overdue);
    CHECK(at == c.at);
  }
}

TEST_CASE("a fast window does not make up for a slow one") {
  Watch watch(Deadlines(), 30s, kStart);
  watch.received(1 << 20, kStart);
  CHECK(!watch.overdue(kStart + 29s));
  watch.received(1, kStart + 29s);
  CHECK(!watch.overdue(kStart + 30s));
  watch.received(1, kStart + 45s);
  CHECK(watch.overdue(kStart + 60s) == "sends its answer too slowly");
}

TEST_CASE("a silence that is allowed holds for every phase, and makes none longer than usual but those that it names") {
  struct Case {
    Phase phase;
    std::chrono::milliseconds ends_of_short;
    std::chrono::milliseconds ends_of_long;
  };
  const std::vector<Case> cases = {
      {Phase::connecting, 2s, 10s}, {Phase::asking_proxy, 2s, 10s}, {Phase::handshake, 2s, 10s},
      {Phase::sending, 2s, 120s},   {Phase::waiting, 2s, 120s},     {Phase::receiving, 2s, 120s},
  };
  for (const Case& c : cases) {
    CAPTURE(static_cast<int>(c.phase));
    for (const bool is_long : {false, true}) {
      Watch watch(tokensweep::deadlines_for(is_long ? 120s : 2s), 30s, kStart);
      watch.enter(c.phase, kStart);
      CHECK(sleep_it_out(watch, kStart).second == (is_long ? c.ends_of_long : c.ends_of_short));
    }
  }
}

}  // namespace
