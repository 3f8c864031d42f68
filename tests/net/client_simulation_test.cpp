#include <doctest/doctest.h>

#include "tests/net/client_rig.hpp"

/// One seed is one history: a service with limits and faults, and everything that is asked of it.
namespace {

using namespace std::chrono_literals;
using namespace tokensweep;
using namespace tokensweep::testing;

constexpr std::uint64_t kSeeds = 400;
constexpr std::size_t kAsked = 150;

/// A service that keeps its word: it refuses who comes during a pause, and says how long that lasts.
class Service {
 public:
  explicit Service(std::uint64_t seed) : random_(seed) {
    limit_ = 20 + random_.below(200);
    window_ = std::chrono::seconds(5 + random_.below(300));
    faults_ = static_cast<unsigned>(random_.below(12));
    by_403_ = random_.below(2) == 0;
    token_lasts_ = random_.below(4) == 0 ? 30 + random_.below(100) : 1'000'000;
  }

  Result<HttpResponse> answer(VirtualClock& clock, const FakeService::Arrival& arrival) {
    if (random_.below(50) == 0) {
      clock.set_wall_by(std::chrono::hours(static_cast<int>(random_.below(20'000)) - 10'000));
    }
    if (arrival.at < closed_until_) {
      ++during_pause;
      if (arrival.at > told_at_) ++ignored;  // it had been told, and came all the same
      return refusal(clock);
    }
    if (random_.below(100) < faults_) return fault();
    if (++taken_ % limit_ == 0) {
      closed_until_ = clock.now() + window_;
      told_at_ = Clock::Instant::max();
      ++pauses;
      return refusal(clock);
    }
    if (arrival.authorization == "Bearer 1" && taken_ > token_lasts_) return answer_of(401);
    return answer_of(200, {}, "[]", std::chrono::milliseconds(1 + random_.below(3000)));
  }

  [[nodiscard]] bool renews() const { return token_lasts_ < kAsked; }

  std::size_t pauses = 0;
  std::size_t during_pause = 0;
  std::size_t ignored = 0;
  std::size_t faults = 0;

 private:
  Result<HttpResponse> refusal(VirtualClock& clock) {
    const auto took = std::chrono::milliseconds(1 + random_.below(50));
    told_at_ = std::min(told_at_, clock.now() + took);  // from when the answer has arrived
    const auto left = std::chrono::ceil<std::chrono::seconds>(closed_until_ - clock.now());
    auto response = answer_of(by_403_ ? 403 : 429, {{"retry-after", std::to_string(left.count())}});
    response.took = took;
    return response;
  }
  Result<HttpResponse> fault() {
    ++faults;
    switch (random_.below(5)) {
      case 0:
        return Error{ErrorKind::transient, "api.example.test: the connection was reset"};
      case 1:
        return Error{ErrorKind::malformed, "api.example.test: no HTTP"};
      case 2:  // it hangs, until the transport's own time is up
        return answer_of(504, {}, "", 30s);
      case 3:
        return answer_of(503);
      default:
        return answer_of(500);
    }
  }

  testing::Random random_;
  std::size_t limit_;
  std::chrono::seconds window_;
  unsigned faults_;
  bool by_403_;
  std::size_t token_lasts_;
  std::size_t taken_ = 0;
  Clock::Instant closed_until_{};
  Clock::Instant told_at_ = Clock::Instant::max();
};

class TwoTokens final : public Authorizer {
 public:
  Task<Result<Credential>> credential(const HttpRequest& /*request*/) override { co_return current_; }
  Task<bool> renew(Credential /*refused*/, const HttpResponse& /*answer*/) override {
    current_ = make(2);
    co_return true;
  }

 private:
  static Credential make(int number) {
    std::vector<SecretHeader> headers;
    headers.push_back({"Authorization", Secret("Bearer " + std::to_string(number))});
    return std::make_shared<const std::vector<SecretHeader>>(std::move(headers));
  }
  Credential current_ = make(1);
};

TEST_CASE("whatever a service does, its limits are kept and each request ends once") {
  std::size_t answered = 0;
  std::size_t pauses = 0;
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    CAPTURE(seed);
    testing::Random random(seed * 1000);
    Service service(seed);
    VirtualClock* clock = nullptr;
    ClientOptions options;
    options.authorizer = std::make_unique<TwoTokens>();
    options.limits.in_flight = static_cast<unsigned>(1 + random.below(12));
    if (random.below(2) == 0) options.limits.rate = static_cast<double>(1 + random.below(30));
    if (random.below(3) == 0) options.limits.busy_per_minute = std::chrono::seconds(30 + random.below(60));
    options.limits.read = [](const HttpResponse& response, auto, unsigned) -> LimitSign {
      const auto wait = response.header("retry-after");
      if (wait.empty()) return {};
      return {.pause = std::chrono::seconds(std::stoi(std::string(wait))), .refused = true};
    };
    const unsigned in_flight = options.limits.in_flight;
    const auto rate = options.limits.rate;

    ClientRig rig([&](const FakeService::Arrival& arrival) { return service.answer(*clock, arrival); },
                  std::move(options));
    clock = &rig.time.clock;
    const auto answers = rig.get_all(kAsked, 1 + random.below(60));  // throws where a request ends twice or never

    const ClientCounters counters = rig.client->counters();
    const auto& arrivals = rig.service.arrivals;
    CHECK(rig.service.most_in_flight <= in_flight);
    CHECK(service.ignored == 0);
    CHECK(service.during_pause <= service.pauses * in_flight);
    CHECK(counters.requests == arrivals.size());
    CHECK(counters.refused == service.pauses + service.during_pause);
    CHECK(static_cast<double>(counters.retries) <= 0.1 * kAsked + 50);
    const std::size_t renewed = in_flight;  // what was under way when the token ended is sent again
    CHECK(arrivals.size() <= kAsked + counters.retries + counters.refused + renewed);
    if (rate && !service.renews()) {  // what is sent again with a new token leaves within its turn
      for (std::size_t i = 1; i < arrivals.size(); ++i) {
        const std::chrono::duration<double> apart = arrivals[i].at - arrivals[i - 1].at;
        CHECK(apart.count() >= 1 / *rate - 1e-6);
      }
    }
    for (const auto& answer : answers) {
      if (answer) CHECK(answer->status == 200);
      answered += answer.has_value() ? 1 : 0;
    }
    pauses += service.pauses;
  }
  CHECK(answered > kSeeds * kAsked * 9 / 10);
  CHECK(pauses > kSeeds / 4);
}

}  // namespace
