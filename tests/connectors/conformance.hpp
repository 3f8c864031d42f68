#pragma once

#include <doctest/doctest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tests/connectors/fake_service.hpp"

/// What holds for every connector that asks a service, whichever it is.
namespace tokensweep::testing {

struct Subject {
  FakeService::Answer answer;  ///< a service where everything can be read
  std::function<Result<std::unique_ptr<Connector>>(const Services&)> make;
  std::map<std::string, std::string> variables;  ///< where the credential is
  std::string one_place;                         ///< a request for one scope's list: "GET /…"
  std::string one_prefix;                        ///< that scope's
  std::string canary;                            ///< what every value and the credential hold
};

struct Swept {
  RecordingSink sink;
  Result<> result;
  std::vector<std::string> asked;
};

inline std::unique_ptr<Swept> sweep(const Subject& subject, const std::function<void(FakeService&)>& change = {}) {
  ServiceWorld world(subject.answer);
  world.variables = subject.variables;
  if (change) change(world.service);
  const Services services = world.services();  // outlives the connector
  auto connector = subject.make(services);
  REQUIRE(connector);
  auto swept = std::make_unique<Swept>();
  swept->result = world.time.run((*connector)->sweep(swept->sink));
  swept->asked = world.service.asked;
  for (const std::string& wrong : swept->sink.wrong) FAIL_CHECK(wrong);
  for (const auto& [prefix, seen] : swept->sink.scopes) {
    CAPTURE(prefix);
    CHECK(seen.end.has_value());
  }
  const std::string said = swept->sink.words() + (swept->result ? "" : swept->result.error().what);
  CHECK(said.find(subject.canary) == std::string::npos);
  return swept;
}

inline void check_conformance(const Subject& subject) {
  const auto good = sweep(subject);
  REQUIRE(good->result);
  for (const auto& [prefix, state] : good->sink.states()) {
    CAPTURE(prefix);
    CHECK(state == ScopeState::complete);
  }
  REQUIRE(good->sink.scopes.contains(subject.one_prefix));

  SUBCASE("a second sweep says and asks the same, and neither asks twice") {
    const auto again = sweep(subject);
    CHECK(again->sink.places() == good->sink.places());
    auto asked = good->asked;
    std::sort(asked.begin(), asked.end());
    auto asked_again = again->asked;
    std::sort(asked_again.begin(), asked_again.end());
    CHECK(asked == asked_again);
  }
  const struct {
    const char* what;
    Result<HttpResponse> (*answer)(const HttpRequest&);
  } refusals[] = {
      {"403 on one place",
       [](const HttpRequest&) -> Result<HttpResponse> { return json(R"({"message": "canary"})", 403); }},
      {"404 on one place", [](const HttpRequest&) -> Result<HttpResponse> { return json("{}", 404); }},
      {"broken JSON on one place", [](const HttpRequest&) -> Result<HttpResponse> { return json(R"({"canary": [)"); }},
      {"a web page on one place", [](const HttpRequest&) -> Result<HttpResponse> { return json("<html>canary"); }},
      {"500 on one place", [](const HttpRequest&) -> Result<HttpResponse> { return json("canary", 500); }},
      {"a connection that breaks on one place",
       [](const HttpRequest&) -> Result<HttpResponse> {
         return Error{ErrorKind::transient, "reset"};
       }},
  };
  for (const auto& refusal : refusals) {
    SUBCASE(refusal.what) {
      const auto swept =
          sweep(subject, [&](FakeService& service) { service.instead[subject.one_place] = refusal.answer; });
      CHECK(swept->result);
      auto states = swept->sink.states();
      CHECK(states[subject.one_prefix] != ScopeState::complete);
      states[subject.one_prefix] = ScopeState::complete;
      CHECK(states == good->sink.states());
      for (const auto& [prefix, seen] : good->sink.scopes) {
        CAPTURE(prefix);
        if (prefix != subject.one_prefix) CHECK(swept->sink.scopes.at(prefix).found.size() == seen.found.size());
      }
    }
  }
  SUBCASE("401 ends it") {
    const auto swept = sweep(subject, [&](FakeService& service) {
      for (const std::string& name : good->asked) {
        service.instead[name] = [](const HttpRequest&) -> Result<HttpResponse> { return json("canary", 401); };
      }
    });
    REQUIRE_FALSE(swept->result);
    CHECK(swept->result.error().what.find('\n') == std::string::npos);
    CHECK(swept->asked.size() < good->asked.size());
    CHECK(swept->sink.places().empty());
  }
}

}  // namespace tokensweep::testing
