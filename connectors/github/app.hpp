#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/secret.hpp"
#include "connectors/github/parse.hpp"
#include "connectors/github/site.hpp"
#include "net/authorizer.hpp"
#include "net/client.hpp"
#include "net/clock.hpp"

/// A GitHub App as the one who asks: it proves itself with its key, and gets a token for each organisation that has
/// installed it, an hour at a time.
namespace tokensweep::github {

/// An RSA private key.
class AppKey {
 public:
  /// PEM, PKCS#1 or PKCS#8, without a pass phrase. `misconfigured` for anything else, nothing quoted.
  static Result<AppKey> parse(std::string_view pem);

  AppKey(AppKey&&) noexcept;
  AppKey& operator=(AppKey&&) noexcept;
  ~AppKey();

  /// A JSON Web Token (RFC 7519) for the App `id` (its number or its client id), signed with RS256: good from a minute
  /// before `now`, since clocks differ, to nine minutes after it; GitHub takes ten at most.
  [[nodiscard]] Result<Secret> token(std::string_view id, std::chrono::system_clock::time_point now) const;

 private:
  struct Impl;  // keeps <openssl/…> out of everyone else's build
  explicit AppKey(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// Proves the App itself: for the addresses below /app, and for those that tell of its installations. By our clock, and
/// where a token is refused, by that of GitHub's answer (`Date`), once it differs by more than a token forgives.
std::unique_ptr<Authorizer> app_authorizer(std::string id, AppKey key, const Clock& clock);

/// What is asked for: of the permissions that the installation has, those that a sweep can use, for reading
/// (Codespaces' secrets of a repository can be listed with `write` alone; the organisation's administration is for its
/// audit log). More than the installation has would be
/// refused (422).
Permissions wanted_permissions(const Permissions& granted);

/// The JSON body of the request for a token.
std::string token_request(const Permissions& permissions);

/// Proves the App's installation in one organisation. A token lives an hour; five minutes before its end, or when it
/// is refused, the next request gets another one, and all others wait for it. `app` has to outlive it.
std::unique_ptr<Authorizer> installation_authorizer(HttpClient& app, const Site& site, const Installation& installation,
                                                    const Clock& clock);

}  // namespace tokensweep::github
