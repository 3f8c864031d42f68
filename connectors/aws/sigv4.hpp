#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/aws/keys.hpp"
#include "net/authorizer.hpp"
#include "net/clock.hpp"
#include "net/http.hpp"

/// AWS Signature Version 4 in the `Authorization` header.
namespace tokensweep::aws {

/// What a signature is good for, beside its day.
struct SigningScope {
  std::string region;
  std::string service;  ///< by its signing name: `ssm`, `sts`, `account`, `organizations`
};

/// The headers that sign `request` at `time`: Authorization, X-Amz-Date, and X-Amz-Security-Token for temporary keys.
/// Host, Content-Type and all X-Amz-… headers are signed, with the body's SHA-256. The path must not have dot segments,
/// and the query has to be percent-encoded as net/url.hpp does it.
std::vector<SecretHeader> sign(const HttpRequest& request, const Keys& keys, const SigningScope& scope,
                               std::chrono::sys_seconds time);

/// Signs each attempt with the keys of `keys`, by `clock` and what AWS' answers say of the time.
///
/// A refusal is HTTP 401, and 400 or 403 with one of AWS' codes: keys that have ended (`ExpiredToken…`) are renewed;
/// a signature that does not fit (`InvalidSignatureException`, `SignatureDoesNotMatch`, `RequestExpired`,
/// `RequestTimeTooSkewed`) is made again by the clock of the answer's `Date` where that differs, else with renewed
/// keys.
///
/// `UnrecognizedClientException` and `InvalidClientTokenId` are answers like any other: keys that are good say so in a
/// region for which the account has not been enabled. Whoever wants to know proves the keys first (Session::caller).
std::unique_ptr<Authorizer> sigv4_authorizer(std::shared_ptr<KeyProvider> keys, SigningScope scope, const Clock& clock);

}  // namespace tokensweep::aws
