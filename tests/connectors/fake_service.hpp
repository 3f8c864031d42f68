#pragma once

#include <algorithm>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "connectors/connector.hpp"
#include "net/layered_client.hpp"
#include "tests/support/recording_sink.hpp"
#include "tests/support/virtual_clock.hpp"

/// A service in memory, below the real client's layers: what every connector's tests need, beside a RecordingSink.
namespace tokensweep::testing {

using namespace std::chrono_literals;

inline HttpResponse json(std::string_view body, int status = 200) {
  return {.status = status, .headers = {{"Content-Type", "application/json"}}, .body = WipedText(body)};
}

/// Answers requests by a function of theirs, 50 ms after they were sent. What stands in `instead` for a request ("GET
/// /x?page=2") goes before the function.
class FakeService final : public Exchange {
 public:
  using Answer = std::function<Result<HttpResponse>(const HttpRequest&)>;

  FakeService(VirtualClock& clock, Answer answer) : answer_(std::move(answer)), clock_(clock) {}

  std::map<std::string, Answer> instead;
  std::vector<std::string> asked;            ///< in the order in which they were sent
  std::map<std::string, std::size_t> times;  ///< how often each was
  std::function<void(const HttpRequest&, std::span<const SecretHeader>)> on_request;
  std::size_t most_at_once = 0;

  static std::string name_of(const HttpRequest& request) { return request.method + " " + request.url.target; }

  Task<Result<HttpResponse>> send(const HttpRequest& request, std::span<const SecretHeader> credential) override {
    const std::string name = name_of(request);
    asked.push_back(name);
    ++times[name];
    if (on_request) on_request(request, credential);
    most_at_once = std::max(most_at_once, ++under_way_);
    co_await clock_.sleep_until(clock_.now() + 50ms);
    --under_way_;
    const auto other = instead.find(name);
    auto response = other == instead.end() ? answer_(request) : other->second(request);
    if (!response) co_return response;
    response->took = 50ms;
    if (response->status == 200 && request.reader != nullptr) {
      auto read = hand_over(*request.reader, response->body.view());
      response->body.clear();
      if (!read) co_return std::move(read).error();
    }
    co_return response;
  }

 private:
  static Result<> hand_over(BodyReader& reader, std::string_view body) {
    constexpr std::size_t kPiece = 1000;
    reader.begin();
    for (std::size_t i = 0; i < body.size(); i += kPiece) TRY_VOID(reader.read(body.substr(i, kPiece)));
    return {};
  }

  Answer answer_;
  VirtualClock& clock_;
  std::size_t under_way_ = 0;
};

/// One service, one connector, and time that passes at once.
class ServiceWorld {
 public:
  explicit ServiceWorld(FakeService::Answer answer) : service(time.clock, std::move(answer)), clients_(*this) {}

  VirtualTime time;
  FakeService service;
  std::map<std::string, std::string> variables;

  Services services() {
    return {.clients = clients_,
            .clock = time.clock,
            .random = random_,
            .environment = environment_,
            .credential = [this](const CredentialRef& reference) { return credential(reference); },
            .name = "acme"};
  }

 private:
  struct Clients final : ClientFactory {
    explicit Clients(ServiceWorld& owner) : world(owner) {}
    Result<std::unique_ptr<HttpClient>> make(ClientOptions options) override {
      const ClientGround ground{.transport = world.service, .clock = world.time.clock, .random = world.random_};
      return layered_client(std::move(options), ground);
    }
    ServiceWorld& world;
  };

  Result<Secret> credential(const CredentialRef& reference) {
    const auto* variable = std::get_if<EnvironmentCredential>(&reference);
    const auto found = variable == nullptr ? variables.end() : variables.find(variable->variable);
    if (found == variables.end()) return Error{ErrorKind::misconfigured, "the variable is not set"};
    return Secret(found->second);
  }

  tokensweep::Random random_ = [] { return 0.5; };
  Environment environment_ = [this](const char* name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional(found->second);
  };
  Clients clients_;
};

}  // namespace tokensweep::testing
