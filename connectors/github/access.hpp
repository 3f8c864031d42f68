#pragma once

#include <memory>
#include <optional>
#include <string>

#include "connectors/connector.hpp"
#include "connectors/github/api.hpp"
#include "connectors/github/app.hpp"
#include "connectors/github/site.hpp"

namespace tokensweep::github {

/// How an organisation is asked.
struct Access {
  Api* api = nullptr;  ///< lives as long as the Gate
  /// Whether the credential sees every repository; empty: its answers tell.
  std::optional<bool> sees_all;
  std::string identity;  ///< for people, where it is known before anything is asked
};

/// Gets the credential when it is first needed, and a client for it: one for all organisations where it is a token, one
/// for each installation where it is an App's.
class Gate {
 public:
  /// All have to outlive it.
  Gate(const Settings& settings, const Services& services, const Site& site)
      : settings_(settings), services_(services), site_(site) {}

  /// `misconfigured` where there is no credential, or the App is not installed in `organisation`.
  Task<Result<Access>> access(std::string organisation);

  /// Where the credential was found, for people; empty before that.
  [[nodiscard]] const std::string& from() const { return from_; }

 private:
  Result<Access> access_by_token();
  Task<Result<Access>> access_by_app(std::string organisation);
  Result<std::unique_ptr<HttpClient>> client(std::unique_ptr<Authorizer> authorizer, std::string identity);
  Result<> open_app();

  const Settings& settings_;
  const Services& services_;
  const Site& site_;
  std::string from_;
  // The App's own comes first: the installations' get their tokens through it.
  std::unique_ptr<HttpClient> app_client_;
  std::unique_ptr<Api> app_;
  std::vector<std::unique_ptr<HttpClient>> clients_;
  std::vector<std::unique_ptr<Api>> apis_;
};

}  // namespace tokensweep::github
