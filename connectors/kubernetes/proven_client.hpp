#pragma once

#include <functional>
#include <memory>
#include <string>

#include "connectors/kubernetes/proof.hpp"
#include "net/client.hpp"

namespace tokensweep::kubernetes {

/// Makes a client that proves itself by this, and by this certificate where there is one.
using MakeClient =
    std::function<Result<std::unique_ptr<HttpClient>>(std::unique_ptr<Authorizer>, const ClientCertificate*)>;

/// A client that proves itself by what `source` gives. When that becomes another certificate, whatever is asked from
/// then on goes through another client, with connections of its own. Where no proof can be had any more, all that is
/// asked fails with that; as with any client, `name` begins its errors, and `make` gives it to those that it makes.
/// Fails, without that name, where there is no proof to begin with.
Task<Result<std::unique_ptr<HttpClient>>> proven_client(std::string name, std::shared_ptr<ProofSource> source,
                                                        MakeClient make);

}  // namespace tokensweep::kubernetes
