#pragma once

#include <algorithm>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "net/exchange.hpp"
#include "tests/support/virtual_clock.hpp"

namespace tokensweep::testing {

/// An answer that takes some time.
inline HttpResponse answer_of(int status, std::vector<HttpHeader> headers = {}, std::string_view body = "",
                              std::chrono::milliseconds took = std::chrono::milliseconds(10)) {
  HttpResponse response;
  response.status = status;
  response.headers = std::move(headers);
  response.body = WipedText(body);
  response.took = took;
  return response;
}

/// The far side of a client, in place of the transport: a function answers, and what came is written down.
class FakeService final : public Exchange {
 public:
  struct Arrival {
    Clock::Instant at;
    std::string url;
    std::string condition;      ///< If-None-Match
    std::string authorization;  ///< made at run time, so it may be looked at
  };
  /// Called when a request arrives; the answer goes back after the time that it took, an error after `error_takes`.
  using Behaviour = std::function<Result<HttpResponse>(const Arrival&)>;

  FakeService(VirtualClock& clock, Behaviour behaviour) : clock_(clock), behaviour_(std::move(behaviour)) {}

  Task<Result<HttpResponse>> send(const HttpRequest& request, std::span<const SecretHeader> credential) override {
    Arrival arrival;
    arrival.at = clock_.now();
    arrival.url = to_string(request.url);
    arrival.condition = value_of(request.headers, "If-None-Match");
    for (const SecretHeader& header : credential) {
      if (same_name(header.name, "Authorization")) arrival.authorization = header.value.reveal();
    }
    arrivals.push_back(arrival);
    most_in_flight = std::max(most_in_flight, ++in_flight);
    auto answer = behaviour_(arrival);
    co_await clock_.sleep_until(clock_.now() + (answer ? answer->took : error_takes));
    --in_flight;
    if (answer && answer->status == 200 && request.reader != nullptr) {
      request.reader->begin();
      CO_TRY_VOID(request.reader->read(answer->body.view()));
      answer->body.clear();
    }
    co_return answer;
  }

  std::vector<Arrival> arrivals;
  std::chrono::milliseconds error_takes{10};
  unsigned in_flight = 0;
  unsigned most_in_flight = 0;

 private:
  VirtualClock& clock_;
  Behaviour behaviour_;
};

/// Gives the answers one after the other, and then 200 for ever.
inline FakeService::Behaviour in_order(std::vector<std::function<Result<HttpResponse>()>> answers) {
  return [answers = std::move(answers), next = std::size_t{0}](const FakeService::Arrival& /*arrival*/) mutable {
    return next < answers.size() ? answers[next++]() : Result<HttpResponse>(answer_of(200));
  };
}

inline std::function<Result<HttpResponse>()> status(int code, std::vector<HttpHeader> headers = {}) {
  return [code, headers = std::move(headers)] { return answer_of(code, headers); };
}
inline std::function<Result<HttpResponse>()> failure(ErrorKind kind) {
  return [kind] { return Result<HttpResponse>(Error{kind, "api.example.test: it failed"}); };
}

}  // namespace tokensweep::testing
