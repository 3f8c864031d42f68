#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/secret.hpp"
#include "connectors/aws/keys.hpp"
#include "model/model.hpp"

/// What AWS' services answer that give keys, or tell of accounts and regions: bytes in, values out. Everything fails
/// (`malformed`, nothing quoted) that is not what it should be.
namespace tokensweep::aws {

/// Whose keys they are, in STS' words.
struct Caller {
  std::string account;  ///< 12 digits
  std::string arn;
};

/// One account of an organisation that is active.
struct Account {
  std::string id;  ///< 12 digits
  std::string name;
};

/// Of AssumeRole and AssumeRoleWithWebIdentity.
Result<Keys> parse_role_keys(std::string_view body, std::string source);
/// Of GetCallerIdentity.
Result<Caller> parse_caller(std::string_view body);

/// What a container's or a machine's metadata service gives: AccessKeyId, SecretAccessKey, Token, Expiration.
Result<Keys> parse_metadata_keys(std::string_view body, std::string source);
/// What a `credential_process` prints.
Result<Keys> parse_process_keys(std::string_view output, std::string source);
/// Of SSO's GetRoleCredentials.
Result<Keys> parse_sso_keys(std::string_view body, std::string source);

/// A file of SSO's cache, as `aws sso login` leaves it, or the answer of SSO's token endpoint. Its texts can stand in a
/// JSON string or a header as they are.
struct SsoToken {
  Secret access_token;
  Time expires_at;
  /// What it takes to get another one without the user; all there, or it cannot be done.
  std::optional<Secret> refresh_token;
  std::string client_id;
  Secret client_secret;
  std::optional<Time> registration_ends;
};
Result<SsoToken> parse_sso_cache(std::string_view text);
/// `now`: the answer says how long it is good for.
Result<SsoToken> parse_refreshed_token(std::string_view body, Time now);

/// A page of a list, and the token of the next one; empty where there is none. It can stand in a JSON string as it is.
struct RegionPage {
  std::vector<std::string> regions;
  std::string next;
};
Result<RegionPage> parse_regions(std::string_view body);

struct AccountPage {
  std::vector<Account> accounts;  ///< those that are active
  std::string next;
};
Result<AccountPage> parse_accounts(std::string_view body);

}  // namespace tokensweep::aws
