#include <doctest/doctest.h>

#include <algorithm>
#include <boost/json.hpp>
#include <map>
#include <set>
#include <string>

#include "connectors/aws/limits.hpp"
#include "connectors/ssm/api.hpp"
#include "connectors/ssm/crawl.hpp"
#include "connectors/ssm/limits.hpp"
#include "connectors/ssm/survey.hpp"
#include "tests/connectors/fake_service.hpp"

namespace {

using namespace std::chrono_literals;
using namespace tokensweep;
using namespace tokensweep::ssm;
using namespace tokensweep::testing;

const Store kStore{.account = "123456789012", .region = "eu-west-1"};
const std::string kPrefix = "arn:aws:ssm:eu-west-1:123456789012:parameter";

HttpResponse refusal(std::string_view code, std::string_view message = "canary") {
  const boost::json::object body{{"__type", "com.amazonaws.ssm#" + std::string(code)},
                                 {"message", std::string(message)}};
  return json(boost::json::serialize(body), 400);
}

/// A Parameter Store of made-up parameters, below the real client's layers.
class StoreWorld {
 public:
  struct Kept {
    std::string value;
    std::string type = "SecureString";
    int version = 1;
  };

  std::map<std::string, Kept> kept;
  std::map<std::string, Kept> shared;
  std::set<std::string> denied;    ///< names whose value is refused, with all that are asked for beside them
  std::set<std::string> keyless;   ///< the same for their key's sake
  std::set<std::string> left_out;  ///< names that answers do not mention
  std::size_t page_size = 50;
  bool empty_pages = false;  ///< whether each page is followed by an empty one
  /// What goes before the store's own answer.
  std::function<std::optional<HttpResponse>(const std::string& operation, const boost::json::object& body)> instead;

  CrawlOptions options{.name = "acme", .in_flight = 6};
  RecordingSink sink;
  std::map<std::string, int> asked;  ///< by operation
  std::vector<std::size_t> batches;  ///< how many names each request for values had

  explicit StoreWorld(std::size_t parameters = 0) {
    for (std::size_t i = 0; i < parameters; ++i) kept["/app/" + std::to_string(1000 + i)] = {"npm_canary"};
  }

  void crawl() {
    const auto client = make_client();
    Api api(*client, url(), "acme");
    world_.time.run(ssm::crawl(api, kStore, options, sink));
    for (const std::string& wrong : sink.wrong) FAIL_CHECK(wrong);
    const std::string words = sink.words();
    CHECK(words.find("canary") == std::string::npos);
  }

  StoreSurvey survey() {
    const auto client = make_client();
    Api api(*client, url(), "acme");
    return world_.time.run(ssm::survey(api, kStore, options));
  }

  [[nodiscard]] const SeenScope& own() const { return sink.scopes.at(kPrefix); }
  [[nodiscard]] ScopeState state() const { return own().end->state; }
  [[nodiscard]] std::string reason() const { return own().end->reason; }

 private:
  static Url url() { return {.origin = {.host = "ssm.eu-west-1.amazonaws.com"}, .target = "/"}; }

  std::unique_ptr<HttpClient> make_client() {
    ClientOptions client_options;
    client_options.name = "acme";
    client_options.origin = url().origin;
    client_options.limits.in_flight = 6;
    client_options.limits.rate = kRate;
    client_options.limits.first_share = kFirstShare;
    client_options.limits.read = aws::read_limits;
    auto client = world_.services().clients.make(std::move(client_options));
    REQUIRE(client);
    return std::move(*client);
  }

  Result<HttpResponse> answer(const HttpRequest& request) {
    const auto target = std::ranges::find(request.headers, "X-Amz-Target", &HttpHeader::name);
    REQUIRE(target != request.headers.end());
    REQUIRE(request.method == "POST");
    const std::string operation = target->value.substr(std::string("AmazonSSM.").size());
    ++asked[operation];
    const auto body = boost::json::parse(request.body.view()).as_object();
    if (instead) {
      if (auto other = instead(operation, body)) return std::move(*other);
    }
    return operation == "DescribeParameters" ? describe(body) : values(body);
  }

