#pragma once

#include <memory>
#include <string>

#include "base/result.hpp"
#include "connectors/aws/config_files.hpp"
#include "connectors/aws/keys.hpp"
#include "connectors/aws/outside.hpp"

namespace tokensweep::aws {

/// Which profile the keys are looked for in.
struct ProfileChoice {
  std::string name = "default";
  bool is_explicit = false;  ///< by a setting: then it goes before keys in the environment
};

/// Finds where keys come from, in the order of botocore 1.44; asks and runs nothing yet. The first of:
///  1. AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, unless the profile was chosen explicitly;
///  2. the profile's `role_arn` with `source_profile` or `credential_source`: roles lead from profile to profile, to
///  one
///     that has keys of another kind;
///  3. a web identity: AWS_WEB_IDENTITY_TOKEN_FILE and AWS_ROLE_ARN, or the profile's keys;
///  4. SSO: the profile's `sso_…` keys;
///  5. the profile's keys in the credentials file;
///  6. `login_session`, which is not supported and an error;
///  7. the profile's `credential_process`;
///  8. its keys in the config file;
///  9. a container's service;
/// 10. the instance's metadata service.
///
/// `misconfigured`, with the profile's name in front, where the first one that there is cannot be followed: half a pair
/// of keys, roles that go round, a profile or a section that is not there, `mfa_serial` (nobody is there to type the
/// code); and where there is none at all. `outside` has to outlive the keys.
Result<std::shared_ptr<KeyProvider>> find_keys(const Outside& outside, const ConfigFiles& files,
                                               const ProfileChoice& choice);

}  // namespace tokensweep::aws
