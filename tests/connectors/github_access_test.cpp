#include <doctest/doctest.h>
#include <fmt/chrono.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <map>
#include <memory>
#include <string>
#include <utility>

#include "base/time.hpp"
#include "connectors/github/app.hpp"
#include "connectors/github/credentials.hpp"
#include "connectors/github/limits.hpp"
#include "connectors/github/site.hpp"
#include "identity/encoding.hpp"
#include "tests/support/temp_directory.hpp"
#include "tests/support/virtual_clock.hpp"

namespace {

using namespace tokensweep;
using namespace tokensweep::github;
using namespace std::chrono_literals;
using std::chrono::system_clock;

using Variables = std::map<std::string, std::string>;

Environment environment_of(Variables variables) {
  return [variables = std::move(variables)](const char* name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional(found->second);
  };
}

TEST_CASE("a site is found by the address of its API, its own, or GH_HOST") {
  const struct {
    const char* api_url;
    Variables variables;
    Product product;
    const char* host;
    const char* rest;
    const char* graphql;
  } cases[] = {
      {"", {}, Product::github_com, "github.com", "https://api.github.com/x", "https://api.github.com/graphql"},
      {"",
       {{"GH_HOST", "GitHub.com"}},
       Product::github_com,
       "github.com",
       "https://api.github.com/x",
       "https://api.github.com/graphql"},
      {"",
       {{"GH_HOST", "acme.ghe.com"}},
       Product::ghe_com,
       "acme.ghe.com",
       "https://api.acme.ghe.com/x",
       "https://api.acme.ghe.com/graphql"},
      {"",
       {{"GH_HOST", "git.corp.example"}},
       Product::server,
       "git.corp.example",
       "https://git.corp.example/api/v3/x",
       "https://git.corp.example/api/graphql"},
      {"https://api.github.com",
       {{"GH_HOST", "git.corp.example"}},
       Product::github_com,
       "github.com",
       "https://api.github.com/x",
       "https://api.github.com/graphql"},
      {"https://api.github.com/",
       {},
       Product::github_com,
       "github.com",
       "https://api.github.com/x",
       "https://api.github.com/graphql"},
      {"https://github.com",
       {},
       Product::github_com,
       "github.com",
       "https://api.github.com/x",
       "https://api.github.com/graphql"},
      {"https://api.acme.ghe.com",
       {},
       Product::ghe_com,
       "acme.ghe.com",
       "https://api.acme.ghe.com/x",
       "https://api.acme.ghe.com/graphql"},
      {"https://acme.ghe.com",
       {},
       Product::ghe_com,
       "acme.ghe.com",
       "https://api.acme.ghe.com/x",
       "https://api.acme.ghe.com/graphql"},
      {"https://git.corp.example:8443/api/v3/",
       {},
       Product::server,
       "git.corp.example:8443",
       "https://git.corp.example:8443/api/v3/x",
       "https://git.corp.example:8443/api/graphql"},
      {"http://127.0.0.1:8080",
       {},
       Product::server,
       "127.0.0.1:8080",
       "http://127.0.0.1:8080/x",
       "http://127.0.0.1:8080/graphql"},
      {"https://proxy.example/github",
       {},
       Product::server,
       "proxy.example",
       "https://proxy.example/github/x",
       "https://proxy.example/github/graphql"},
      {"https://evilgithub.com",
       {},
       Product::server,
       "evilgithub.com",
       "https://evilgithub.com/x",
       "https://evilgithub.com/graphql"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.api_url);
    const auto site = site_of(c.api_url, environment_of(c.variables));
    REQUIRE(site);
    CHECK(site->product == c.product);
    CHECK(site->host == c.host);
    CHECK(to_string(site->at("/x")) == c.rest);
    CHECK(to_string(site->query()) == c.graphql);
  }
  for (const char* wrong :
       {"ftp://github.com", "https://user@github.com", "https://api.github.com?x=1", "github.com"}) {
    CAPTURE(wrong);
    const auto site = site_of(wrong, environment_of({}));
    REQUIRE_FALSE(site);
    CHECK(site.error().kind == ErrorKind::misconfigured);
  }
  CHECK_FALSE(site_of("", environment_of({{"GH_HOST", "a/b"}})));
}

HttpResponse answer(int status, std::vector<HttpHeader> headers, std::string_view body = "") {
  return {.status = status, .headers = std::move(headers), .body = WipedText(body)};
}

TEST_CASE("a refusal for the limit's sake is told from a missing permission, and for how long") {
  const system_clock::time_point now{1'790'000'000s};
  const std::string secondary = R"({"message": "You have exceeded a secondary rate limit."})";
  const struct {
    const char* what;
    HttpResponse response;
    unsigned times;
    std::chrono::milliseconds pause;
    bool refused;
  } cases[] = {
      {"a good answer", answer(200, {{"X-RateLimit-Remaining", "10"}}), 0, 0s, false},
      {"the last good answer", answer(200, {{"X-RateLimit-Remaining", "0"}, {"X-RateLimit-Reset", "1790000100"}}), 0,
       101s, false},
      {"a server without limits", answer(200, {}), 0, 0s, false},
      {"retry-after comes first",
       answer(403, {{"Retry-After", "7"}, {"X-RateLimit-Remaining", "0"}, {"X-RateLimit-Reset", "1790000100"}}), 0, 7s,
       true},
      {"the primary limit", answer(403, {{"x-ratelimit-remaining", "0"}, {"x-ratelimit-reset", "1790000100"}}), 0, 101s,
       true},
      {"429 as well", answer(429, {{"x-ratelimit-remaining", "0"}, {"x-ratelimit-reset", "1790000100"}}), 3, 101s,
       true},
      {"a reset that has passed: our clock is ahead",
       answer(403, {{"x-ratelimit-remaining", "0"}, {"x-ratelimit-reset", "1780000000"}}), 0, 1s, true},
      {"a reset in years: our clock is behind",
       answer(403, {{"x-ratelimit-remaining", "0"}, {"x-ratelimit-reset", "1990000000"}}), 0, 3601s, true},
      {"a reset by their clock: ours is years ahead",
       answer(403, {{"x-ratelimit-remaining", "0"},
                    {"x-ratelimit-reset", "784111877"},
                    {"Date", "Sun, 06 Nov 1994 08:49:37 GMT"}}),
       0, 101s, true},
      {"nothing remains, and no reset", answer(403, {{"x-ratelimit-remaining", "0"}}), 0, 60s, true},
      {"the secondary limit", answer(403, {}, secondary), 0, 60s, true},
      {"the second time", answer(403, {}, secondary), 1, 120s, true},
      {"the fifth time", answer(403, {}, secondary), 4, 960s, true},
      {"429 without a word", answer(429, {}), 0, 60s, true},
      {"a permission",
       answer(403, {{"x-ratelimit-remaining", "10"}}, R"({"message": "Resource not accessible by integration"})"), 0,
       0s, false},
      {"a page of a proxy", answer(403, {}, "<html>"), 0, 0s, false},
      {"a retry-after that is none", answer(403, {{"Retry-After", "soon"}}), 0, 0s, false},
      {"gone", answer(404, {}), 0, 0s, false},
      {"the audit log's own limit, used up",
       answer(200, {{"x-ratelimit-remaining", "0"},
                    {"x-ratelimit-reset", "1790000100"},
                    {"x-ratelimit-resource", "audit_log"}}),
       0, 0s, false},
      {"and exceeded",
       answer(403, {{"x-ratelimit-remaining", "0"},
                    {"x-ratelimit-reset", "1790000100"},
                    {"x-ratelimit-resource", "audit_log"}}),
       0, 0s, false},
      {"another one's is none of that",
       answer(403,
              {{"x-ratelimit-remaining", "0"}, {"x-ratelimit-reset", "1790000100"}, {"x-ratelimit-resource", "core"}}),
       0, 101s, true},
  };
  for (const auto& c : cases) {
    CAPTURE(c.what);
    const LimitSign sign = read_limits(c.response, now, c.times);
    CHECK(sign.pause == c.pause);
    CHECK(sign.refused == c.refused);
  }
}

TEST_CASE("after five refusals by the secondary limit the pause is too long to wait for") {
  const Limits limits = limits_of(*site_of("", environment_of({})), Settings());
  const auto sign = read_limits(answer(429, {}), system_clock::time_point{}, 5);
  CHECK(sign.refused);
  CHECK(sign.pause > limits.longest_pause);
  // A whole window has to be waited for.
  CHECK(limits.longest_pause > 3601s);
}

TEST_CASE("github.com's limits hold unless the settings say otherwise, and a server has none") {
  const auto cloud = limits_of(*site_of("", environment_of({})), Settings());
  CHECK(cloud.in_flight == 10);
  REQUIRE(cloud.rate);
  CHECK(*cloud.rate < 15);
  CHECK(*cloud.rate >= 0.95 * 15);
  CHECK(cloud.busy_per_minute == 80s);

  const auto server = limits_of(*site_of("https://git.corp.example/api/v3", environment_of({})), Settings());
  CHECK_FALSE(server.rate);
  CHECK(server.busy_per_minute == 0s);

  Settings settings;
  settings.add({"concurrency", std::int64_t{64}});
  settings.add({"rate", 5.0});
  const auto own = limits_of(*site_of("", environment_of({})), settings);
  CHECK(own.in_flight == 64);
  CHECK(own.rate == 5.0);
}

/// What finding a token needs of the world.
struct World {
  testing::VirtualClock clock;
  Random random = [] { return 0.5; };
  Environment environment;
  struct NoClients final : ClientFactory {
    Result<std::unique_ptr<HttpClient>> make(ClientOptions) override {
      return Error{ErrorKind::internal, "no network"};
    }
  } clients;

  Services services(Variables variables) {
    environment = environment_of(std::move(variables));
    const auto credential = [this](const CredentialRef& reference) -> Result<Secret> {
      const auto* variable = std::get_if<EnvironmentCredential>(&reference);
      if (variable == nullptr) return Secret("from elsewhere");
      const auto value = environment(variable->variable.c_str());
      if (!value) return Error{ErrorKind::misconfigured, "not set"};
      return Secret(*value);
    };
    return {.clients = clients,
            .clock = clock,
            .random = random,
            .environment = environment,
            .credential = credential,
            .name = "acme"};
  }
};

TEST_CASE("a token is found where a user expects it, for its own host") {
  const testing::TempDirectory home;
  std::filesystem::create_directories(home / "gh");
  testing::write_file(home / "gh/hosts.yml",
                      "github.com:\n    users:\n        ann:\n            oauth_token: other\n    oauth_token: "
                      "cli-token\n    user: ann\n"
                      "git.corp.example:\n    oauth_token: corp-token\nsilent.example:\n    user: ann\n");
  const std::string config = home.path().native();
  const struct {
    const char* what;
    const char* api_url;
    const char* token_env;
    Variables variables;
    const char* token;
    std::string from;
  } cases[] = {
      {"the settings come first", "", "MINE", {{"MINE", "a"}, {"GH_TOKEN", "b"}}, "a", "token_env"},
      {"GH_TOKEN", "", nullptr, {{"GH_TOKEN", "b"}, {"GITHUB_TOKEN", "c"}}, "b", "GH_TOKEN"},
      {"an empty one is none", "", nullptr, {{"GH_TOKEN", ""}, {"GITHUB_TOKEN", "c"}}, "c", "GITHUB_TOKEN"},
      {"ghe.com too", "https://acme.ghe.com", nullptr, {{"GH_TOKEN", "b"}}, "b", "GH_TOKEN"},
      {"another host has its own",
       "https://git.corp.example/api/v3",
       nullptr,
       {{"GH_TOKEN", "b"}, {"GITHUB_ENTERPRISE_TOKEN", "d"}},
       "d",
       "GITHUB_ENTERPRISE_TOKEN"},
      {"the CLI's file", "", nullptr, {{"XDG_CONFIG_HOME", config}}, "cli-token", config + "/gh/hosts.yml"},
      {"named by its own variable",
       "",
       nullptr,
       {{"GH_CONFIG_DIR", config + "/gh"}},
       "cli-token",
       config + "/gh/hosts.yml"},
      {"another host of it",
       "https://git.corp.example/api/v3",
       nullptr,
       {{"XDG_CONFIG_HOME", config}, {"GH_TOKEN", "b"}},
       "corp-token",
       config + "/gh/hosts.yml"},
      {"none", "", nullptr, {}, nullptr, ""},
      {"only for another host",
       "https://silent.example/api/v3",
       nullptr,
       {{"XDG_CONFIG_HOME", config}, {"GH_TOKEN", "b"}},
       nullptr,
       ""},
      {"no file", "", nullptr, {{"HOME", config}}, nullptr, ""},
      {"the settings name one that is not set", "", "MINE", {{"GH_TOKEN", "b"}}, nullptr, ""},
  };
  for (const auto& c : cases) {
    CAPTURE(c.what);
    World world;
    const Services services = world.services(c.variables);
    Settings settings;
    if (c.token_env != nullptr) settings.add({"token_env", std::string(c.token_env)});
    const auto found = find_token(settings, services, *site_of(c.api_url, world.environment));
    REQUIRE(found.has_value() == (c.token != nullptr));
    if (!found) {
      CHECK(found.error().kind == ErrorKind::misconfigured);
      continue;
    }
    CHECK(found->token.reveal() == c.token);
    CHECK(found->from == c.from);
  }
}

TEST_CASE("GitHub CLI's file is refused where others may read it, and never quoted") {
  const testing::TempDirectory home;
  std::filesystem::create_directories(home / "gh");
  const auto file = home / "gh/hosts.yml";
  World world;
  const Services services = world.services({{"XDG_CONFIG_HOME", home.path().native()}});
  const auto site = *site_of("", world.environment);
  const auto refused = [&] {
    const auto found = find_token(Settings(), services, site);
    REQUIRE_FALSE(found);
    CHECK(found.error().what.find("canary") == std::string::npos);
    CHECK(found.error().what.find("hosts.yml") != std::string::npos);
  };
  testing::write_file(file, "github.com:\n  oauth_token: canary\n", 0644);
  refused();
  testing::write_file(file, "github.com: [canary\n");
  refused();
  testing::write_file(file, "github.com:\n  oauth_token: \"canary\\n x\"\n");
  refused();
  testing::write_file(file, std::string(100'000, '#'));
  refused();
}

template <auto free>
struct Freed {
  template <class T>
  void operator()(T* one) const {
    free(one);
  }
};
using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;

std::string pem_of(EVP_PKEY* key, bool pkcs1) {
  const std::unique_ptr<BIO, Freed<BIO_free>> out(BIO_new(BIO_s_mem()));
  const int written = pkcs1
                          ? PEM_write_bio_PrivateKey_traditional(out.get(), key, nullptr, nullptr, 0, nullptr, nullptr)
                          : PEM_write_bio_PKCS8PrivateKey(out.get(), key, nullptr, nullptr, 0, nullptr, nullptr);
  REQUIRE(written == 1);
  char* data = nullptr;
  const auto size = BIO_get_mem_data(out.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

std::string decoded(std::string_view text) {
  std::string bytes(text.size() * 3 / 4, '\0');
  REQUIRE(from_base64url(text, {reinterpret_cast<std::uint8_t*>(bytes.data()), bytes.size()}));
  return bytes;
}

TEST_CASE("an App proves itself with a token that its public key verifies") {
  const Key key(EVP_RSA_gen(2048));
  for (const bool pkcs1 : {true, false}) {
    const auto app_key = AppKey::parse(pem_of(key.get(), pkcs1));
    REQUIRE(app_key);
    const auto token = app_key->token("123456", system_clock::time_point{1'790'000'000s});
    REQUIRE(token);
    const std::string text(token->reveal());
    const std::size_t first = text.find('.');
    const std::size_t second = text.rfind('.');
    REQUIRE(first < second);
    CHECK(decoded(text.substr(0, first)) == R"({"alg":"RS256","typ":"JWT"})");
    CHECK(decoded(text.substr(first + 1, second - first - 1)) ==
          R"({"iat":1789999940,"exp":1790000540,"iss":"123456"})");
    const std::string signature = decoded(text.substr(second + 1));
    const std::unique_ptr<EVP_MD_CTX, Freed<EVP_MD_CTX_free>> context(EVP_MD_CTX_new());
    REQUIRE(EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key.get()) == 1);
    CHECK(EVP_DigestVerify(context.get(), reinterpret_cast<const unsigned char*>(signature.data()), signature.size(),
                           reinterpret_cast<const unsigned char*>(text.data()), second) == 1);
  }
}

/// When a token was issued, as it says.
std::int64_t issued_at(const Authorizer::Credential& credential) {
  const std::string token(credential->at(0).value.reveal());
  const std::size_t first = token.find('.');
  const std::string claims = decoded(std::string_view(token).substr(first + 1, token.rfind('.') - first - 1));
  return std::stoll(claims.substr(claims.find(':') + 1));
}

TEST_CASE("an App whose clock is wrong proves itself by GitHub's") {
  const Key key(EVP_RSA_gen(2048));
  const struct {
    const char* what;
    std::chrono::seconds ahead;  ///< our clock, of theirs
    bool tells_time;
    bool again;  ///< another token is made when the first one is refused
  } cases[] = {
      {"two minutes ahead", 2min, true, true},
      {"years behind", -24h * 3650, true, true},
      {"right: it is not the clock", 0s, true, false},
      {"nobody says what time it is", 2min, false, false},
  };
  for (const auto& c : cases) {
    CAPTURE(c.what);
    testing::VirtualTime time;
    const auto authorizer = app_authorizer("123456", *AppKey::parse(pem_of(key.get(), false)), time.clock);
    const HttpRequest request{.url = *Url::parse("https://api.github.com/")};
    const auto theirs = std::chrono::floor<std::chrono::seconds>(time.clock.wall()) - c.ahead;
    HttpResponse refusal{.status = 401};
    if (c.tells_time) refusal.headers.push_back({"Date", fmt::format("{:%a, %d %b %Y %H:%M:%S} GMT", theirs)});

    const auto first = *time.run(authorizer->credential(request));
    CHECK(time.run(authorizer->renew(first, refusal)) == c.again);
    const auto second = *time.run(authorizer->credential(request));
    CHECK((second != first) == c.again);
    if (!c.again) continue;
    const std::int64_t late = issued_at(second) - (theirs - 60s).time_since_epoch().count();
    CHECK(late >= 0);
    CHECK(late <= 1);
    // The same refusal of another request makes no third one; a refusal of the second is not the clock's.
    CHECK(time.run(authorizer->renew(first, refusal)));
    CHECK(*time.run(authorizer->credential(request)) == second);
    CHECK_FALSE(time.run(authorizer->renew(second, refusal)));
  }
}

TEST_CASE("what is no App's key is refused without a word of it") {
  const Key elliptic(EVP_EC_gen("P-256"));
  for (const std::string& pem : {std::string(), std::string("canary"),
                                 std::string("-----BEGIN PRIVATE KEY-----\ncanary\n-----END PRIVATE KEY-----\n"),
                                 pem_of(elliptic.get(), false)}) {
    const auto key = AppKey::parse(pem);
    REQUIRE_FALSE(key);
    CHECK(key.error().kind == ErrorKind::misconfigured);
    CHECK(key.error().what.find("canary") == std::string::npos);
  }
  const Key key(EVP_RSA_gen(2048));
  CHECK_FALSE(AppKey::parse(pem_of(key.get(), false))->token(R"(1","x":"y)", system_clock::time_point{}));
}

TEST_CASE("only what a sweep can use is asked for, to read") {
  const Permissions granted = {{"metadata", "read"},
                               {"contents", "write"},
                               {"deployments", "write"},
                               {"organization_administration", "write"},
                               {"secrets", "write"},
                               {"organization_secrets", "read"},
                               {"codespaces_secrets", "write"},
                               {"actions", "read"},
                               {"odd\"name_secrets", "read"}};
  const Permissions wanted = wanted_permissions(granted);
  CHECK(wanted == Permissions{{"actions", "read"},
                              {"contents", "read"},
                              {"codespaces_secrets", "write"},
                              {"metadata", "read"},
                              {"organization_administration", "read"},
                              {"organization_secrets", "read"},
                              {"secrets", "read"}});
  CHECK(token_request({{"metadata", "read"}, {"secrets", "read"}}) ==
        R"({"permissions":{"metadata":"read","secrets":"read"}})");
}

/// Answers the requests for an installation's token.
class AppService final : public HttpClient {
 public:
  explicit AppService(testing::VirtualClock& clock) : clock_(clock) {}
  int asked = 0;
  int status = 201;
  std::string last_body;
  bool tells_time = false;              ///< by a Date
  std::chrono::seconds clock_ahead{0};  ///< ours, of theirs

  Task<Result<HttpResponse>> send(const HttpRequest& request) override {
    ++asked;
    last_body = std::string(request.body.view());
    CHECK(request.method == "POST");
    CHECK(request.url.target == "/app/installations/5/access_tokens");
    co_await clock_.sleep_until(clock_.now() + 50ms);
    const auto now = std::chrono::floor<std::chrono::seconds>(clock_.wall()) - clock_ahead;
    const auto expires = now + 1h;
    HttpResponse response{.status = status};
    if (tells_time) response.headers.push_back({"Date", fmt::format("{:%a, %d %b %Y %H:%M:%S} GMT", now)});
    response.body.append(R"({"token":"t)" + std::to_string(asked) + R"(","expires_at":")" + format_time(expires) +
                         "\"}");
    co_return response;
  }
  [[nodiscard]] ClientCounters counters() const override { return {}; }

 private:
  testing::VirtualClock& clock_;
};

Task<Result<std::string>> header(Authorizer& authorizer) {
  const HttpRequest request{.url = *Url::parse("https://api.github.com/")};
  CO_TRY(const auto credential, co_await authorizer.credential(request));
  co_return std::string(credential->at(0).value.reveal());
}

void pass(testing::VirtualTime& time, std::chrono::seconds how_long) {
  time.run(time.clock.sleep_until(time.clock.now() + how_long));
}

TEST_CASE("an installation's token is fetched once, and renewed before it ends and when it is refused") {
  testing::VirtualTime time;
  AppService app(time.clock);
  const auto authorizer =
      installation_authorizer(app, *site_of("", environment_of({})),
                              {.id = 5, .permissions = {{"secrets", "read"}, {"issues", "write"}}}, time.clock);
  const HttpRequest request{.url = *Url::parse("https://api.github.com/")};

  CHECK(*time.run(header(*authorizer)) == "Bearer t1");
  CHECK(app.last_body == R"({"permissions":{"secrets":"read"}})");
  CHECK(*time.run(header(*authorizer)) == "Bearer t1");
  pass(time, 54min);
  CHECK(*time.run(header(*authorizer)) == "Bearer t1");
  pass(time, 2min);
  CHECK(*time.run(header(*authorizer)) == "Bearer t2");
  CHECK(app.asked == 2);

  const auto refused = *time.run(authorizer->credential(request));
  CHECK(time.run(authorizer->renew(refused, HttpResponse())));
  CHECK(*time.run(header(*authorizer)) == "Bearer t3");
  // Refused too late: there is a new one already.
  CHECK(time.run(authorizer->renew(refused, HttpResponse())));
  CHECK(*time.run(header(*authorizer)) == "Bearer t3");

  pass(time, 2h);
  app.status = 404;
  const auto failed = time.run(header(*authorizer));
  REQUIRE_FALSE(failed);
  CHECK(failed.error().what.find("HTTP 404") != std::string::npos);
}

TEST_CASE("an installation's token lives as long whatever the machine's clock says, and when it is set") {
  const struct {
    const char* what;
    bool tells_time;
    std::chrono::seconds ahead;
    std::chrono::seconds good;  ///< for at least so long without another one
    std::chrono::seconds ended;
  } cases[] = {
      {"a clock that is right", true, 0s, 54min, 56min},
      {"a clock that is years ahead", true, 24h * 3650, 54min, 56min},
      {"a clock that is years behind", true, -24h * 3650, 54min, 56min},
      {"years ahead, and nobody says so", false, 24h * 3650, 50s, 70s},
      {"years behind, and nobody says so", false, -24h * 3650, 54min, 56min},
  };
  for (const auto& c : cases) {
    CAPTURE(c.what);
    testing::VirtualTime time;
    AppService app(time.clock);
    app.tells_time = c.tells_time;
    app.clock_ahead = c.ahead;
    const auto authorizer = installation_authorizer(app, *site_of("", environment_of({})), {.id = 5}, time.clock);
    CHECK(*time.run(header(*authorizer)) == "Bearer t1");
    for (const std::chrono::seconds jump : {24h * 365, -48h * 365}) {
      time.clock.set_wall_by(jump);
      CHECK(*time.run(header(*authorizer)) == "Bearer t1");
    }
    pass(time, c.good);
    CHECK(*time.run(header(*authorizer)) == "Bearer t1");
    pass(time, c.ended - c.good);
    CHECK(*time.run(header(*authorizer)) == "Bearer t2");
  }
}

}  // namespace
