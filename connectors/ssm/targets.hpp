#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "connectors/aws/session.hpp"
#include "connectors/settings.hpp"
#include "connectors/ssm/sightings.hpp"
#include "net/task.hpp"

/// Which accounts and regions a source is to read, as the settings and AWS say it.
namespace tokensweep::ssm {

struct Targets {
  std::vector<std::string> regions;  ///< empty: the session's own
  bool all_regions = false;          ///< all that are enabled for the account
  std::vector<aws::Role> roles;      ///< one account each; empty: the session's own account
};

/// Fails (`misconfigured`) for what is no region and no role.
Result<Targets> read_targets(const Settings& settings);

/// One account that is to be read, and the keys for it.
struct Holder {
  std::string account;
  std::string partition = "aws";
  std::shared_ptr<aws::KeyProvider> keys;
};

/// The account that a role's ARN names; its keys are asked for when they are needed.
Holder holder_of(const aws::Role& role, std::shared_ptr<aws::KeyProvider> keys);
/// The account whose the caller's keys are.
Holder holder_of(const aws::Caller& caller, std::shared_ptr<aws::KeyProvider> keys);

/// The regions of an account that are to be read, at least one. Errors are one line.
Task<Result<std::vector<std::string>>> regions_of(const Holder& holder, const Targets& targets,
                                                  const aws::Session& session);

}  // namespace tokensweep::ssm
