#include "net/credential_layer.hpp"

#include <utility>

namespace tokensweep {

Task<Result<HttpResponse>> CredentialLayer::send(const HttpRequest& request, std::span<const SecretHeader> /*none*/) {
  for (bool again = false;; again = true) {
    if (failed_) co_return *failed_;
    auto credential = co_await authorizer_.credential(request);
    if (!credential) co_return fail_from_now_on(std::move(credential).error().what);
    auto answer = co_await next_.send(request, **credential);
    if (!answer || !authorizer_.is_refusal(*answer)) co_return answer;
    if (failed_) co_return *failed_;
    if (again || !co_await renew(*std::move(credential), *answer)) {
      co_return fail_from_now_on(to_string(request.url.origin) + " does not accept the credential (HTTP " +
                                 std::to_string(answer->status) + ")");
    }
  }
}

/// Requests that were under way are refused together: the first one renews, the others find it done.
Task<bool> CredentialLayer::renew(Authorizer::Credential refused, const HttpResponse& answer) {
  const auto turn = co_await renewing_.enter();
  if (refused == renewed_) co_return true;
  if (failed_ || !co_await authorizer_.renew(refused, answer)) co_return false;
  renewed_ = std::move(refused);
  co_return true;
}

Error CredentialLayer::fail_from_now_on(std::string why) {
  if (!failed_) failed_ = Error{ErrorKind::misconfigured, std::move(why)};
  return *failed_;
}

}  // namespace tokensweep
