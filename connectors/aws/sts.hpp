#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "connectors/aws/keys.hpp"
#include "connectors/aws/outside.hpp"
#include "connectors/aws/parse.hpp"
#include "net/task.hpp"

/// AWS' Security Token Service: who one is, and how one becomes somebody else.
namespace tokensweep::aws {

/// A role to take on.
struct Role {
  std::string arn;
  std::optional<std::string> external_id;
  std::optional<std::string> session_name;  ///< empty: `tokensweep`
  std::optional<int> duration_seconds;      ///< empty: STS' own choice, an hour
};

/// Keys of a role that `base` may take on (AssumeRole). `source`: what messages call them. `outside` has to outlive it.
/// Where STS refuses, the error says so with its code; it is `denied` for AccessDenied.
std::unique_ptr<KeySource> role_keys(const Outside& outside, Role role, std::shared_ptr<KeyProvider> base,
                                     std::string source);

/// Keys of a role that is taken on with a token of another identity provider, which is in a file and is read each time:
/// it is exchanged from time to time (AssumeRoleWithWebIdentity).
std::unique_ptr<KeySource> web_identity_keys(const Outside& outside, Role role, std::filesystem::path token_file,
                                             std::string source);

/// Whose the keys are (GetCallerIdentity).
Task<Result<Caller>> caller_of(const Outside& outside, std::shared_ptr<KeyProvider> keys);

}  // namespace tokensweep::aws
