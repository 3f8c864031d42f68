#include "net/redirect_layer.hpp"

namespace tokensweep {
namespace {

bool redirects(int status) { return status == 301 || status == 302 || status == 307 || status == 308; }

}  // namespace

Task<Result<HttpResponse>> RedirectLayer::send(const HttpRequest& request, std::span<const SecretHeader> credential) {
  auto answer = co_await next_.send(request, credential);
  if (!answer || !redirects(answer->status) || request.method != "GET") co_return answer;
  HttpRequest followed = copy_of(request);
  CO_TRY(followed.url, policy_.follow(request.url, answer->header("Location")));
  auto second = co_await next_.send(followed, credential);
  if (second && redirects(second->status)) {
    co_return Error{ErrorKind::malformed, to_string(policy_.origin()) + " redirects again and again"};
  }
  co_return second;
}

}  // namespace tokensweep
