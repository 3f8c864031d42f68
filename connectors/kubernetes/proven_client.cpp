#include "connectors/kubernetes/proven_client.hpp"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace tokensweep::kubernetes {
namespace {

/// A request that meets a new certificate each time it is sent is given up.
constexpr int kClientsForOneRequest = 3;

/// Whether a client's certificate is no longer the one to use. Its authorizer sees that first.
struct Outdated {
  bool is = false;
};

class ProofAuthorizer final : public Authorizer {
 public:
  ProofAuthorizer(std::shared_ptr<ProofSource> source, std::shared_ptr<const ClientCertificate> certificate,
                  std::shared_ptr<Outdated> outdated)
      : source_(std::move(source)), certificate_(std::move(certificate)), outdated_(std::move(outdated)) {}

  Task<Result<Credential>> credential(const HttpRequest& /*request*/) override {
    CO_TRY(const Proof proof, co_await source_->current());
    if (proof.certificate != certificate_) {
      outdated_->is = true;
      co_return Error{ErrorKind::misconfigured, "the client certificate was exchanged in the middle of a request"};
    }
    co_return proof.headers;
  }

  Task<bool> renew(Credential refused, const HttpResponse& /*answer*/) override {
    if (!co_await source_->renew(refused)) co_return false;
    // The same connection cannot show another certificate.
    const auto credential = co_await this->credential(HttpRequest());
    co_return credential.has_value();
  }

 private:
  std::shared_ptr<ProofSource> source_;
  std::shared_ptr<const ClientCertificate> certificate_;
  std::shared_ptr<Outdated> outdated_;
};

class ProvenClient final : public HttpClient {
 public:
  ProvenClient(std::string name, std::shared_ptr<ProofSource> source, MakeClient make)
      : name_(std::move(name)), source_(std::move(source)), make_(std::move(make)) {}

  Task<Result<HttpResponse>> send(const HttpRequest& request) override {
    for (int made = 1;; ++made) {
      const auto one = co_await newest();
      if (!one) co_return Error(one.error()).within(name_);
      auto answer = co_await one->client->send(request);
      if (answer || !one->outdated->is || made == kClientsForOneRequest) co_return answer;
    }
  }

  [[nodiscard]] ClientCounters counters() const override {
    ClientCounters sum;
    for (const One& one : all_) {
      const ClientCounters its = one.client->counters();
      sum.requests += its.requests;
      sum.unchanged += its.unchanged;
      sum.retries += its.retries;
      sum.refused += its.refused;
    }
    return sum;
  }

  /// Makes the first one.
  Task<Result<>> prepare() {
    const auto one = co_await newest();
    co_return one ? Result<>() : Result<>(one.error());
  }

 private:
  struct One {
    std::shared_ptr<HttpClient> client;
    std::shared_ptr<const ClientCertificate> certificate;
    std::shared_ptr<Outdated> outdated;
  };

  /// A failure is for ever: a plugin that fails is not run for each request.
  Task<Result<One>> newest() {
    if (failed_) co_return *failed_;
    auto one = co_await find_or_make();
    if (!one) failed_ = one.error();
    co_return one;
  }

  Task<Result<One>> find_or_make() {
    CO_TRY(const Proof proof, co_await source_->current());
    if (!all_.empty() && all_.back().certificate == proof.certificate) co_return all_.back();
    One one{.client = nullptr, .certificate = proof.certificate, .outdated = std::make_shared<Outdated>()};
    auto authorizer = std::make_unique<ProofAuthorizer>(source_, one.certificate, one.outdated);
    CO_TRY(one.client, make_(std::move(authorizer), one.certificate.get()));
    all_.push_back(one);
    co_return one;
  }

  std::string name_;
  std::shared_ptr<ProofSource> source_;
  MakeClient make_;
  std::optional<Error> failed_;
  std::vector<One> all_;  ///< the newest last; the others may have requests under way, and have counted theirs
};

}  // namespace

Task<Result<std::unique_ptr<HttpClient>>> proven_client(std::string name, std::shared_ptr<ProofSource> source,
                                                        MakeClient make) {
  auto client = std::make_unique<ProvenClient>(std::move(name), std::move(source), std::move(make));
  CO_TRY_VOID(co_await client->prepare());
  co_return std::unique_ptr<HttpClient>(std::move(client));
}

}  // namespace tokensweep::kubernetes
