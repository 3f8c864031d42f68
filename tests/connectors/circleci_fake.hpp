#pragma once

#include <algorithm>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/time.hpp"
#include "connectors/circleci/circleci.hpp"
#include "tests/support/virtual_clock.hpp"

/// A CircleCI of scripted answers, in memory, and a sink that writes down what it is told.
namespace tokensweep::circleci::testing {

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

/// What one scope was told.
struct SeenScope {
  Scope scope;
  std::map<std::string, Sighting> found;  ///< by place
  std::vector<Gap> gaps;
  std::optional<ScopeEnd> end;
};

class RecordingSink final : public Sink {
 public:
  std::set<std::string> read_before;  ///< prefixes of scopes that are not begun again
  std::vector<SeenScope> scopes;
  std::set<std::pair<std::string, std::string>> known;  ///< places and their versions that an earlier sweep has read

  std::optional<ScopeNumber> begin(const Scope& scope) override {
    if (read_before.contains(scope.prefix)) return std::nullopt;
    scopes.push_back({scope, {}, {}, {}});
    return static_cast<ScopeNumber>(scopes.size() - 1);
  }
  void found(ScopeNumber scope, Sighting sighting) override {
    std::string place = sighting.place;
    scopes.at(scope).found.insert_or_assign(std::move(place), std::move(sighting));
  }
  void gap(ScopeNumber scope, Gap gap) override { scopes.at(scope).gaps.push_back(std::move(gap)); }
  Task<> end(ScopeNumber scope, ScopeEnd how) override {
    scopes.at(scope).end = std::move(how);
    co_return;
  }
  bool is_known(ScopeNumber, std::string_view place, std::string_view version) override {
    return known.contains({std::string(place), std::string(version)});
  }
  Task<> room() override { co_return; }
  bool may_matter(std::string_view, std::string_view, Spelling) override { return true; }

  [[nodiscard]] const SeenScope* at(std::string_view prefix) const {
    const auto seen = std::ranges::find(scopes, prefix, [](const SeenScope& one) { return one.scope.prefix; });
    return seen == scopes.end() ? nullptr : &*seen;
  }

  /// Everything, a line for each scope, sighting and gap, the scopes by prefix.
  [[nodiscard]] std::string text() const {
    constexpr std::string_view kStates[] = {"open", "complete", "incomplete", "denied", "failed", "skipped"};
    std::map<std::string, std::string> lines;
    for (const SeenScope& seen : scopes) {
      std::string& line = lines[seen.scope.prefix];
      line += seen.scope.prefix + " | " + seen.scope.store + " | ";
      line += seen.end ? kStates[static_cast<std::size_t>(seen.end->state)] : "never ended";
      if (seen.end && !seen.end->reason.empty()) line += ": " + seen.end->reason;
      line += '\n';
      for (const auto& [place, sighting] : seen.found) line += "  " + text(sighting);
      for (const Gap& gap : seen.gaps) {
        line += "  " + gap.place + (gap.incomplete ? ": missed: " : ": ") + gap.reason + '\n';
      }
    }
    std::string all;
    for (const auto& [prefix, line] : lines) all += line;
    return all;
  }

 private:
  static std::string text(const Sighting& sighting) {
    std::string line = sighting.place + " " + sighting.name + " …" + sighting.ending + " ";
    line += std::string(to_string(sighting.age_basis));
    if (sighting.created_at) line += " created " + format_time(*sighting.created_at);
    if (sighting.updated_at) line += " updated " + format_time(*sighting.updated_at);
    for (const std::string_view flag : names(sighting.flags)) line += " " + std::string(flag);
    for (const Evidence& evidence : sighting.evidence) {
      line +=
          " [" + std::string(to_string(evidence.kind)) + (evidence.value.empty() ? "" : ": ") + evidence.value + "]";
    }
    return line + '\n';
  }
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
    return time.run((*connector)->sweep(sink));
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
