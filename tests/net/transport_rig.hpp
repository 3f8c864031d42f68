#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/transport.hpp"
#include "tests/support/hostile_server.hpp"

namespace tokensweep::testing {

/// Nothing takes so long: a test that hangs fails by this, and no test that passes comes near it.
constexpr std::chrono::milliseconds kLong{20'000};
/// A far side that hangs does not answer however short this is.
constexpr std::chrono::milliseconds kShort{60};

inline Deadlines patient() {
  return {.connect = kLong, .proxy = kLong, .handshake = kLong, .idle = kLong, .window = kLong, .whole = 2 * kLong};
}

/// No proxy, whatever the machine's environment says.
inline TransportOptions direct() {
  TransportOptions options;
  options.environment = [](const char*) { return std::nullopt; };
  options.deadlines = patient();
  return options;
}

/// A transport and the thread that it runs on: this one.
class TransportRig {
 public:
  explicit TransportRig(const TransportOptions& options = direct()) {
    auto made = Transport::make(options, clock_);
    if (!made) throw std::runtime_error(made.error().what);
    transport_ = std::move(*made);
  }

  Result<HttpResponse> send(const HttpRequest& request, std::span<const SecretHeader> credential = {}) {
    std::vector<const HttpRequest*> one = {&request};
    return std::move(send_all(one, credential).front());
  }

  /// All at once.
  std::vector<Result<HttpResponse>> send_all(const std::vector<const HttpRequest*>& requests,
                                             std::span<const SecretHeader> credential = {}) {
    std::vector<std::optional<Result<HttpResponse>>> answers(requests.size());
    context_.restart();
    for (std::size_t i = 0; i < requests.size(); ++i) {
      boost::asio::co_spawn(context_, keep(transport_->send(*requests[i], credential), answers[i]),
                            [](std::exception_ptr thrown) {
                              if (thrown) std::rethrow_exception(thrown);
                            });
    }
    context_.run();
    std::vector<Result<HttpResponse>> all;
    for (auto& answer : answers) all.push_back(std::move(answer.value()));
    return all;
  }

  [[nodiscard]] TransportCounters counters() const { return transport_->counters(); }

 private:
  static Task<> keep(Task<Result<HttpResponse>> task, std::optional<Result<HttpResponse>>& answer) {
    answer = co_await std::move(task);
  }

  boost::asio::io_context context_{1};
  SystemClock clock_;
  std::unique_ptr<Transport> transport_;
};

inline HttpRequest get(std::string host, std::uint16_t port, bool tls = false, std::string target = "/") {
  HttpRequest request;
  request.url = {{.tls = tls, .host = std::move(host), .port = port}, std::move(target)};
  request.first_byte = kLong;
  return request;
}

inline HttpRequest get(const HostileServer& server, std::string target = "/") {
  return get("127.0.0.1", server.port(), false, std::move(target));
}

/// What a server's threads saw.
class Seen {
 public:
  void add(std::string text) {
    const std::lock_guard lock(mutex_);
    texts_.push_back(std::move(text));
  }
  [[nodiscard]] std::vector<std::string> all() const {
    const std::lock_guard lock(mutex_);
    return texts_;
  }
  [[nodiscard]] std::size_t count() const { return all().size(); }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> texts_;
};

inline bool says(const Result<HttpResponse>& answer, std::string_view text) {
  return !answer && answer.error().what.find(text) != std::string::npos;
}

}  // namespace tokensweep::testing
