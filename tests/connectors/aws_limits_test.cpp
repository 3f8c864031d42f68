#include <doctest/doctest.h>

#include <string>

#include "connectors/aws/limits.hpp"
#include "connectors/aws/session.hpp"
#include "tests/connectors/aws_fake.hpp"

namespace {

using namespace std::chrono_literals;
using namespace tokensweep;
using namespace tokensweep::aws;
using namespace tokensweep::aws::testing;

TEST_CASE("AWS refuses for its limits by a code") {
  const struct {
    const char* what;
    int status;
    std::string body;
    const char* retry_after;
    unsigned times;
    std::optional<std::chrono::milliseconds> pause;  ///< empty: not refused
  } cases[] = {
      {"the first time", 400, R"({"__type":"ThrottlingException"})", "", 0, 500ms},
      {"the third time", 400, R"({"__type":"ThrottlingException"})", "", 2, 2s},
      {"for ever", 400, R"({"__type":"ThrottlingException"})", "", 1'000, 20s},
      {"with a hint", 400, R"({"__type":"TooManyRequestsException"})", "1500", 0, 2s},
      {"with a hint that is too much", 400, R"({"__type":"SlowDown"})", "4000000000", 0, 5'500ms},
      {"with a hint that is none", 400, R"({"__type":"SlowDown"})", "-5", 0, 500ms},
      {"STS", 400, "<ErrorResponse><Error><Code>Throttling</Code></Error></ErrorResponse>", "", 0, 500ms},
      {"429", 429, "", "", 0, 500ms},
      {"another refusal", 400, R"({"__type":"AccessDeniedException"})", "", 0, {}},
      {"a body that only looks so", 200, R"({"__type":"ThrottlingException"})", "", 0, {}},
  };
  for (const auto& c : cases) {
    CAPTURE(c.what);
    HttpResponse response;
    response.status = c.status;
    response.headers.push_back({"x-amz-retry-after", c.retry_after});
    response.body = WipedText(c.body);
    const LimitSign sign = read_limits(response, {}, c.times);
    CHECK(sign.refused == c.pause.has_value());
    CHECK(sign.pause == c.pause.value_or(0ms));
  }
}

TEST_CASE("a list that is refused for its limit goes on after a pause") {
  AwsFixture fixture;
  fixture.environment["AWS_ACCESS_KEY_ID"] = "AKIA1";
  fixture.environment["AWS_SECRET_ACCESS_KEY"] = "s1";
  const std::string organizations = "POST https://organizations.us-east-1.amazonaws.com/";
  fixture.answer(organizations, {400, R"({"__type":"TooManyRequestsException"})"});
  fixture.answer(organizations, {200, R"({"Accounts":[]})"});
  const auto session = *Session::open({}, fixture.services);
  const auto before = fixture.time.clock.now();
  CHECK(fixture.time.run(session->accounts(session->keys())).has_value());
  CHECK(fixture.script.asked.size() == 2);
  CHECK(fixture.time.clock.now() - before >= 500ms);
}

}  // namespace