  HttpResponse describe(const boost::json::object& body) {
    const auto& all = body.contains("Shared") ? shared : kept;
    CHECK(body.at("MaxResults").as_int64() == 50);
    std::size_t start = 0;
    bool is_empty = false;
    if (const auto* token = body.if_contains("NextToken")) {
      const std::string text = token->as_string().c_str();
      is_empty = empty_pages && text.ends_with("e");
      start = std::stoul(text);
    }
    boost::json::array rows;
    std::size_t end = start;
    if (!is_empty) {
      for (auto one = std::next(all.begin(), static_cast<std::ptrdiff_t>(start));
           one != all.end() && end < start + page_size; ++one, ++end) {
        rows.push_back({{"Name", one->first},
                        {"Type", one->second.type},
                        {"Version", one->second.version},
                        {"LastModifiedDate", 1.7e9}});
      }
    }
    boost::json::object page{{"Parameters", std::move(rows)}};
    if (end < all.size()) page["NextToken"] = std::to_string(end) + (empty_pages && !is_empty ? "e" : "x");
    return json(boost::json::serialize(page));
  }

  HttpResponse values(const boost::json::object& body) {
    CHECK(body.at("WithDecryption").as_bool());
    boost::json::array rows;
    boost::json::array invalid;
    const auto& names = body.at("Names").as_array();
    batches.push_back(names.size());
    for (const auto& one : names) {
      const std::string name = one.as_string().c_str();
      if (denied.contains(name))
        return refusal("AccessDeniedException", "not authorized to perform: ssm:GetParameters");
      if (keyless.contains(name)) return refusal("AccessDeniedException", "not authorized to perform: kms:Decrypt");
      if (left_out.contains(name)) continue;
      const auto found = kept.find(name);
      const auto found_shared = shared.find(name);
      if (found == kept.end() && found_shared == shared.end()) {
        invalid.push_back(boost::json::value(name));
        continue;
      }
      rows.push_back({{"Name", name}, {"Value", (found != kept.end() ? found : found_shared)->second.value}});
    }
    return json(boost::json::serialize(
        boost::json::object{{"Parameters", std::move(rows)}, {"InvalidParameters", std::move(invalid)}}));
  }

