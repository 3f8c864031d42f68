#include "net/counting_factory.hpp"

#include <utility>

namespace tokensweep {
namespace {

class CountedClient final : public HttpClient {
 public:
  CountedClient(std::unique_ptr<HttpClient> inner, std::atomic<std::uint64_t>& requests)
      : inner_(std::move(inner)), requests_(requests) {}

  Task<Result<HttpResponse>> send(const HttpRequest& request) override {
    auto response = co_await inner_->send(request);
    const std::uint64_t now = inner_->counters().requests;
    requests_.fetch_add(now - std::exchange(counted_, now), std::memory_order_relaxed);
    co_return response;
  }
  [[nodiscard]] ClientCounters counters() const override { return inner_->counters(); }

 private:
  std::unique_ptr<HttpClient> inner_;
  std::atomic<std::uint64_t>& requests_;
  std::uint64_t counted_ = 0;
};

}  // namespace

Result<std::unique_ptr<HttpClient>> CountingFactory::make(ClientOptions options) {
  TRY(auto client, inner_.make(std::move(options)));
  return std::unique_ptr<HttpClient>(std::make_unique<CountedClient>(std::move(client), requests_));
}

}  // namespace tokensweep
