#include <doctest/doctest.h>
#include <openssl/evp.h>

#include <map>

#include "net/condition_layer.hpp"
#include "tests/net/client_rig.hpp"
#include "tests/support/digest.hpp"

namespace {

using namespace tokensweep;
using namespace tokensweep::testing;

class MemoryStore final : public AnswerStore {
 public:
  std::optional<KeptAnswer> find(std::string_view key) override {
    const auto found = answers.find(std::string(key));
    return found == answers.end() ? std::nullopt : std::optional(found->second);
  }
  void keep(std::string_view key, const KeptAnswer& answer) override { answers[std::string(key)] = answer; }
  std::map<std::string, KeptAnswer> answers;
};

std::string hex_sha256(std::string_view text) {
  std::string hex;
  for (const char c : digest_of(text, EVP_sha256())) {
    constexpr std::string_view kHex = "0123456789abcdef";
    hex += kHex[static_cast<unsigned char>(c) >> 4U];
    hex += kHex[static_cast<unsigned char>(c) & 15U];
  }
  return hex;
}

/// Answers as github.com does: an ETag of credential and body, made weak by compression, and 304 where it is the one
/// asked for.
struct GitHubLike {
  std::string accept = "application/vnd.github+json";
  std::string body = R"({"total_count":0})";
  bool other_etags = false;
  std::string date;  ///< of its answers; empty: they have none

  Result<HttpResponse> operator()(const FakeService::Arrival& arrival) const {
    const std::string tag =
        other_etags ? hex_sha256(body) : hex_sha256(accept + ":" + arrival.authorization + ":" + body);
    if (arrival.condition == "\"" + tag + "\"" || arrival.condition == "W/\"" + tag + "\"") {
      return dated(answer_of(304, {{"x-ratelimit-remaining", "7"}}));
    }
    return dated(
        answer_of(200, {{"ETag", "W/\"" + tag + "\""}, {"Link", "<?page=2>; rel=next"}, {"X-Other", "x"}}, body));
  }
  [[nodiscard]] HttpResponse dated(HttpResponse answer) const {
    if (!date.empty()) answer.headers.push_back({"Date", date});
    return answer;
  }
};

struct ConditionRig {
  ConditionRig(const GitHubLike& service, MemoryStore& store, std::string_view token, std::string identity = "app 1")
      : rig([&service](const FakeService::Arrival& arrival) { return service(arrival); }, options(token, identity),
            &store) {}

  static ClientOptions options(std::string_view token, const std::string& identity) {
    ClientOptions made;
    made.authorizer = fixed_credential("Authorization", "Bearer ", Secret(token));
    made.identity = identity;
    return made;
  }
  Result<HttpResponse> get(std::string_view target, bool keeps = true,
                           std::optional<std::chrono::sys_seconds> right_since = {}) {
    HttpRequest request;
    request.right_since = right_since;
    request.url = kApi.at(target);
    request.headers = {{"Accept", "application/vnd.github+json"}};
    request.keeps_answer = keeps;
    return rig.send(request);
  }

