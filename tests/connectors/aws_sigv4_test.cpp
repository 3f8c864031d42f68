#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "base/time.hpp"
#include "connectors/aws/error_code.hpp"
#include "connectors/aws/sigv4.hpp"
#include "net/layered_client.hpp"
#include "tests/connectors/aws_fake.hpp"

namespace {

using namespace std::chrono_literals;
using namespace tokensweep;
using namespace tokensweep::aws;
using namespace tokensweep::aws::testing;

Keys example_keys(const std::string& token = "") {
  // The example keys of AWS' own documentation.
  return *make_keys("AKIDEXAMPLE", Secret("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"), Secret(token), "example");
}

HttpRequest request_of(const std::string& method, const std::string& url, std::vector<HttpHeader> headers,
                       const std::string& body) {
  return {.method = method, .url = *Url::parse(url), .headers = std::move(headers), .body = WipedText(body)};
}

TEST_CASE("signatures are those of botocore, and of hmac and hashlib") {
  struct Case {
    const char* what;
    const char* method;
    const char* url;
    std::vector<HttpHeader> headers;
    const char* body;
    const char* token;
    SigningScope scope;
    const char* time;
    const char* names;
    const char* signature;
  };
  const std::vector<HttpHeader> ssm{{"X-Amz-Target", "AmazonSSM.DescribeParameters"},
                                    {"Content-Type", "application/x-amz-json-1.1"}};
  const Case cases[] = {
      {"a JSON request",
       "POST",
       "https://ssm.us-east-1.amazonaws.com/",
       ssm,
       R"({"MaxResults":50})",
       "",
       {"us-east-1", "ssm"},
       "2026-01-02T03:04:05Z",
       "content-type;host;x-amz-date;x-amz-target",
       "124e03dc81fc2418ec113cbfa316bcf7b651e92dba27cd42703d14eb22a9955f"},
      {"temporary keys",
       "POST",
       "https://ssm.us-east-1.amazonaws.com/",
       ssm,
       R"({"MaxResults":50})",
       "SESSIONTOKENEXAMPLE",
       {"us-east-1", "ssm"},
       "2026-01-02T03:04:05Z",
       "content-type;host;x-amz-date;x-amz-security-token;x-amz-target",
       "eb626cb14b7a359fc65f796362bfb1115bfd4a31ade2d9f65bb3cc753e2ac17e"},
      {"a form, and headers that are not signed",
       "POST",
       "https://sts.eu-central-1.amazonaws.com/",
       {{"Accept", "*/*"}, {"content-type", "application/x-www-form-urlencoded; charset=utf-8"}},
       "Action=GetCallerIdentity&Version=2011-06-15",
       "",
       {"eu-central-1", "sts"},
       "2026-12-31T23:59:59Z",
       "content-type;host;x-amz-date",
       "4fceba251ff0abc3c8801953bbd0c020db18e10331f7bd913a96da09b687c22b"},
      {"a path",
       "POST",
       "https://account.us-east-1.amazonaws.com/listRegions",
       {{"Content-Type", "application/json"}},
       "{}",
       "",
       {"us-east-1", "account"},
       "2026-01-02T03:04:05Z",
       "content-type;host;x-amz-date",
       "e96d4b23220f76902a2eed042e5a385df830be64b593d0304997f32a295b56fa"},
      {"a port is part of the host",
       "POST",
       "http://127.0.0.1:5000/",
       ssm,
       "{}",
       "",
       {"eu-west-1", "ssm"},
       "2026-01-02T03:04:05Z",
       "content-type;host;x-amz-date;x-amz-target",
       "3debb019fe791b8fbfe781a3ed15e3a01c800a3ed50c0140f58aa7800edef557"},
      {"an IPv6 address",
       "POST",
       "http://[::1]:5000/",
       ssm,
       "{}",
       "",
       {"eu-west-1", "ssm"},
       "2026-01-02T03:04:05Z",
       "content-type;host;x-amz-date;x-amz-target",
       "7339d98875fea932f96ec09fe601e0ac9e5d4d29f68c609f3b196f135cab892a"},
      {"a query is sorted",
       "GET",
       "https://example.amazonaws.com/?b=2&a=z&a=b%2Fc&Z=&c",
       {},
       "",
       "",
       {"us-east-1", "service"},
       "2026-01-02T03:04:05Z",
       "host;x-amz-date",
       "613ac9d6b718ed63f05a1497fb2a2ec2c6aaff4ade82ee364fcde11bcc924b34"},
      {"a path is encoded once more",
       "GET",
       "https://example.amazonaws.com/a%20b/c",
       {},
       "",
       "",
       {"us-east-1", "service"},
       "2026-01-02T03:04:05Z",
       "host;x-amz-date",
       "a1b33424f56363bad92e291e3fc96275febe63057fbb463d820ca80982cdaf45"},
      {"runs of spaces are one",
       "GET",
       "https://example.amazonaws.com/",
       {{"X-Amz-Meta", "  a   b  c "}},
       "",
       "",
       {"us-east-1", "service"},
       "2026-01-02T03:04:05Z",
       "host;x-amz-date;x-amz-meta",
       "08be739695067b99b99ceb7fdea3f5f328e1529321d579c6e41cf66e4cfbe218"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.what);
    const HttpRequest request = request_of(c.method, c.url, c.headers, c.body);
    const auto headers = sign(request, example_keys(c.token), c.scope, *parse_time(c.time));
    std::string date = c.time;
    std::erase_if(date, [](char one) { return one == '-' || one == ':'; });
    CHECK(shown(headers, "Authorization") ==
          "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/" + date.substr(0, 8) + "/" + c.scope.region + "/" +
              c.scope.service + "/aws4_request, SignedHeaders=" + c.names + ", Signature=" + c.signature);
    CHECK(shown(headers, "X-Amz-Date") == date);
    CHECK(shown(headers, "X-Amz-Security-Token") == c.token);
    CHECK(headers.size() == (*c.token == '\0' ? 2 : 3));
  }
}

TEST_CASE("AWS' code for an error is found wherever it is, and nothing else is taken for one") {
  const struct {
    const char* what;
    std::vector<HttpHeader> headers;
    std::string body;
    const char* code;
  } cases[] = {
      {"JSON 1.1", {}, R"({"__type":"ThrottlingException","message":"Rate exceeded"})", "ThrottlingException"},
      {"with a namespace", {}, R"({"__type":"com.amazonaws.ssm#InvalidNextToken"})", "InvalidNextToken"},
      {"with an address", {}, R"({"__type":"a.b#X:http://internal.amazon.com/coral/"})", "X"},
      {"the header of JSON over REST",
       {{"x-amzn-ErrorType", "AccessDeniedException:http://internal.amazon.com/"}},
       R"({"message":"no"})",
       "AccessDeniedException"},
      {"code", {}, R"({"code":"UnauthorizedException"})", "UnauthorizedException"},
      {"XML",
       {},
       "<ErrorResponse><Error><Type>Sender</Type><Code>ExpiredToken</Code></Error></ErrorResponse>",
       "ExpiredToken"},
      {"XML of EC2's kind",
       {},
       "<Response><Errors><Error><Code>AuthFailure</Code></Error></Errors></Response>",
       "AuthFailure"},
      {"nothing", {}, "", ""},
      {"a web page", {}, "<!DOCTYPE html><html><Error><Code>X</Code></Error></html>", ""},
      {"no JSON", {}, "{", ""},
      {"JSON of another kind", {}, R"(["__type"])", ""},
      {"no text", {}, R"({"__type":7})", ""},
      {"what could not be shown", {}, R"({"__type":"\u001b[2J"})", ""},
      {"what has no end", {}, R"({"__type":")" + std::string(101, 'x') + "\"}", ""},
      {"a body that is too large", {}, R"({"__type":"X","message":")" + std::string(70'000, 'x') + "\"}", ""},
  };
  for (const auto& c : cases) {
    CAPTURE(c.what);
    HttpResponse response;
    response.status = 400;
    response.headers = c.headers;
    response.body = WipedText(c.body);
    CHECK(error_code(response) == c.code);
  }
}

/// Keys K1, K2, … of which so many can be had.
class Numbered final : public KeyProvider {
 public:
  explicit Numbered(int last) : last_(last) { make(); }
  Task<Result<std::shared_ptr<const Keys>>> keys() override { co_return keys_; }
  bool renew(const std::shared_ptr<const Keys>& refused) override {
    if (refused != keys_) return true;
    if (number_ == last_) return false;
    ++number_;
    make();
    return true;
  }

 private:
  void make() {
    keys_ = std::make_shared<const Keys>(*make_keys("K" + std::to_string(number_), Secret("s"), std::nullopt, "test"));
  }
  int last_;
  int number_ = 1;
  std::shared_ptr<const Keys> keys_;
};

/// Notes which keys each request is signed with, and by how much its time is ahead of the machine's.
class Watched final : public Exchange {
 public:
  Watched(Exchange& next, const Clock& clock, std::string& seen) : next_(next), clock_(clock), seen_(seen) {}
  Task<Result<HttpResponse>> send(const HttpRequest& request, std::span<const SecretHeader> credential) override {
    const std::string date = shown(credential, "X-Amz-Date");
    const std::string spelled = date.substr(0, 4) + "-" + date.substr(4, 2) + "-" + date.substr(6, 5) + ":" +
                                date.substr(11, 2) + ":" + date.substr(13);
    const auto ahead = *parse_time(spelled) - std::chrono::floor<std::chrono::seconds>(clock_.wall());
    const std::string by = shown(credential, "Authorization");
    seen_ += (seen_.empty() ? "" : " ") + by.substr(by.find('=') + 1, 2);
    if (ahead > 1s) seen_ += "+" + std::to_string(ahead.count());
    return next_.send(request, credential);
  }

 private:
  Exchange& next_;
  const Clock& clock_;
  std::string& seen_;
};

TEST_CASE("a refusal renews what was refused: the keys, or the time") {
  const std::string url = "https://ssm.eu-west-1.amazonaws.com/";
  const auto refusal = [](std::string code, std::string date = "", int status = 400) {
    Reply reply{.status = status, .body = R"({"__type":")" + code + "\"}"};
    if (!date.empty()) reply.headers.push_back({"Date", date});
    return reply;
  };
  // The virtual clock begins on Mon, 21 Sep 2026 at 15:13:20.
  const std::string now = "Mon, 21 Sep 2026 15:13:22 GMT";
  const std::string later = "Mon, 21 Sep 2026 16:13:20 GMT";
  const struct {
    const char* what;
    std::vector<Reply> replies;
    int keys;               ///< that can be had
    std::string outcome;    ///< the status, or why there is none
    std::string signed_by;  ///< each request: the keys, and by how much the time was corrected
  } cases[] = {
      {"keys that have ended", {refusal("ExpiredTokenException"), {}}, 2, "200", "K1 K2"},
      {"STS' word for it", {refusal("ExpiredToken", "", 403), {}}, 2, "200", "K1 K2"},
      {"no others can be had",
       {refusal("ExpiredTokenException")},
       1,
       "ssm: https://ssm.eu-west-1.amazonaws.com does not accept the credential (HTTP 400)",
       "K1"},
      {"a clock that is slow", {refusal("InvalidSignatureException", later), {}}, 1, "200", "K1 K1+3600"},
      {"RequestExpired", {refusal("RequestExpired", later), {}}, 1, "200", "K1 K1+3600"},
      {"RequestTimeTooSkewed", {refusal("RequestTimeTooSkewed", later, 403), {}}, 1, "200", "K1 K1+3600"},
      {"a clock that was not it: other keys", {refusal("SignatureDoesNotMatch", now, 403), {}}, 2, "200", "K1 K2"},
      {"no Date to go by", {refusal("InvalidSignatureException"), {}}, 2, "200", "K1 K2"},
      {"the clock is corrected once",
       {refusal("RequestExpired", later), refusal("RequestExpired", now)},
       1,
       "ssm: https://ssm.eu-west-1.amazonaws.com does not accept the credential (HTTP 400)",
       "K1 K1+3600"},
      {"401", {refusal("", "", 401), {}}, 2, "200", "K1 K2"},
      {"keys that this region does not know are an answer", {refusal("UnrecognizedClientException")}, 2, "400", "K1"},
      {"a permission is an answer", {refusal("AccessDeniedException")}, 2, "400", "K1"},
      {"throttling is an answer", {refusal("ThrottlingException")}, 2, "400", "K1"},
      {"the word in an answer of another status is none", {refusal("ExpiredToken", "", 409)}, 2, "409", "K1"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.what);
    AwsFixture fixture;
    for (const Reply& reply : c.replies) fixture.answer("POST " + url, reply);
    std::string signed_by;
    Watched watched(fixture.script, fixture.time.clock, signed_by);
    ClientOptions options{.name = "ssm", .origin = Url::parse(url)->origin};
    options.authorizer = sigv4_authorizer(std::make_shared<Numbered>(c.keys), {"eu-west-1", "ssm"}, fixture.time.clock);
    const auto client = *layered_client(std::move(options), {watched, fixture.time.clock, fixture.random, nullptr});
    const HttpRequest request = request_of("POST", url, {}, "{}");
    const auto answer = fixture.time.run(client->send(request));
    CHECK((answer ? std::to_string(answer->status) : answer.error().what) == c.outcome);
    CHECK(signed_by == c.signed_by);
  }
}

}  // namespace
