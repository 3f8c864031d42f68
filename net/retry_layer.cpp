#include "net/retry_layer.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <optional>

namespace tokensweep {
namespace {

using namespace std::chrono_literals;

constexpr unsigned kMostTries = 4;
constexpr unsigned kMostTriesOfUnreadable = 2;
constexpr std::chrono::seconds kFirstWait = 1s;  // at most; each later one twice that

/// How often in all this may be sent; 1 where sending it again is of no use.
unsigned most_tries(const Result<HttpResponse>& answer) {
  if (answer) {
    const int status = answer->status;
    return status == 500 || status == 502 || status == 503 || status == 504 ? kMostTries : 1;
  }
  switch (answer.error().kind) {
    case ErrorKind::transient:
      return kMostTries;
    case ErrorKind::malformed:
      return kMostTriesOfUnreadable;
    default:
      return 1;
  }
}

/// Notices whether it was the reader who ended a request.
class WatchedReader final : public BodyReader {
 public:
  explicit WatchedReader(BodyReader& reader) : reader_(reader) {}
  void begin() override { reader_.begin(); }
  Result<> read(std::string_view bytes) override {
    auto result = reader_.read(bytes);
    refused_ = refused_ || !result;
    return result;
  }
  [[nodiscard]] bool refused() const { return refused_; }

 private:
  BodyReader& reader_;
  bool refused_ = false;
};

}  // namespace

void RetryBudget::asked() { left_ = std::min(left_ + kEarned, kMost); }

bool RetryBudget::spend() {
  if (left_ < 1) return false;
  left_ -= 1;
  return true;
}

Task<Result<HttpResponse>> RetryLayer::send(const HttpRequest& request, std::span<const SecretHeader> credential) {
  budget_.asked();
  std::optional<WatchedReader> reader;
  std::optional<HttpRequest> watched;
  if (request.reader != nullptr) {
    reader.emplace(*request.reader);
    watched = copy_of(request);
    watched->reader = &*reader;
  }
  for (unsigned tries = 1;; ++tries) {
    auto answer = co_await next_.send(watched ? *watched : request, credential);
    const unsigned most = reader && reader->refused() ? 1 : most_tries(answer);
    if (tries < most && budget_.spend()) {
      ++counters_.retries;
      co_await wait(tries);
      continue;
    }
    if (!answer || most == 1) co_return answer;
    co_return Error{ErrorKind::transient,
                    fmt::format("{} answers HTTP {}", to_string(request.url.origin), answer->status)};
  }
}

Task<> RetryLayer::wait(unsigned tries) {
  const std::chrono::duration<double> jittered = kFirstWait * (1U << (tries - 1)) * random_();
  co_await clock_.sleep_until(clock_.now() + std::chrono::duration_cast<Clock::Instant::duration>(jittered));
}

}  // namespace tokensweep
