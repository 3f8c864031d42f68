#include <doctest/doctest.h>

#include "net/limit_signs.hpp"
#include "net/pace.hpp"
#include "tests/net/client_rig.hpp"

namespace {

using namespace std::chrono_literals;
using namespace tokensweep;
using namespace tokensweep::testing;

ClientOptions with(Limits limits) {
  ClientOptions options;
  options.limits = std::move(limits);
  return options;
}

const std::chrono::sys_seconds kNow{784'111'777s};  // Sun, 06 Nov 1994 08:49:37 GMT

TEST_CASE("Retry-After is read as it is written") {
  const struct {
    const char* what;
    std::vector<HttpHeader> headers;
    std::optional<std::chrono::seconds> pause;
  } cases[] = {
      {"none", {}, std::nullopt},
      {"seconds", {{"retry-after", "120"}}, 120s},
      {"zero", {{"Retry-After", "0"}}, 0s},
      {"more than fits", {{"Retry-After", std::string(40, '9')}}, std::chrono::hours(24 * 365)},
      {"a date", {{"Retry-After", "Sun, 06 Nov 1994 08:50:37 GMT"}}, 60s},
      {"a date that has passed", {{"Retry-After", "Sun, 06 Nov 1994 08:48:37 GMT"}}, 0s},
      {"a date by their clock",
       {{"Retry-After", "Sat, 01 Jan 2000 00:01:00 GMT"}, {"Date", "Sat, 01 Jan 2000 00:00:30 GMT"}},
       30s},
      {"a negative number", {{"Retry-After", "-1"}}, std::nullopt},
      {"a fraction", {{"Retry-After", "1.5"}}, std::nullopt},
      {"words", {{"Retry-After", "soon"}}, std::nullopt},
  };
  for (const auto& c : cases) {
    CAPTURE(c.what);
    CHECK(retry_after(answer_of(429, c.headers), kNow) == c.pause);
  }
}

TEST_CASE("a date is read as HTTP writes it, and not otherwise") {
  CHECK(parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT") == kNow);
  for (const char* text : {"", "Sun, 06 Nov 1994 08:49:37 UTC", "Sunday, 06-Nov-94 08:49:37 GMT",
                           "Sun Nov  6 08:49:37 1994", "Sun, 06 nov 1994 08:49:37 GMT", "Sun, 31 Feb 1994 08:49:37 GMT",
                           "Sun, 06 Nov 1994 24:49:37 GMT", "Sun, 6  Nov 1994 08:49:37 GMT"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_http_date(text).has_value());
  }
}

TEST_CASE("a service without rules of its own refuses by 429, and by 503 that says when to come back") {
  const struct {
    const char* what;
    HttpResponse response;
    unsigned times;
    std::chrono::seconds pause;
    bool refused;
  } cases[] = {
      {"200", answer_of(200, {{"Retry-After", "5"}}), 0, 0s, false},
      {"429 with a time", answer_of(429, {{"Retry-After", "5"}}), 3, 5s, true},
      {"429 without", answer_of(429), 0, 1s, true},
      {"the third in a row", answer_of(429), 2, 4s, true},
      {"the thousandth", answer_of(429), 999, 60s, true},
      {"503 with a time", answer_of(503, {{"Retry-After", "5"}}), 0, 5s, true},
      {"503 without", answer_of(503), 0, 0s, false},
      {"403", answer_of(403, {{"Retry-After", "5"}}), 0, 0s, false},
  };
  for (const auto& c : cases) {
    CAPTURE(c.what);
    const LimitSign sign = common_limit_sign(c.response, kNow, c.times);
    CHECK(sign.pause == c.pause);
    CHECK(sign.refused == c.refused);
  }
}

TEST_CASE("no more are under way than may be") {
  ClientRig rig(in_order({}), with({.in_flight = 5}));
  for (const auto& answer : rig.get_all(100, 50)) CHECK(answer->status == 200);
  CHECK(rig.service.most_in_flight == 5);
}

TEST_CASE("requests leave in the order in which they came") {
  ClientRig rig(in_order({}), with({.in_flight = 3, .rate = 20}));
  (void)rig.get_all(50, 50);
  for (std::size_t i = 0; i < 50; ++i)
    CHECK(rig.service.arrivals[i].url == "https://api.example.test/" + std::to_string(i));
}

TEST_CASE("a rate is spread evenly") {
  ClientRig rig(in_order({}), with({.in_flight = 8, .rate = 5}));
  (void)rig.get_all(51, 20);
  const auto& arrivals = rig.service.arrivals;
  for (std::size_t i = 1; i < arrivals.size(); ++i) CHECK(arrivals[i].at - arrivals[i - 1].at >= 200ms);
  CHECK(arrivals.back().at - arrivals.front().at == 10s);
}

TEST_CASE("the sum of response times in a minute is kept") {
  ClientRig rig([](const FakeService::Arrival&) { return answer_of(200, {}, "", 1s); },
                with({.in_flight = 10, .busy_per_minute = 30s}));
  (void)rig.get_all(200, 20);
  const auto& arrivals = rig.service.arrivals;
  // Each takes a second: whatever minute one looks at, 30 requests lie in it, and the ten that left before any ended.
  for (std::size_t i = 40; i < arrivals.size(); ++i) CHECK(arrivals[i].at - arrivals[i - 40].at >= 59s);
  CHECK(arrivals.back().at - arrivals.front().at < 7min);
}

/// A service that lets so many through in each window, and says when the next one begins.
struct Windowed {
  VirtualClock*& clock;
  std::size_t most;
  std::chrono::seconds length;
  std::size_t refused = 0;
  std::size_t in_window = 0;
  Clock::Instant window{};

  Result<HttpResponse> operator()(const FakeService::Arrival& arrival) {
    if (arrival.at >= window + length) {
      window = arrival.at;
      in_window = 0;
    }
    if (++in_window <= most) return answer_of(200);
    ++refused;
    const auto left = std::chrono::ceil<std::chrono::seconds>(window + length - arrival.at);
    return answer_of(429, {{"Retry-After", std::to_string(left.count())}});
  }
};

TEST_CASE("each window costs as many refusals as were under way, and nothing is lost") {
  VirtualClock* clock = nullptr;
  Windowed service{clock, 100, 60s};
  ClientRig rig([&](const FakeService::Arrival& arrival) { return service(arrival); }, with({.in_flight = 8}));
  clock = &rig.time.clock;
  for (const auto& answer : rig.get_all(1000, 100)) CHECK(answer->status == 200);
  CHECK(service.refused <= 10 * 8);
  CHECK(rig.client->counters().refused == service.refused);
  CHECK(rig.client->counters().retries == 0);
}

TEST_CASE("ten that are refused at once are one refusal, and after it one goes ahead alone") {
  std::vector<unsigned> times_seen;
  VirtualClock* clock = nullptr;
  Clock::Instant open{};
  Limits limits{.in_flight = 10};
  limits.read = [&](const HttpResponse& response, auto, unsigned times) -> LimitSign {
    if (response.status != 429) return {};
    times_seen.push_back(times);
    return {.pause = 60s * (1U << times), .refused = true};
  };
  ClientRig rig([&](const FakeService::Arrival& arrival) { return answer_of(arrival.at < open ? 429 : 200); },
                with(std::move(limits)));
  clock = &rig.time.clock;
  open = clock->now() + 100s;
  for (const auto& answer : rig.get_all(30, 30)) CHECK(answer->status == 200);
  CHECK(times_seen == std::vector<unsigned>{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1});
  CHECK(rig.service.arrivals[10].at - rig.service.arrivals[0].at >= 60s);
  CHECK(rig.service.arrivals[11].at - rig.service.arrivals[10].at >= 120s);
}

TEST_CASE("a pause that is too long ends what waits, and what comes") {
  ClientRig rig(
      [&](const FakeService::Arrival&) {
        return answer_of(429, {{"Retry-After", "86400"}});
      },
      with({.in_flight = 4}));
  const auto before = rig.time.clock.now();
  for (const auto& answer : rig.get_all(100, 50)) {
    REQUIRE(!answer.has_value());
    CHECK(answer.error().kind == ErrorKind::throttled);
    CHECK(answer.error().what.starts_with("acme: https://api.example.test wants no more requests for 86400 s"));
  }
  CHECK(rig.service.arrivals.size() == 4);
  CHECK(rig.time.clock.now() - before < 1s);
}

TEST_CASE("an answer may ask for a pause without being a refusal") {
  Limits limits;
  limits.in_flight = 1;
  limits.read = [](const HttpResponse& response, auto, unsigned) -> LimitSign {
    return {.pause = response.header("x-ratelimit-remaining") == "0" ? 30s : 0s, .refused = false};
  };
  ClientRig rig(in_order({status(200), status(200, {{"x-ratelimit-remaining", "0"}})}), with(std::move(limits)));
  (void)rig.get_all(3, 3);
  REQUIRE(rig.service.arrivals.size() == 3);
  CHECK(rig.service.arrivals[1].at - rig.service.arrivals[0].at < 1s);
  CHECK(rig.service.arrivals[2].at - rig.service.arrivals[1].at >= 30s);
}

TEST_CASE("a service that refuses for ever is not asked for ever") {
  ClientRig rig(
      [](const FakeService::Arrival&) {
        return answer_of(429, {{"Retry-After", "1"}});
      },
      with({.in_flight = 8}));
  for (const auto& answer : rig.get_all(300, 30)) {
    REQUIRE(!answer.has_value());
    CHECK(answer.error().kind == ErrorKind::throttled);
  }
  CHECK(rig.service.arrivals.size() <= 300 + 8 + 10);
}

TEST_CASE("what is refused for ever beside what is not, is given up after ten times") {
  ClientRig rig([](const FakeService::Arrival& arrival) {
    return arrival.url.ends_with("/7") ? answer_of(429, {{"Retry-After", "1"}}) : answer_of(200);
  });
  const auto answers = rig.get_all(100, 100);
  for (std::size_t i = 0; i < answers.size(); ++i) CHECK(answers[i].has_value() == (i != 7));
  CHECK(rig.service.arrivals.size() == 99 + 10);
}

TEST_CASE("what is shared with others is asked gently at first") {
  const Limits limits{.in_flight = 8, .rate = 10, .first_share = 0.4};
  Pace pace(limits);
  const Clock::Instant start(1h);
  pace.left(start);
  CHECK(pace.in_flight() == 3);
  CHECK(pace.ready_at() == start + 250ms);
  for (int i = 0; i < 61; ++i) pace.taken();
  CHECK(pace.in_flight() == 8);
  CHECK(pace.ready_at() == start + 100ms);
}

TEST_CASE("where it may, a request takes others with it, and the rate stays what it is") {
  const Limits limits{.in_flight = 8, .rate = 40, .together = 4};
  const Clock::Instant start(1h);
  SUBCASE("many") {
    Pace pace(limits);
    Clock::Instant now = start;
    for (int i = 0; i < 400; ++i) {
      now = std::max(now, pace.ready_at());
      pace.left(now);
    }
    CHECK(now == start + 9900ms);
  }
  SUBCASE("one after the other, as slowly as the rate allows or slower, none waits") {
    Pace pace(limits);
    for (auto now = start; now < start + 10s; now += 25ms) {
      CHECK(pace.ready_at() <= now);
      pace.left(now);
    }
  }
  SUBCASE("a refusal holds the rest of them back") {
    Pace pace(limits);
    pace.left(start);
    CHECK(pace.ready_at() <= start);
    pace.refused();
    CHECK(pace.ready_at() == start + 200ms);
  }
}

TEST_CASE("a rate that is next to nothing is one request an hour") {
  Limits limits{.rate = 1e-300};
  Pace pace(limits);
  pace.left(Clock::Instant(1h));
  CHECK(pace.ready_at() == Clock::Instant(2h));
}

TEST_CASE("after a refusal less is asked for, and then slowly more") {
  Limits limits{.in_flight = 8, .rate = 10};
  Pace pace(limits);
  const Clock::Instant start(1h);
  pace.left(start);
  CHECK(pace.in_flight() == 8);
  CHECK(pace.ready_at() == start + 100ms);
  pace.refused();
  CHECK(pace.in_flight() == 1);
  CHECK(pace.ready_at() == start + 200ms);
  pace.taken();
  CHECK(pace.in_flight() == 4);
  for (int i = 0; i < 50; ++i) pace.taken();
  CHECK(pace.in_flight() == 8);
  CHECK(pace.ready_at() == start + 100ms);
  for (int i = 0; i < 50; ++i) pace.refused();
  CHECK(pace.ready_at() == start + 1s);
  pace.pause(start + 10s);
  pace.pause(start + 5s);
  CHECK(pace.ready_at() == start + 10s);
}

}  // namespace
