// What a client's layers cost, by hand: processor time for each request, the transport aside.
//
//   client_bench [REQUESTS]
#include <fmt/core.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <cstdlib>
#include <ctime>
#include <map>
#include <string>

#include "net/layered_client.hpp"
#include "net/task_group.hpp"
#include "tests/net/client_rig.hpp"

namespace {

using namespace tokensweep;

constexpr std::size_t kSideBySide = 10;
const std::string kBody(4000, 'x');

class Memory final : public AnswerStore {
 public:
  std::optional<KeptAnswer> find(std::string_view key) override {
    const auto found = answers_.find(key);
    return found == answers_.end() ? std::nullopt : std::optional(found->second);
  }
  void keep(std::string_view key, const KeptAnswer& answer) override {
    answers_.insert_or_assign(std::string(key), answer);
  }

 private:
  std::map<std::string, KeptAnswer, std::less<>> answers_;
};

/// Answers at once.
class Immediate final : public Exchange {
 public:
  Task<Result<HttpResponse>> send(const HttpRequest& request, std::span<const SecretHeader> /*credential*/) override {
    HttpResponse response;
    response.status = value_of(request.headers, "If-None-Match").empty() ? 200 : 304;
    response.headers = {{"ETag", "\"x\""}, {"x-ratelimit-remaining", "4999"}};
    if (response.status == 200) response.body.append(kBody);
    co_return response;
  }
};

Task<> ask(HttpClient& client, std::size_t number, bool keeps) {
  HttpRequest request;
  request.url = testing::kApi.at("/repos/acme/" + std::to_string(number));
  request.headers = {{"Accept", "application/vnd.github+json"}};
  request.keeps_answer = keeps;
  if (!co_await client.send(request)) std::abort();
}

Task<> ask_all(HttpClient& client, std::size_t count, bool keeps) {
  TaskGroup group(kSideBySide);
  for (std::size_t i = 0; i < count; ++i) co_await group.start(ask(client, i, keeps));
  co_await group.join();
}

double processor_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

}  // namespace

int main(int argc, char** argv) {
  const std::size_t count = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 100'000;
  SystemClock clock;
  Random random = testing::fractions(1);
  Immediate transport;
  Memory store;
  ClientOptions options;
  options.name = "acme";
  options.origin = testing::kApi.origin;
  options.authorizer = fixed_credential("Authorization", "Bearer ", Secret("x"));
  options.limits = {.in_flight = kSideBySide, .rate = 1e9, .busy_per_minute = std::chrono::hours(1)};
  options.identity = "acme";
  const auto client = *layered_client(std::move(options), {transport, clock, random, &store});
  const auto measure = [&](std::string_view what, bool keeps) {
    boost::asio::io_context context(1);
    boost::asio::co_spawn(context, ask_all(*client, count, keeps), [](const std::exception_ptr& thrown) {
      if (thrown) std::abort();
    });
    const double before = processor_seconds();
    context.run();
    fmt::print("{:40} {:.2f} us a request\n", what, (processor_seconds() - before) / static_cast<double>(count) * 1e6);
  };
  measure("not kept", false);
  measure("kept for the first time, 4 KB", true);
  measure("unchanged, 4 KB", true);
  return 0;
}
