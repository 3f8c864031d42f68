#include "net/layered_client.hpp"

#include <utility>

#include "net/condition_layer.hpp"
#include "net/credential_layer.hpp"
#include "net/limit_layer.hpp"
#include "net/origin_layer.hpp"
#include "net/redirect_layer.hpp"
#include "net/retry_layer.hpp"

namespace tokensweep {
namespace {

class LayeredClient final : public HttpClient {
 public:
  LayeredClient(ClientOptions options, OriginPolicy policy, const ClientGround& ground)
      : options_(std::move(options)),
        policy_(std::move(policy)),
        origin_(ground.transport, policy_, counters_),
        conditions_(origin_, ground.store, options_.identity, counters_),
        credentials_(conditions_, *options_.authorizer),
        limits_(credentials_, options_.limits, ground.clock, counters_),
        retries_(limits_, ground.clock, ground.random, counters_),
        redirects_(retries_, policy_) {}

  Task<Result<HttpResponse>> send(const HttpRequest& request) override {
    auto answer = co_await send_unnamed(request);
    if (!answer) co_return std::move(answer).error().within(options_.name);
    co_return answer;
  }

  [[nodiscard]] ClientCounters counters() const override { return counters_; }

 private:
  Task<Result<HttpResponse>> send_unnamed(const HttpRequest& request) {
    // Before anything else: an Authorizer may ask its own servers for a credential, and must not for another origin.
    CO_TRY_VOID(policy_.admit(request.url));
    if (credentials_.failed()) co_return *credentials_.failed();
    // Nothing leaves, so no limit is waited for.
    if (auto known = conditions_.known(request)) co_return *std::move(known);
    co_return co_await redirects_.send(request, std::span<const SecretHeader>());
  }

  ClientOptions options_;
  OriginPolicy policy_;
  ClientCounters counters_;
  OriginLayer origin_;
  ConditionLayer conditions_;
  CredentialLayer credentials_;
  LimitLayer limits_;
  RetryLayer retries_;
  RedirectLayer redirects_;
};

}  // namespace

Result<std::unique_ptr<HttpClient>> layered_client(ClientOptions options, const ClientGround& ground) {
  auto policy = OriginPolicy::make(options.origin);
  if (!policy) return std::move(policy).error().within(options.name);
  if (options.authorizer == nullptr) options.authorizer = no_credential();
  return std::unique_ptr<HttpClient>(std::make_unique<LayeredClient>(std::move(options), *std::move(policy), ground));
}

}  // namespace tokensweep
