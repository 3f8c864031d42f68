#include "net/origin_layer.hpp"

namespace tokensweep {

Task<Result<HttpResponse>> OriginLayer::send(const HttpRequest& request, std::span<const SecretHeader> credential) {
  CO_TRY_VOID(policy_.admit(request.url));
  ++counters_.requests;
  co_return co_await next_.send(request, credential);
}

}  // namespace tokensweep