  ClientRig rig;
};

TEST_CASE("the ETag of github.com is computed as it was observed") {
  HttpRequest request;
  std::vector<SecretHeader> credential;
  CHECK(github_etag(request, credential, "b") == hex_sha256("b"));
  request.headers = {{"X-GitHub-Api-Version", "2022-11-28"}, {"accept", "a/b"}};
  CHECK(github_etag(request, credential, "b") == hex_sha256("a/b:b"));
  credential.push_back({"Authorization", Secret("Bearer x")});
  CHECK(github_etag(request, credential, "b") == hex_sha256("a/b:Bearer x:b"));
  credential.push_back({"Cookie", Secret("c=d")});
  CHECK(github_etag(request, credential, "b") == hex_sha256("a/b:Bearer x:c=d:b"));
}

TEST_CASE("an unchanged answer is the kept one, under another credential too") {
  const GitHubLike service;
  MemoryStore store;
  ConditionRig first(service, store, "one");
  const auto fresh = first.get("/x");
  CHECK_FALSE(fresh->unchanged);
  CHECK(first.rig.service.arrivals[0].condition.empty());

  ConditionRig second(service, store, "two");
  const auto kept = second.get("/x");
  REQUIRE(kept.has_value());
  CHECK(kept->unchanged);
  CHECK(kept->status == 200);
  CHECK(kept->body.view() == service.body);
  CHECK(kept->header("Link") == "<?page=2>; rel=next");
  CHECK(kept->header("x-ratelimit-remaining") == "7");
  CHECK(second.rig.client->counters().unchanged == 1);
}

TEST_CASE("a changed answer replaces the kept one, where it may be kept") {
  GitHubLike service;
  MemoryStore store;
  ConditionRig test(service, store, "one");
  CHECK(test.get("/values", false).has_value());
  CHECK(store.answers.empty());
  CHECK(test.get("/x").has_value());
  REQUIRE(store.answers.size() == 1);
  service.body = "changed";
  CHECK_FALSE(test.get("/x")->unchanged);
  CHECK(store.answers.begin()->second.body == "changed");
  CHECK(store.answers.begin()->second.headers.size() == 1);
  CHECK(test.get("/x")->unchanged);
}

TEST_CASE("an answer that is known to be right is given without asking, by the far side's own time") {
  constexpr auto kCame = std::chrono::sys_seconds(std::chrono::seconds(784111777));  // RFC 9110, 5.6.7
  using std::chrono::seconds;
  GitHubLike service;
  MemoryStore store;
  ConditionRig test(service, store, "one");
  const auto asked = [&test] { return test.rig.service.arrivals.size(); };

  // Without a date nothing is known of it.
  CHECK(test.get("/x", true, kCame).has_value());
  CHECK(test.get("/x", true, kCame)->unchanged);
  CHECK(asked() == 2);

  service.date = "Sun, 06 Nov 1994 08:49:37 GMT";
  CHECK(test.get("/x", true, kCame)->unchanged);  // asked for, and confirmed
  CHECK(asked() == 3);
  const auto known = test.get("/x", true, kCame);
  CHECK(asked() == 3);
  CHECK(known->status == 200);
  CHECK(known->unchanged);
  CHECK(known->body.view() == service.body);
  CHECK(known->header("Link") == "<?page=2>; rel=next");

  CHECK(test.get("/x", true, kCame + seconds(1))->unchanged);
  CHECK(asked() == 4);
  CHECK(test.get("/x", true)->unchanged);
  CHECK(asked() == 5);
  CHECK(test.get("/x", false, kCame).has_value());
  CHECK(asked() == 6);
  CHECK(test.get("/y", true, kCame).has_value());
  CHECK(asked() == 7);

  // A later confirmation counts, where it is asked for.
  service.date = "Sun, 06 Nov 1994 08:50:37 GMT";
  CHECK(test.get("/x", true)->unchanged);
  CHECK(test.get("/x", true, kCame + seconds(60))->unchanged);
  CHECK(asked() == 9);
  CHECK(test.get("/x", true, kCame + seconds(60))->unchanged);
  CHECK(asked() == 9);

  // The caller knew wrongly: it is his word that counts, until he says otherwise.
  service.body = "changed";
  CHECK(test.get("/x", true, kCame)->body.view() != service.body);
  CHECK(test.get("/x", true, std::chrono::sys_seconds::max())->body.view() == service.body);
  CHECK(asked() == 10);

  ConditionRig other(service, store, "one", "app 2");
  CHECK_FALSE(other.get("/x", true, kCame)->unchanged);
}

TEST_CASE("an answer is kept for one origin, identity and address") {
  const GitHubLike service;
  MemoryStore store;
  ConditionRig one(service, store, "one", "app 1");
  CHECK(one.get("/x").has_value());
  CHECK(one.get("/y").has_value());
  ConditionRig other(service, store, "one", "app 2");
  CHECK_FALSE(other.get("/x")->unchanged);
  CHECK(store.answers.size() == 3);
  ConditionRig nobody(service, store, "one", "");
  CHECK_FALSE(nobody.get("/x")->unchanged);
  CHECK(store.answers.size() == 3);
}

TEST_CASE("where ETags are made otherwise, they are sent back as they came") {
  GitHubLike service;
  service.other_etags = true;
  MemoryStore store;
  ConditionRig test(service, store, "one");
  for (int i = 0; i < 4; ++i) CHECK(test.get("/" + std::to_string(i)).has_value());
  CHECK_FALSE(test.rig.client->counters().strange_etags);
  CHECK_FALSE(test.get("/0")->unchanged);  // the fifth disagreement
  CHECK(test.rig.client->counters().strange_etags);
  const auto kept = test.get("/0");
  CHECK(kept->unchanged);
  CHECK(test.rig.service.arrivals.back().condition == store.answers.begin()->second.etag);
}

TEST_CASE("an ETag that compression made weak agrees all the same") {
  const GitHubLike service;
  MemoryStore store;
  ConditionRig first(service, store, "one");
  for (int i = 0; i < 10; ++i) CHECK(first.get("/" + std::to_string(i)).has_value());
  CHECK(first.get("/3")->unchanged);
  const std::string computed = hex_sha256(service.accept + ":Bearer one:" + service.body);
  CHECK(first.rig.service.arrivals.back().condition == "\"" + computed + "\"");
}

TEST_CASE("one answer that agrees is proof enough, and disagreements count in a row") {
  GitHubLike service;
  MemoryStore store;
  ConditionRig test(service, store, "one");
  for (int i = 0; i < 20; ++i) {
    service.other_etags = i % 5 != 4;
    CHECK(test.get("/" + std::to_string(i)).has_value());
  }
  service.other_etags = false;
  CHECK(test.get("/19")->unchanged);
}

TEST_CASE("\"unchanged\" of what was not asked cannot be read") {
  MemoryStore store;
  ClientRig rig([](const FakeService::Arrival&) { return answer_of(304); }, {}, &store);
  const auto answer = rig.get("/");
  REQUIRE(!answer.has_value());
  CHECK(answer.error().kind == ErrorKind::malformed);
}

}  // namespace
