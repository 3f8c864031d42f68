#pragma once

#include <memory>

#include "net/answer_store.hpp"
#include "net/client.hpp"
#include "net/clock.hpp"
#include "net/exchange.hpp"

namespace tokensweep {

/// What a client stands on. All of it outlives the client.
struct ClientGround {
  Exchange& transport;
  Clock& clock;
  Random& random;
  AnswerStore* store = nullptr;  ///< null: no answer is kept
};

/// The layers of a client one above the other: redirects, tries, limits, the credential, conditions, the origin, and
/// then the transport. The order matters: a credential is made when its request may leave, each try waits for its turn,
/// and a pause holds for redirected requests too. `misconfigured` as ClientFactory::make has it; `ca_file` and `proxy`
/// are for the transport.
Result<std::unique_ptr<HttpClient>> layered_client(ClientOptions options, const ClientGround& ground);

}  // namespace tokensweep
