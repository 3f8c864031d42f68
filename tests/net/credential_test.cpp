#include <doctest/doctest.h>

#include "tests/net/client_rig.hpp"

namespace {

using namespace std::chrono_literals;
using namespace tokensweep;
using namespace tokensweep::testing;

/// Credentials `Bearer 1`, `Bearer 2`, … of which so many can be had.
class Renewing final : public Authorizer {
 public:
  struct Calls {
    int renewals = 0;
    int credentials = 0;
  };
  Renewing(Clock*& clock, Calls& calls, int last) : clock_(clock), calls_(calls), last_(last) { make(1); }

  Task<Result<Credential>> credential(const HttpRequest& /*request*/) override {
    ++calls_.credentials;
    if (last_ == 0) co_return Error{ErrorKind::transient, "no metadata service"};
    co_return current_;
  }
  Task<bool> renew(Credential /*refused*/, const HttpResponse& /*answer*/) override {
    ++calls_.renewals;
    co_await clock_->sleep_until(clock_->now() + 1s);
    if (number_ == last_) co_return false;
    make(number_ + 1);
    co_return true;
  }

 private:
  void make(int number) {
    number_ = number;
    std::vector<SecretHeader> headers;
    headers.push_back({"Authorization", Secret("Bearer " + std::to_string(number))});
    current_ = std::make_shared<const std::vector<SecretHeader>>(std::move(headers));
  }
  Clock*& clock_;
  Calls& calls_;
  int last_;
  int number_ = 0;
  Credential current_;
};

struct CredentialRig {
  /// The service accepts credentials from `accepted` on, of which `last` can be had.
  CredentialRig(int accepted, int last, std::optional<double> rate = std::nullopt)
      : rig(
            [accepted](const FakeService::Arrival& arrival) {
              return answer_of(std::stoi(arrival.authorization.substr(7)) >= accepted ? 200 : 401);
            },
            options(last, rate)) {
    clock = &rig.time.clock;
  }
  ClientOptions options(int last, std::optional<double> rate) {
    ClientOptions made;
    made.authorizer = std::make_unique<Renewing>(clock, calls, last);
    made.limits.rate = rate;
    return made;
  }

  Clock* clock = nullptr;
  Renewing::Calls calls;
  ClientRig rig;
};

const Clock& clock_of(const CredentialRig& test) { return test.rig.time.clock; }

TEST_CASE("a fixed credential goes with each request") {
  ClientOptions options;
  options.authorizer = fixed_credential("Authorization", "Bearer ", Secret("abc"));
  ClientRig rig(in_order({}), std::move(options));
  CHECK(rig.get("/")->status == 200);
  CHECK(rig.service.arrivals[0].authorization == "Bearer abc");
}

TEST_CASE("a credential that is refused is renewed once, whoever was under way") {
  CredentialRig one(2, 2);
  CHECK(one.rig.get("/")->status == 200);
  CHECK(one.calls.renewals == 1);
  CHECK(one.rig.service.arrivals.size() == 2);

  CredentialRig many(2, 2);
  for (const auto& answer : many.rig.get_all(50, 20)) CHECK(answer->status == 200);
  CHECK(many.calls.renewals == 1);
  CHECK(many.rig.service.arrivals.size() == 50 + 8);  // those that were in flight
}

TEST_CASE("a credential that stays refused ends everything") {
  const struct {
    const char* what;
    int accepted;
    int last;
    std::size_t sent;
    int renewals;
  } cases[] = {
      {"no other one can be had", 2, 1, 1, 1},
      {"the other one is refused too", 3, 9, 2, 1},
  };
  for (const auto& c : cases) {
    CAPTURE(c.what);
    CredentialRig test(c.accepted, c.last, 1);
    const auto first = test.rig.get("/");
    REQUIRE(!first.has_value());
    CHECK(first.error().kind == ErrorKind::misconfigured);
    CHECK(first.error().what == "acme: https://api.example.test does not accept the credential (HTTP 401)");
    CHECK(test.rig.service.arrivals.size() == c.sent);
    const int credentials = test.calls.credentials;
    const auto before = clock_of(test).now();
    for (const auto& later : test.rig.get_all(100, 10)) {
      REQUIRE(!later.has_value());
      CHECK(later.error().what == first.error().what);
    }
    CHECK(test.rig.service.arrivals.size() == c.sent);
    CHECK(test.calls.credentials == credentials);
    CHECK(clock_of(test).now() == before);  // nobody waits for a turn
    CHECK(test.calls.renewals == c.renewals);
  }
}

TEST_CASE("requests under way together are refused together, and no more follow") {
  CredentialRig test(9, 1);
  for (const auto& answer : test.rig.get_all(100, 20)) CHECK(!answer.has_value());
  CHECK(test.rig.service.arrivals.size() == 8);
  CHECK(test.calls.renewals == 1);
}

TEST_CASE("a credential that cannot be had ends everything, and nothing is sent") {
  CredentialRig test(1, 0);
  for (const auto& answer : test.rig.get_all(10, 2)) {
    REQUIRE(!answer.has_value());
    CHECK(answer.error().kind == ErrorKind::misconfigured);
    CHECK(answer.error().what == "acme: no metadata service");
  }
  CHECK(test.calls.credentials == 1);
  CHECK(test.rig.service.arrivals.empty());
}

/// A service that refuses with 400 and a header.
class OddlyRefused final : public Authorizer {
 public:
  explicit OddlyRefused(std::string& told) : told_(told) {}
  Task<Result<Credential>> credential(const HttpRequest& /*request*/) override {
    co_return std::make_shared<const std::vector<SecretHeader>>();
  }
  [[nodiscard]] bool is_refusal(const HttpResponse& answer) const override { return !answer.header("X-Why").empty(); }
  Task<bool> renew(Credential /*refused*/, const HttpResponse& answer) override {
    told_ += answer.header("X-Why");
    co_return true;
  }

 private:
  std::string& told_;
};

TEST_CASE("an authorizer may know a refusal by another sign than 401, and is shown it") {
  const struct {
    const char* what;
    std::vector<std::function<Result<HttpResponse>()>> answers;
    int status;  ///< 0: an error
    std::string told;
  } cases[] = {
      {"a 400 that is none", {status(400)}, 400, ""},
      {"a 401 that is none", {status(401)}, 401, ""},
      {"refused once", {status(400, {{"X-Why", "expired"}}), status(200)}, 200, "expired"},
      {"refused twice", {status(403, {{"X-Why", "a"}}), status(400, {{"X-Why", "b"}})}, 0, "a"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.what);
    std::string told;
    ClientOptions options;
    options.authorizer = std::make_unique<OddlyRefused>(told);
    ClientRig rig(in_order(c.answers), std::move(options));
    const auto answer = rig.get("/");
    CHECK(told == c.told);
    if (c.status != 0) {
      REQUIRE(answer.has_value());
      CHECK(answer->status == c.status);
    } else {
      REQUIRE(!answer.has_value());
      CHECK(answer.error().what == "acme: https://api.example.test does not accept the credential (HTTP 400)");
    }
  }
}

TEST_CASE("a service that asks for a credential where none was given is an error") {
  ClientRig rig(in_order({status(401)}));
  CHECK(rig.get("/").error().kind == ErrorKind::misconfigured);
  CHECK(rig.service.arrivals.size() == 1);
}

}  // namespace
