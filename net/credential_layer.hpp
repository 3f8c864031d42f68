#pragma once

#include <memory>
#include <optional>

#include "net/authorizer.hpp"
#include "net/exchange.hpp"
#include "net/wait_line.hpp"

namespace tokensweep {

/// Adds the credential to each attempt, just before it leaves: it may be a signature that ages. Where it is refused, it
/// is renewed, and the request sent again, once. A second refusal, or a credential that cannot be had, is
/// `misconfigured`, and from then on everything fails so at once, with nothing sent: a service that sees a bad
/// credential again and again locks its owner out.
class CredentialLayer final : public Exchange {
 public:
  CredentialLayer(Exchange& next, Authorizer& authorizer) : next_(next), authorizer_(authorizer) {}
  /// What the layers above hand in as a credential is not looked at: they have none.
  Task<Result<HttpResponse>> send(const HttpRequest& request, std::span<const SecretHeader> none) override;

  /// What everything fails with from now on: whoever knows need not wait for its turn first.
  [[nodiscard]] const std::optional<Error>& failed() const { return failed_; }

 private:
  Task<bool> renew(Authorizer::Credential refused, const HttpResponse& answer);
  Error fail_from_now_on(std::string why);

  Exchange& next_;
  Authorizer& authorizer_;
  std::optional<Error> failed_;
  Semaphore renewing_{1};
  Authorizer::Credential renewed_;  // the last one that was refused and has a successor
};

}  // namespace tokensweep
