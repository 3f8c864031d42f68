#include <doctest/doctest.h>

#include "net/retry_layer.hpp"
#include "tests/net/client_rig.hpp"

namespace {

using namespace std::chrono_literals;
using namespace tokensweep;
using namespace tokensweep::testing;

using Step = std::function<Result<HttpResponse>()>;

TEST_CASE("what may help is tried again, and so often") {
  const struct {
    const char* what;
    std::vector<Step> steps;
    int status;  // 0: an error of the kind
    ErrorKind kind;
    std::size_t sent;
  } cases[] = {
      {"a connection that breaks", {failure(ErrorKind::transient)}, 200, {}, 2},
      {"502 and 504", {status(502), status(504)}, 200, {}, 3},
      {"three failures", {status(500), status(503), failure(ErrorKind::transient)}, 200, {}, 4},
      {"four failures", {4, failure(ErrorKind::transient)}, 0, ErrorKind::transient, 4},
      {"four bad statuses", {4, status(503)}, 0, ErrorKind::transient, 4},
      {"an answer that cannot be read", {failure(ErrorKind::malformed)}, 200, {}, 2},
      {"two of them", {2, failure(ErrorKind::malformed)}, 0, ErrorKind::malformed, 2},
      {"a certificate that is not trusted", {failure(ErrorKind::misconfigured)}, 0, ErrorKind::misconfigured, 1},
      {"403", {status(403)}, 403, {}, 1},
      {"404", {status(404)}, 404, {}, 1},
      {"501", {status(501)}, 501, {}, 1},
  };
  for (const auto& c : cases) {
    CAPTURE(c.what);
    ClientRig rig(in_order(c.steps));
    const auto answer = rig.get("/");
    CHECK(rig.service.arrivals.size() == c.sent);
    CHECK(rig.client->counters().requests == c.sent);
    CHECK(rig.client->counters().retries == c.sent - 1);
    REQUIRE(answer.has_value() == (c.status != 0));
    if (answer) CHECK(answer->status == c.status);
    if (!answer) CHECK(answer.error().kind == c.kind);
  }
}

TEST_CASE("each wait is random, and at most twice as long as the one before") {
  Clock::Instant::duration waits[3]{};
  bool differ = false;
  for (int round = 0; round < 200; ++round) {
    ClientRig rig(in_order({4, failure(ErrorKind::transient)}));
    rig.random = fractions(static_cast<std::uint64_t>(round));
    (void)rig.get("/");
    for (std::size_t i = 0; i < 3; ++i) {
      const auto wait = rig.service.arrivals[i + 1].at - rig.service.arrivals[i].at - rig.service.error_takes;
      CHECK(wait <= 1s * (1U << i));
      differ = differ || (round > 0 && wait != waits[i]);
      waits[i] = std::max(waits[i], wait);
    }
  }
  CHECK(differ);
  for (std::size_t i = 0; i < 3; ++i) CHECK(waits[i] > 900ms * (1U << i));
}

TEST_CASE("a service that always fails is asked a tenth more often, and what the budget begins with") {
  ClientRig rig([](const FakeService::Arrival&) { return answer_of(502); });
  const auto answers = rig.get_all(2000, 8);
  for (const auto& answer : answers) CHECK(!answer.has_value());
  CHECK(rig.service.arrivals.size() <= 2000 + 200 + 50);
  CHECK(rig.service.arrivals.size() >= 2000 + 200);
}

class Collecting final : public BodyReader {
 public:
  void begin() override {
    ++begun;
    text.clear();
  }
  Result<> read(std::string_view bytes) override {
    text += bytes;
    if (refuses) return Error{ErrorKind::malformed, "no list"};
    return {};
  }
  int begun = 0;
  bool refuses = false;
  std::string text;
};

TEST_CASE("a reader begins anew with each try, and what it refuses is not sent again") {
  const auto page = [] { return answer_of(200, {}, "page"); };
  for (const bool refuses : {false, true}) {
    CAPTURE(refuses);
    ClientRig rig(in_order({failure(ErrorKind::transient), page}));
    Collecting reader;
    reader.refuses = refuses;
    HttpRequest request;
    request.url = kApi;
    request.reader = &reader;
    const auto answer = rig.send(request);
    CHECK(answer.has_value() == !refuses);
    CHECK(reader.begun == 1);
    CHECK(reader.text == "page");
    CHECK(rig.service.arrivals.size() == 2);
  }
}

}  // namespace
