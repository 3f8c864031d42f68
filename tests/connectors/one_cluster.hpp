#pragma once

#include <array>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "connectors/kubernetes/crawl.hpp"
#include "net/url.hpp"

namespace tokensweep::kubernetes::testing {

/// The cluster `prod`, which asks for no credential: how clusters are reached is another test's.
class OneCluster {
 public:
  /// `named`: the namespaces that its contexts name.
  explicit OneCluster(const Services& services, std::vector<std::string> named = {}, Limits limits = {}) {
    cluster_.context = "prod";
    cluster_.server = Url::parse("https://cluster.example.test/").value();
    cluster_.namespaces = std::move(named);
    ClientOptions options{.name = "acme", .origin = cluster_.server.origin, .authorizer = no_credential()};
    options.limits = limits;
    client_ = std::move(services.clients.make(std::move(options)).value());
    api_ = std::make_unique<Api>(*client_, cluster_, "acme");
    ways_ = {api_.get()};
  }

  /// `options` and `sink` have to outlive it, as it has to.
  Task<Result<>> crawl(const CrawlOptions& options, Sink& sink) {
    return kubernetes::crawl(ways_, identity_, options, sink);
  }

 private:
  std::string identity_ = "uid-1";
  Cluster cluster_;
  std::unique_ptr<HttpClient> client_;
  std::unique_ptr<Api> api_;
  std::array<Api*, 1> ways_{};
};

}  // namespace tokensweep::kubernetes::testing
