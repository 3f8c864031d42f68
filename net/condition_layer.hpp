#pragma once

#include <optional>
#include <string>

#include "net/answer_store.hpp"
#include "net/client.hpp"
#include "net/exchange.hpp"

namespace tokensweep {

/// Asks whether a kept answer is still right (RFC 9110, 13.1.2), and gives it where the far side says so (304).
///
/// GitHub makes an ETag of the credential too, so a kept one is worth nothing when the credential is another one: an
/// App's changes every hour. But we know how it is made (github_etag), so it is computed from the kept body and the
/// credential of now. Each answer with a body shows whether that is still true; where it is not, or for another
/// service, the ETag is sent back as it came.
class ConditionLayer final : public Exchange {
 public:
  /// `identity`: ClientOptions has it. `store` may be null: nothing is kept.
  ConditionLayer(Exchange& next, AnswerStore* store, std::string identity, ClientCounters& counters)
      : next_(next), store_(identity.empty() ? nullptr : store), identity_(std::move(identity)), counters_(counters) {}
  Task<Result<HttpResponse>> send(const HttpRequest& request, std::span<const SecretHeader> credential) override;

  /// The kept answer, where it is known to be right without asking.
  std::optional<HttpResponse> known(const HttpRequest& request);

 private:
  [[nodiscard]] bool keeps(const HttpRequest& request) const;
  [[nodiscard]] std::string key_of(const Url& url) const;
  [[nodiscard]] std::string condition_for(const KeptAnswer& kept, const HttpRequest& request,
                                          std::span<const SecretHeader> credential) const;
  /// Compares an answer's ETag with the one that we would have computed.
  void check(const HttpResponse& answer, const HttpRequest& request, std::span<const SecretHeader> credential);

  Exchange& next_;
  AnswerStore* store_;
  std::string identity_;
  ClientCounters& counters_;
  unsigned disagreed_in_a_row_ = 0;
};

/// The ETag of github.com for `body`, without quotes: hex(SHA-256(Accept ":" Authorization ":" [Cookie ":"] body)),
/// each with its colon where the request has it. Observed, not documented.
std::string github_etag(const HttpRequest& request, std::span<const SecretHeader> credential, std::string_view body);

}  // namespace tokensweep