  ServiceWorld world_{[this](const HttpRequest& request) { return answer(request); }};
};

TEST_CASE("everything that is listed is read, in as few requests as that takes") {
  StoreWorld world(123);
  world.kept["/app/1000"] = {.value = "npm_x", .type = "String", .version = 7};
  world.crawl();
  CHECK(world.state() == ScopeState::complete);
  CHECK(world.own().found.size() == 123);
  CHECK(world.asked["DescribeParameters"] == 3);
  CHECK(world.asked["GetParameters"] == 13);
  const Sighting& one = world.own().found.at(kPrefix + "/app/1000");
  REQUIRE(one.value);
  CHECK(one.value->reveal() == "npm_x");
  CHECK(one.flags.has(ScopeFlag::unencrypted));
  CHECK(world.own().scope.store == "123456789012/eu-west-1");
  CHECK(world.own().scope.name == "acme");
}

TEST_CASE("a value that cannot matter goes nowhere") {
  StoreWorld world(12);
  world.kept["/app/1003"].value = "canary";
  world.crawl();
  CHECK(world.state() == ScopeState::complete);
  CHECK(world.own().found.size() == 11);
}

TEST_CASE("an account without parameters costs one request") {
  StoreWorld world;
  world.crawl();
  CHECK(world.state() == ScopeState::complete);
  CHECK(world.asked == std::map<std::string, int>{{"DescribeParameters", 1}});
}

TEST_CASE("pages may be short, or empty, and still have a token") {
  StoreWorld world(120);
  world.page_size = 17;
  world.empty_pages = true;
  world.crawl();
  CHECK(world.state() == ScopeState::complete);
  CHECK(world.own().found.size() == 120);
}

TEST_CASE("pages that go round are no complete list") {
  StoreWorld world(3);
  world.instead = [&](const std::string& operation, const boost::json::object&) -> std::optional<HttpResponse> {
    if (operation != "DescribeParameters") return std::nullopt;
    return json(R"({"Parameters": [{"Name": "/app/1000", "Type": "String"}], "NextToken": "same"})");
  };
  world.crawl();
  CHECK(world.state() == ScopeState::failed);
  CHECK(world.reason() == "DescribeParameters: its pages go round or never end");
  CHECK(world.own().found.size() == 1);
  CHECK(world.asked["DescribeParameters"] == 2);
}

TEST_CASE("a list whose place was forgotten begins anew, once, and names nothing twice") {
  for (const int times : {1, 2}) {
    CAPTURE(times);
    StoreWorld world(120);
    int left = times;
    world.instead = [&](const std::string& operation, const boost::json::object& body) -> std::optional<HttpResponse> {
      if (operation != "DescribeParameters" || !body.contains("NextToken") || left == 0) return std::nullopt;
      --left;
      return refusal("InvalidNextToken");
    };
    world.crawl();
    CHECK(world.state() == (times == 1 ? ScopeState::complete : ScopeState::failed));
    CHECK(world.own().found.size() == (times == 1 ? 120 : 50));
  }
}

TEST_CASE("what may not be read costs the others nothing, and its name is looked at") {
  StoreWorld world(40);
  world.denied = {"/app/1003", "/app/1017"};
  world.keyless = {"/app/1029"};
  world.crawl();
  CHECK(world.state() == ScopeState::complete);  // the gaps make it incomplete, for whoever writes it down
  CHECK(world.own().found.size() == 40);
  CHECK_FALSE(world.own().found.at(kPrefix + "/app/1003").value);
  CHECK(world.own().found.at(kPrefix + "/app/1004").value);
  std::map<std::string, std::string> gaps;
  for (const Gap& gap : world.own().gaps) {
    CHECK(gap.incomplete);
    gaps[gap.place] = gap.reason;
  }
  CHECK(gaps == std::map<std::string, std::string>{
                    {kPrefix + "/app/1003", "GetParameters: HTTP 400 AccessDeniedException: not allowed"},
                    {kPrefix + "/app/1017", "GetParameters: HTTP 400 AccessDeniedException: not allowed"},
                    {kPrefix + "/app/1029", "GetParameters: HTTP 400 AccessDeniedException: its key may not be used"}});
  CHECK(world.asked["GetParameters"] < 4 + 3 * 9);
}

TEST_CASE("a key that is gone costs its own values alone") {
  StoreWorld world(10);
  world.instead = [&](const std::string& operation, const boost::json::object& body) -> std::optional<HttpResponse> {
    if (operation != "GetParameters") return std::nullopt;
    const auto& names = body.at("Names").as_array();
    const bool has = std::ranges::find(names, boost::json::value("/app/1002")) != names.end();
    return has ? std::optional(refusal("InvalidKeyId")) : std::nullopt;
  };
  world.crawl();
  REQUIRE(world.own().gaps.size() == 1);
  CHECK(world.own().gaps[0].reason == "GetParameters: HTTP 400 InvalidKeyId: its key is gone, or may not be used");
  CHECK(world.own().found.size() == 10);
}

TEST_CASE("where no value may be read, not all are asked for, and each name is looked at") {
  StoreWorld world(1000);
  for (const auto& [name, one] : world.kept) world.denied.insert(name);
  world.crawl();
  CHECK(world.own().found.size() == 1000);
  CHECK(world.asked["GetParameters"] < 300);
  const Gap& rest = world.own().gaps.back();
  CHECK(rest.place == kPrefix);
  CHECK(rest.incomplete);
  CHECK(rest.reason.ends_with("values were not asked for: the first 30 were refused"));
}

TEST_CASE("what is deleted while it is listed is no gap, and what is left out is one") {
  StoreWorld world(12);
  world.left_out = {"/app/1005"};
  world.instead = [&](const std::string& operation, const boost::json::object&) -> std::optional<HttpResponse> {
    if (operation == "GetParameters") world.kept.erase("/app/1001");
    return std::nullopt;
  };
  world.crawl();
  CHECK(world.own().found.size() == 10);
  REQUIRE(world.own().gaps.size() == 1);
  CHECK(world.own().gaps[0].place == kPrefix + "/app/1005");
  CHECK(world.own().gaps[0].reason == "GetParameters: the answer leaves it out");
}

TEST_CASE("values that do not come are gaps, and their names are no news") {
  StoreWorld world(25);
  world.instead = [&](const std::string& operation, const boost::json::object& body) -> std::optional<HttpResponse> {
    if (operation != "GetParameters" || body.at("Names").as_array()[0] != "/app/1010") return std::nullopt;
    return json(R"({"Parameters": [{"Name": "canary)");
  };
  world.crawl();
  CHECK(world.own().found.size() == 15);
  CHECK(world.own().gaps.size() == 10);
  CHECK(world.asked["GetParameters"] == 4);  // once more, and then no more
}

TEST_CASE("names only: no value is asked for, and what is still listed is not gone") {
  StoreWorld world(70);
  world.options.values = false;
  world.crawl();
  CHECK(world.asked == std::map<std::string, int>{{"DescribeParameters", 2}});
  CHECK(world.own().found.size() == 70);
  REQUIRE(world.own().end->covers);
  CHECK_FALSE(world.own().end->covers(kPrefix + "/app/1003"));
  CHECK(world.own().end->covers(kPrefix + "/app/gone"));

  // A version whose value was read is not one whose name was looked at.
  StoreWorld again(2);
  again.options.values = false;
  again.sink.known = {{kPrefix + "/app/1000", "1@1700000000"}, {kPrefix + "/app/1001", "1@1700000000 by name"}};
  again.crawl();
  CHECK(again.own().found.size() == 1);
  CHECK(again.own().found.contains(kPrefix + "/app/1000"));
}

TEST_CASE("a version that was read is not read again") {
  StoreWorld world(40);
  world.kept["/app/1003"].version = 2;
  for (int i = 0; i < 40; ++i) world.sink.known.insert({kPrefix + "/app/" + std::to_string(1000 + i), "1@1700000000"});
  world.crawl();
  CHECK(world.state() == ScopeState::complete);
  CHECK(world.batches == std::vector<std::size_t>{1});
  CHECK(world.own().found.size() == 1);
}

TEST_CASE("what a sweep has read before it was interrupted is not asked for") {
  StoreWorld world(40);
  world.sink.read_before.insert(kPrefix);
  world.crawl();
  CHECK(world.asked.empty());
}

TEST_CASE("what others share is a scope of its own, where it is asked for") {
  StoreWorld world(3);
  world.options.shared = true;
  world.shared["arn:aws:ssm:eu-west-1:999999999999:parameter/npm"] = {"npm_y"};
  world.crawl();
  const std::string prefix = "arn:aws:ssm:eu-west-1:123456789012:shared";
  REQUIRE(world.sink.scopes.contains(prefix));
  CHECK(world.sink.scopes.at(prefix).found.contains(prefix + "/arn:aws:ssm:eu-west-1:999999999999:parameter/npm"));
  CHECK(world.own().found.size() == 3);
}

TEST_CASE("a refusal for the limits' sake is waited out, and loses nothing") {
  StoreWorld world(200);
  int refused = 0;
  world.instead = [&](const std::string&, const boost::json::object&) -> std::optional<HttpResponse> {
    return ++refused % 7 == 0 ? std::optional(refusal("ThrottlingException")) : std::nullopt;
  };
  world.crawl();
  CHECK(world.state() == ScopeState::complete);
  CHECK(world.own().found.size() == 200);
}

TEST_CASE("how a list ends that does not come") {
  const struct {
    const char* what;
    HttpResponse (*answer)();
    ScopeState state;
    const char* reason;
  } cases[] = {
      {"denied", [] { return refusal("AccessDeniedException"); }, ScopeState::denied,
       "DescribeParameters: HTTP 400 AccessDeniedException: not allowed"},
      {"a region that is off", [] { return refusal("UnrecognizedClientException"); }, ScopeState::denied,
       "DescribeParameters: HTTP 400 UnrecognizedClientException: it does not know the keys: is it enabled for the "
       "account?"},
      {"an error that came later", [] { return refusal("SomethingNew"); }, ScopeState::failed,
       "DescribeParameters: HTTP 400 SomethingNew"},
      {"a proxy's XML", [] { return json("<Error>canary</Error>", 403); }, ScopeState::denied,
       "DescribeParameters: HTTP 403: not allowed"},
      {"a web page", [] { return json("<html>canary"); }, ScopeState::failed,
       "DescribeParameters: a web page in place of JSON"},
      {"JSON that breaks off", [] { return json(R"({"Parameters": [{"Name": "canary)"); }, ScopeState::failed,
       "DescribeParameters: no JSON"},
      {"a server that fails", [] { return json("canary", 500); }, ScopeState::failed,
       "DescribeParameters: https://ssm.eu-west-1.amazonaws.com answers HTTP 500"},
      {"nothing", [] { return json("{}"); }, ScopeState::failed, "DescribeParameters: Parameters: expected a list"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.what);
    for (const bool later : {false, true}) {
      StoreWorld world(60);
      world.instead = [&](const std::string& operation,
                          const boost::json::object& body) -> std::optional<HttpResponse> {
        if (operation != "DescribeParameters" || (later && !body.contains("NextToken"))) return std::nullopt;
        return c.answer();
      };
      world.crawl();
      CHECK(world.state() == c.state);
      CHECK(world.reason() == c.reason);
      // What had come by then is kept.
      CHECK(world.own().found.size() == (later ? 50 : 0));
    }
  }
}

TEST_CASE("an error page that passes costs nothing") {
  StoreWorld world(60);
  std::set<std::string> seen;
  world.instead = [&](const std::string& operation, const boost::json::object&) -> std::optional<HttpResponse> {
    return seen.insert(operation).second ? std::optional(json("<html>canary")) : std::nullopt;
  };
  world.crawl();
  CHECK(world.state() == ScopeState::complete);
  CHECK(world.own().found.size() == 60);
}

TEST_CASE("a survey tells the price, and tries what may be read") {
  StoreWorld world(123);
  StoreSurvey survey = world.survey();
  REQUIRE(survey.plan.size() == 2);
  CHECK(survey.plan[0].what == "list of the parameters of 123456789012/eu-west-1");
  CHECK(survey.plan[0].requests == 3);
  CHECK(survey.plan[1].what == "values of 123 parameters of 123456789012/eu-west-1");
  CHECK(survey.plan[1].requests == 13);
  CHECK(survey.requests == 16);
  CHECK(survey.missing.empty());

  world.denied = {"/app/1000"};
  CHECK(world.survey().missing == std::vector<std::string>{"123456789012/eu-west-1: GetParameters: HTTP 400 "
                                                           "AccessDeniedException: not allowed"});
  world.instead = [](const std::string&, const boost::json::object&) {
    return std::optional(refusal("AccessDeniedException"));
  };
  survey = world.survey();
  CHECK(survey.plan.empty());
  CHECK(survey.missing == std::vector<std::string>{"123456789012/eu-west-1: DescribeParameters: HTTP 400 "
                                                   "AccessDeniedException: not allowed"});
}

}  // namespace
