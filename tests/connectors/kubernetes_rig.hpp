#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "connectors/kubernetes/cluster_access.hpp"
#include "net/layered_client.hpp"

/// Clusters as tests reach them: real layers of a client, and a function in the transport's place.
namespace tokensweep::kubernetes::testing {

/// What the far side saw of one request.
struct Arrival {
  std::size_t client = 0;  ///< which client it came through: 0 is the first that was made
  std::string target;
  std::vector<std::string> proofs;  ///< `Name: value`; made at run time, so they may be looked at
};

/// What a client was made with, beside its proofs.
struct Made {
  std::string name;
  std::string origin;
  std::string ca_pem;
  std::string ca_file;
  std::string server_name;
  std::optional<std::string> proxy;
  std::string certificate;
  std::string key;
};

/// Gives the status of each answer.
using Behaviour = std::function<int(const Arrival&)>;

/// Makes clients whose far side is a function.
class ScriptedClients final : public ClientFactory {
 public:
  ScriptedClients(Clock& clock, Behaviour behaviour) : clock_(clock), behaviour_(std::move(behaviour)) {}

  std::vector<Made> made;
  std::vector<Arrival> arrivals;

  Result<std::unique_ptr<HttpClient>> make(ClientOptions options) override {
    made.push_back({.name = options.name,
                    .origin = to_string(options.origin),
                    .ca_pem = options.tls.ca_pem,
                    .ca_file = options.tls.ca_file.value_or("").native(),
                    .server_name = options.tls.server_name,
                    .proxy = options.proxy,
                    .certificate = options.tls.client ? std::string(options.tls.client->certificates.reveal()) : "",
                    .key = options.tls.client ? std::string(options.tls.client->key.reveal()) : ""});
    far_sides_.push_back(std::make_unique<FarSide>(*this, far_sides_.size()));
    const ClientGround ground{.transport = *far_sides_.back(), .clock = clock_, .random = random_};
    return layered_client(std::move(options), ground);
  }

 private:
  class FarSide final : public Exchange {
   public:
    FarSide(ScriptedClients& owner, std::size_t number) : owner_(owner), number_(number) {}
    Task<Result<HttpResponse>> send(const HttpRequest& request, std::span<const SecretHeader> credential) override {
      Arrival arrival{.client = number_, .target = request.url.target, .proofs = {}};
      for (const SecretHeader& header : credential) {
        arrival.proofs.push_back(header.name + ": " + std::string(header.value.reveal()));
      }
      owner_.arrivals.push_back(arrival);
      HttpResponse response;
      response.status = owner_.behaviour_(arrival);
      co_return response;
    }

   private:
    ScriptedClients& owner_;
    std::size_t number_;
  };

  Clock& clock_;
  Behaviour behaviour_;
  Random random_ = [] { return 0.5; };
  std::vector<std::unique_ptr<FarSide>> far_sides_;
};

/// A user's machine, in real time: what the settings and the environment say, and clusters that answer as they are
/// told.
class Machine {
 public:
  explicit Machine(Behaviour behaviour = [](const Arrival&) { return 200; })
      : clients(clock_, std::move(behaviour)),
        services_{.clients = clients,
                  .clock = clock_,
                  .random = random_,
                  .environment = environment_,
                  .credential = {},
                  .name = "acme"} {}

  Settings settings;
  std::map<std::string, std::string> variables;
  ScriptedClients clients;

  Result<ClusterAccesses> accesses() { return cluster_accesses(settings, services_); }

  /// Connects to the only cluster, and asks it so often. The last status, or what went wrong.
  std::string ask(unsigned times = 1) {
    auto found = accesses();
    if (!found) return found.error().what;
    if (!found->unusable.empty()) return found->unusable.front().why.what;
    std::string outcome;
    run(ask_all(*found->usable.at(0), times, outcome));
    return outcome;
  }

  void run(Task<> task) {
    context_.restart();
    boost::asio::co_spawn(context_, std::move(task), [](const std::exception_ptr& thrown) {
      if (thrown) std::rethrow_exception(thrown);
    });
    context_.run();
  }

 private:
  static Task<> ask_all(ClusterAccess& access, unsigned times, std::string& outcome) {
    const Limits limits;
    auto client = co_await access.connect(limits);
    if (!client) {
      outcome = client.error().what;
      co_return;
    }
    HttpRequest request;
    request.url = access.cluster().at("/api/v1/secrets");
    for (unsigned i = 0; i < times; ++i) {
      const auto answer = co_await (*client)->send(request);
      outcome = answer ? std::to_string(answer->status) : answer.error().what;
    }
  }

  SystemClock clock_;
  Random random_ = [] { return 0.5; };
  Environment environment_ = [this](const char* name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional(found->second);
  };
  Services services_;
  boost::asio::io_context context_{1};
};

}  // namespace tokensweep::kubernetes::testing
