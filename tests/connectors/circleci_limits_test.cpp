#include <doctest/doctest.h>

#include <chrono>
#include <vector>

#include "connectors/circleci/limits.hpp"

namespace {

using namespace tokensweep;
using namespace std::chrono_literals;

TEST_CASE("what CircleCI's headers say of its limits") {
  struct Case {
    const char* what;
    int status;
    std::vector<HttpHeader> headers;
    unsigned times;
    std::chrono::milliseconds pause;
    bool refused;
  };
  const Case cases[] = {
      {"nothing", 200, {}, 0, 0s, false},
      {"something remains", 200, {{"RateLimit-Remaining", "1"}, {"RateLimit-Reset", "9"}}, 0, 0s, false},
      {"nothing remains", 200, {{"ratelimit-remaining", "0"}, {"RATELIMIT-RESET", "9"}}, 0, 9s, false},
      {"nothing remains, and nobody knows until when", 200, {{"RateLimit-Remaining", "0"}}, 0, 0s, false},
      {"nothing remains in one window, of which the reset is general",
       200,
       {{"X-RateLimit-Remaining-Hour", "0"}, {"X-RateLimit-Remaining-Second", "3"}, {"RateLimit-Reset", "40"}},
       0,
       40s,
       false},
      {"the longest window holds",
       200,
       {{"X-RateLimit-Remaining-Second", "0"},
        {"X-RateLimit-Reset-Second", "1"},
        {"X-RateLimit-Remaining-Day", "0"},
        {"X-RateLimit-Reset-Day", "500"}},
       0,
       500s,
       false},
      {"a number that is none", 200, {{"RateLimit-Remaining", "0x"}, {"RateLimit-Reset", "9"}}, 0, 0s, false},
      {"a refusal that says until when", 429, {{"Retry-After", "7"}, {"RateLimit-Reset", "99"}}, 0, 7s, true},
      {"a refusal that says so by its reset alone", 429, {{"RateLimit-Reset", "12"}}, 3, 12s, true},
      {"a refusal in a window", 429, {{"X-RateLimit-Remaining", "0"}, {"X-RateLimit-Reset", "30"}}, 0, 30s, true},
      {"a refusal that says nothing", 429, {}, 0, 1s, true},
      {"the fourth in a row", 429, {}, 3, 8s, true},
      {"a service that is down for a while", 503, {{"Retry-After", "20"}}, 0, 20s, true},
      {"a service that is down", 503, {}, 0, 0s, false},
      {"a refusal for another reason", 403, {}, 0, 0s, false},
  };
  for (const Case& c : cases) {
    CAPTURE(c.what);
    HttpResponse response;
    response.status = c.status;
    response.headers = c.headers;
    const LimitSign sign = circleci::read_limits(response, {}, c.times);
    CHECK(sign.pause == c.pause);
    CHECK(sign.refused == c.refused);
  }
}

}  // namespace
