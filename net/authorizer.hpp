#pragma once

#include <memory>
#include <vector>

#include "net/http.hpp"
#include "net/task.hpp"

namespace tokensweep {

/// Proves to one origin who asks. The client calls it for each attempt, and only for requests to that origin.
class Authorizer {
 public:
  using Credential = std::shared_ptr<const std::vector<SecretHeader>>;

  virtual ~Authorizer() = default;
  /// The headers for a request. May suspend to get or renew them, through a client of its own; an error ends the
  /// source.
  virtual Task<Result<Credential>> credential(const HttpRequest& request) = 0;
  /// The far side refused `refused` with 401. True where another one can be had: the request is sent again, once.
  /// Called once for each credential that is refused, and not twice at a time.
  virtual Task<bool> renew(Credential refused) = 0;
};

/// One header that stays as it is, such as `Authorization: Bearer …`. `prefix` stands before the secret.
std::unique_ptr<Authorizer> fixed_credential(std::string_view name, std::string_view prefix, Secret secret);

/// For an origin that is asked without proving anything.
std::unique_ptr<Authorizer> no_credential();

}  // namespace tokensweep
