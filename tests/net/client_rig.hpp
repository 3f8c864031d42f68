#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "net/layered_client.hpp"
#include "net/task_group.hpp"
#include "tests/support/fake_service.hpp"
#include "tests/support/tokens.hpp"
#include "tests/support/virtual_clock.hpp"

namespace tokensweep::testing {

inline const Url kApi = *Url::parse("https://api.example.test/");

/// Numbers from 0 to below 1, the same ones for the same seed.
inline tokensweep::Random fractions(std::uint64_t seed) {
  return [state = Random(seed)]() mutable { return static_cast<double>(state.next() >> 11U) * 0x1p-53; };
}

/// A client on a service that is a function, under virtual time, with a random number that a seed gives.
class ClientRig {
 public:
  explicit ClientRig(FakeService::Behaviour behaviour, ClientOptions options = {}, AnswerStore* store = nullptr)
      : service(time.clock, std::move(behaviour)) {
    if (options.name.empty()) options.name = "acme";
    options.origin = kApi.origin;
    client = *layered_client(std::move(options), {service, time.clock, random, store});
  }

  Result<HttpResponse> get(std::string_view target) {
    HttpRequest request;
    request.url = kApi.at(target);
    return send(request);
  }
  Result<HttpResponse> send(const HttpRequest& request) { return time.run(client->send(request)); }

  /// Sends `/0` to `/count-1`, so many side by side, and gives the answers by number.
  std::vector<Result<HttpResponse>> get_all(std::size_t count, std::size_t side_by_side) {
    std::vector<std::optional<Result<HttpResponse>>> answers(count);
    time.run(ask(*client, answers, side_by_side));
    std::vector<Result<HttpResponse>> all;
    for (auto& answer : answers) all.push_back(std::move(answer).value());  // throws where one never came
    return all;
  }

  VirtualTime time;
  tokensweep::Random random = fractions(1);
  FakeService service;
  std::unique_ptr<HttpClient> client;

 private:
  static Task<> ask_one(HttpClient& asked, std::size_t number, std::optional<Result<HttpResponse>>& answer) {
    HttpRequest request;
    request.url = kApi.at("/" + std::to_string(number));
    auto came = co_await asked.send(request);
    if (answer) throw std::logic_error("a request ended twice");
    answer = std::move(came);
  }
  static Task<> ask(HttpClient& asked, std::vector<std::optional<Result<HttpResponse>>>& answers, std::size_t most) {
    TaskGroup group(most);
    for (std::size_t i = 0; i < answers.size(); ++i) co_await group.start(ask_one(asked, i, answers[i]));
    co_await group.join();
  }
};

}  // namespace tokensweep::testing
