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
  /// Whether `answer` refuses the credential, rather than what was asked for: 401, unless a service says it otherwise.
  [[nodiscard]] virtual bool is_refusal(const HttpResponse& answer) const { return answer.status == 401; }
  /// The far side refused `refused`, which credential() gave, with `answer`. True where another one can be had: the
  /// request is sent again, once. Called once for each credential that is refused, and not twice at a time.
  virtual Task<bool> renew(Credential refused, const HttpResponse& answer) = 0;
};

/// One header that stays as it is, such as `Authorization: Bearer …`. `prefix` stands before the secret.
std::unique_ptr<Authorizer> fixed_credential(std::string_view name, std::string_view prefix, Secret secret);

/// For an origin that is asked without proving anything.
std::unique_ptr<Authorizer> no_credential();

}  // namespace tokensweep
