#pragma once

#include <algorithm>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "connectors/connector.hpp"
#include "net/layered_client.hpp"
#include "tests/support/virtual_clock.hpp"

/// A service in memory, below the real client's layers, and a sink that writes down what a connector says: what every
/// connector's tests need.
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

/// A scope as a connector left it.
struct SeenScope {
  Scope scope;
  std::map<std::string, Sighting> found;  ///< by place
  std::vector<Gap> gaps;
  std::optional<ScopeEnd> end;
};

class RecordingSink : public Sink {
 public:
  std::map<std::string, SeenScope> scopes;              ///< by prefix
  std::map<std::string, bool> read_before;              ///< prefixes of scopes that need not be read
  std::set<std::pair<std::string, std::string>> known;  ///< places and their versions that an earlier sweep has read
  std::vector<std::string> wrong;                       ///< what no connector may do

  std::optional<ScopeNumber> begin(const Scope& scope) override {
    if (read_before[scope.prefix]) return std::nullopt;
    if (!scopes.emplace(scope.prefix, SeenScope{.scope = scope}).second)
      wrong.push_back("begun twice: " + scope.prefix);
    prefixes_.push_back(scope.prefix);
    return static_cast<ScopeNumber>(prefixes_.size() - 1);
  }
  void found(ScopeNumber scope, Sighting sighting) override {
    SeenScope& seen = scopes.at(prefixes_.at(scope));
    if (seen.end) wrong.push_back("found behind the end: " + sighting.place);
    if (!sighting.place.starts_with(seen.scope.prefix + "/"))
      wrong.push_back("outside of its scope: " + sighting.place);
    std::string place = sighting.place;
    if (!seen.found.emplace(place, std::move(sighting)).second) wrong.push_back("found twice: " + place);
  }
  void gap(ScopeNumber scope, Gap gap) override { scopes.at(prefixes_.at(scope)).gaps.push_back(std::move(gap)); }
  Task<> end(ScopeNumber scope, ScopeEnd how) override {
    SeenScope& seen = scopes.at(prefixes_.at(scope));
    if (seen.end) wrong.push_back("ended twice: " + seen.scope.prefix);
    if ((how.state == ScopeState::complete) != how.reason.empty())
      wrong.push_back("an odd reason: " + seen.scope.prefix);
    seen.end = std::move(how);
    co_return;
  }
  bool is_known(ScopeNumber, std::string_view place, std::string_view version) override {
    return known.contains({std::string(place), std::string(version)});
  }
  Task<> room() override { co_return; }
  bool may_matter(std::string_view, std::string_view bytes, Spelling) override {
    return bytes.find("npm_") != std::string_view::npos;
  }

  [[nodiscard]] std::map<std::string, ScopeState> states() const {
    std::map<std::string, ScopeState> states;
    for (const auto& [prefix, seen] : scopes) states[prefix] = seen.end ? seen.end->state : ScopeState::open;
    return states;
  }
  /// Every place with what is said of it, in one line each.
  [[nodiscard]] std::vector<std::string> places() const {
    std::vector<std::string> lines;
    for (const auto& [prefix, seen] : scopes) {
      for (const auto& [place, sighting] : seen.found) lines.push_back(place);
    }
    return lines;
  }
  /// All reasons and gaps: what a user may get to see.
  [[nodiscard]] std::string words() const {
    std::string words;
    for (const auto& [prefix, seen] : scopes) {
      if (seen.end) words += seen.end->reason + "\n";
      for (const Gap& gap : seen.gaps) words += gap.place + gap.reason + "\n";
    }
    return words;
  }

 private:
  std::vector<std::string> prefixes_;
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
