#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "connectors/circleci/circleci.hpp"
#include "tests/support/recording_sink.hpp"
#include "tests/support/virtual_clock.hpp"

/// A CircleCI of scripted answers, in memory.
namespace tokensweep::circleci::testing {

using tokensweep::testing::RecordingSink;

struct Reply {
  int status = 200;
  std::string body;
  std::optional<Error> error;  ///< in place of an answer
};

/// What is answered, and what was asked. Each request takes 50 ms of virtual time.
class Script {
 public:
  /// Answers of one address, one after the other; the last one stays. What is not here is answered 404.
  std::map<std::string, std::deque<Reply>> replies;
  std::vector<std::string> asked;  ///< targets, in order
  std::size_t most_in_flight = 0;
  ClientOptions options;  ///< with which the last client was made

  void set(const std::string& target, std::string body) { set(target, Reply{200, std::move(body), {}}); }
  void set(const std::string& target, Reply reply) { replies[target] = {std::move(reply)}; }

  Task<Result<HttpResponse>> answer(const HttpRequest& request, Clock& clock) {
    asked.push_back(request.url.target);
    most_in_flight = std::max(most_in_flight, ++in_flight_);
    Reply reply = next(request.url.target);
    co_await clock.sleep_until(clock.now() + std::chrono::milliseconds(50));
    --in_flight_;
    if (reply.error) co_return std::move(*reply.error);
    HttpResponse response;
    response.status = reply.status;
    if (request.reader != nullptr && reply.status == 200) {
      request.reader->begin();
      for (std::size_t at = 0; at < reply.body.size(); at += kPiece) {
        auto read = request.reader->read(std::string_view(reply.body).substr(at, kPiece));
        if (!read) co_return std::move(read).error();
      }
    } else {
      response.body.append(reply.body);
    }
    co_return response;
  }

 private:
  static constexpr std::size_t kPiece = 7;

  Reply next(const std::string& target) {
    const auto found = replies.find(target);
    if (found == replies.end()) return {404, R"({"message":"Not found."})", {}};
    Reply reply = found->second.front();
    if (found->second.size() > 1) found->second.pop_front();
    return reply;
  }

  std::size_t in_flight_ = 0;
};

class ScriptedClients final : public ClientFactory {
 public:
  ScriptedClients(Script& script, Clock& clock) : script_(script), clock_(clock) {}
  Result<std::unique_ptr<HttpClient>> make(ClientOptions options) override {
    script_.options = std::move(options);
    return std::unique_ptr<HttpClient>(std::make_unique<Client>(script_, clock_));
  }

 private:
  class Client final : public HttpClient {
   public:
    Client(Script& script, Clock& clock) : script_(script), clock_(clock) {}
    Task<Result<HttpResponse>> send(const HttpRequest& request) override { return script_.answer(request, clock_); }
    [[nodiscard]] ClientCounters counters() const override { return {}; }

   private:
    Script& script_;
    Clock& clock_;
  };

  Script& script_;
  Clock& clock_;
};

/// A connector of scripted answers, on virtual time.
class CircleCiFixture {
 public:
  tokensweep::testing::VirtualTime time;
  Script script;
  RecordingSink sink;
  std::map<std::string, std::string> environment{{"CIRCLE_TOKEN", "from-the-environment"}};
  Settings settings;

  CircleCiFixture() { add("org", std::string("gh/acme")); }

  void add(std::string name, SettingValue value) { settings.add({std::move(name), std::move(value), 1}); }

  Result<std::unique_ptr<Connector>> make() { return circleci::kEntry.make(settings, services_); }
  /// Crawls with a new connector and a new sink.
  Result<> sweep() {
    const auto before = std::move(sink.read_before);
    sink = {};
    sink.read_before = before;
    script.asked.clear();
    auto connector = make();
    if (!connector) return std::move(connector).error();
    auto swept = time.run((*connector)->sweep(sink));
    for (const std::string& wrong : sink.wrong) FAIL_CHECK(wrong);
    return swept;
  }
  Result<SourceCheck> check() {
    auto connector = make();
    if (!connector) return std::move(connector).error();
    return time.run((*connector)->check());
  }

 private:
  ScriptedClients clients_{script, time.clock};
  Random random_ = [] { return 0.5; };
  Environment look_up_ = [this](const char* name) -> std::optional<std::string> {
    const auto found = environment.find(name);
    if (found == environment.end()) return std::nullopt;
    return found->second;
  };
  Services services_{.clients = clients_,
                     .clock = time.clock,
                     .random = random_,
                     .environment = look_up_,
                     .credential = [this](const CredentialRef& reference) -> Result<Secret> {
                       const auto* variable = std::get_if<EnvironmentCredential>(&reference);
                       return Secret(variable == nullptr ? "from-elsewhere" : environment[variable->variable]);
                     },
                     .name = "ci"};
};

}  // namespace tokensweep::circleci::testing
