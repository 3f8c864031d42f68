#include <doctest/doctest.h>

#include "net/origin_policy.hpp"
#include "tests/net/client_rig.hpp"

namespace {

using namespace tokensweep;
using namespace tokensweep::testing;

/// Ways to name another server, or nothing that is one, where `https://api.example.test/` was asked.
const std::string kForeign[] = {
    "https://evil.test/",
    "http://api.example.test/",
    "https://api.example.test:444/",
    "https://api.example.test.evil.test/",
    "https://api.example.test@evil.test/",
    "https://user:word@api.example.test/",
    "https://api.example.test./",
    "https://evil.test/https://api.example.test/",
    "https://evil.test?api.example.test",
    "https://evil.test#@api.example.test/",
    "//evil.test/",
    "///evil.test/",
    "\\\\evil.test/",
    "/\\evil.test/",
    "https:\\\\evil.test",
    "https:/evil.test/",
    "https://api%2eexample.test/",
    "https://evil.test%2f.api.example.test/",
    "https://xn--api-example-test.test/",
    "https://[::1]/",
    "https://2130706433/",
    "https://127.0.0.1/",
    "/x\r\nLocation: https://evil.test/",
    "ftp://api.example.test/" + std::string(10'000, 'a'),
};
static_assert(std::size(kForeign) == 24);

TEST_CASE("the policy knows its origin by scheme, host and port, and nothing else") {
  const auto policy = OriginPolicy::make(kApi.origin);
  REQUIRE(policy.has_value());
  for (const char* text : {"https://api.example.test/x", "https://API.example.test:443/"}) {
    CAPTURE(text);
    CHECK(policy->admit(*Url::parse(text)).has_value());
    CHECK(policy->follow(kApi, text).has_value());
  }
  CHECK(to_string(*policy->follow(kApi.at("/a/b"), "c")) == "https://api.example.test/a/c");
  for (const char* text : {"http://api.example.test/", "http://api.example.test:443/", "https://api.example.test:80/",
                           "https://example.test/", "https://x.api.example.test/"}) {
    CAPTURE(text);
    CHECK(policy->admit(*Url::parse(text)).error().kind == ErrorKind::misconfigured);
    CHECK(policy->follow(kApi, text).error().kind == ErrorKind::misconfigured);
  }
  CHECK(policy->follow(kApi, "https://a@b/").error().kind == ErrorKind::malformed);
}

TEST_CASE("no redirect sends anything to another origin") {
  for (const std::string& location : kForeign) {
    for (const int code : {301, 302, 303, 307, 308}) {
      CAPTURE(location);
      CAPTURE(code);
      ClientOptions options;
      options.authorizer = fixed_credential("Authorization", "Bearer ", Secret(npm_token(1)));
      ClientRig rig(in_order({status(code, {{"Location", location}})}), std::move(options));
      const auto answer = rig.get("/asked");
      CHECK(rig.service.arrivals.size() <= 2);  // what is malformed is not asked for again
      for (const auto& arrival : rig.service.arrivals) CHECK(arrival.url == "https://api.example.test/asked");
      if (code == 303) {
        REQUIRE(answer.has_value());
        CHECK(answer->status == 303);
      } else {
        REQUIRE(!answer.has_value());
        CHECK(answer.error().what.starts_with("acme: "));
        CHECK(answer.error().what.find("evil") == std::string::npos);
      }
    }
  }
}

TEST_CASE("an address of another origin is refused, and no credential is made for it") {
  class Counting final : public Authorizer {
   public:
    explicit Counting(int& calls) : calls_(calls) {}
    Task<Result<Credential>> credential(const HttpRequest& /*request*/) override {
      ++calls_;
      co_return std::make_shared<const std::vector<SecretHeader>>();
    }
    Task<bool> renew(Credential /*refused*/, const HttpResponse& /*answer*/) override { co_return false; }

   private:
    int& calls_;
  };
  for (const char* text : {"https://evil.test/", "http://api.example.test/", "https://api.example.test:444/"}) {
    CAPTURE(text);
    int calls = 0;
    ClientOptions options;
    options.authorizer = std::make_unique<Counting>(calls);
    ClientRig rig(in_order({}), std::move(options));
    HttpRequest request;
    request.url = *Url::parse(text);
    const auto answer = rig.send(request);
    REQUIRE(!answer.has_value());
    CHECK(answer.error().kind == ErrorKind::misconfigured);
    CHECK(rig.service.arrivals.empty());
    CHECK(calls == 0);
  }
}

TEST_CASE("a redirect of a GET within the origin is followed once") {
  for (const int code : {301, 302, 307, 308}) {
    CAPTURE(code);
    ClientRig rig(in_order({status(code, {{"location", "/repositories/1?x=y"}})}));
    const auto answer = rig.get("/repos/acme/old");
    REQUIRE(answer.has_value());
    CHECK(answer->status == 200);
    REQUIRE(rig.service.arrivals.size() == 2);
    CHECK(rig.service.arrivals[1].url == "https://api.example.test/repositories/1?x=y");
  }
}

TEST_CASE("redirects that never end are an error") {
  ClientRig rig([](const FakeService::Arrival&) { return answer_of(302, {{"Location", "/again"}}); });
  const auto answer = rig.get("/asked");
  REQUIRE(!answer.has_value());
  CHECK(answer.error().kind == ErrorKind::malformed);
  CHECK(rig.service.arrivals.size() == 2);
}

TEST_CASE("a redirect of anything but a GET is its connector's business") {
  ClientRig rig(in_order({status(307, {{"Location", "/other"}})}));
  HttpRequest request;
  request.method = "POST";
  request.url = kApi.at("/asked");
  CHECK(rig.send(request)->status == 307);
  CHECK(rig.service.arrivals.size() == 1);
}

TEST_CASE("a credential travels without TLS on this machine, and to where it has its metadata from") {
  VirtualTime time;
  FakeService service(time.clock, in_order({}));
  tokensweep::Random random = fractions(1);
  const auto made = [&](const char* url) {
    ClientOptions options;
    options.name = "acme";
    options.origin = Url::parse(url)->origin;
    return layered_client(std::move(options), {service, time.clock, random, nullptr});
  };
  CHECK(made("http://127.0.0.1:8080").has_value());
  CHECK(made("http://169.254.169.254").has_value());
  CHECK(made("https://api.example.test").has_value());
  const auto refused = made("http://api.example.test");
  REQUIRE(!refused.has_value());
  CHECK(refused.error().kind == ErrorKind::misconfigured);
  CHECK(refused.error().what.starts_with("acme: "));
}

}  // namespace
