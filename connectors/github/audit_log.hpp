#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <unordered_map>

#include "connectors/github/api.hpp"
#include "connectors/github/parse.hpp"

/// What an organisation's audit log proves of kept answers: that they are right still, so that nobody need be asked.
/// Only Enterprise Cloud has the log, for owners. The proof is in github.md, "The audit log".
namespace tokensweep::github {

/// Kept answers are believed for so long; older ones are asked for again, whatever the log says.
inline constexpr std::chrono::days kLongestBelief{7};
/// An answer is believed only where its repository's last event is so much older: clocks differ, and a list may lag
/// behind a change.
inline constexpr std::chrono::hours kEventMargin{1};

/// No kept answer is known to be right; when one is confirmed is noted all the same, for the next sweep.
inline constexpr std::chrono::sys_seconds kNeverRight = std::chrono::sys_seconds::max();

/// What the log's events say of each repository. Pure.
class AuditLog {
 public:
  /// `now`: the service's. `organisation`: its login, which is the owner in its repositories' names.
  AuditLog(std::string organisation, std::chrono::sys_seconds now)
      : organisation_(std::move(organisation)), now_(now) {}

  void take(const AuditEvent& event);

  /// Since when kept answers about this repository are right.
  [[nodiscard]] std::chrono::sys_seconds right_since(const RepositoryRow& repository) const;

 private:
  [[nodiscard]] std::string key_of(std::string_view name) const;

  std::string organisation_;
  std::chrono::sys_seconds now_;
  std::unordered_map<std::string, std::chrono::sys_seconds> by_name_;  ///< the last event; `owner/name`, lower case
  std::unordered_map<std::int64_t, std::chrono::sys_seconds> by_id_;
  bool is_clear_ = true;  ///< false: something happened to a repository that is not named
};

/// What came of reading it.
struct AuditLogReading {
  Outcome outcome;
  std::size_t pages = 0;
  std::optional<AuditLog> log;  ///< where the outcome is fine
};

/// Reads the log as far back as kept answers are believed, and a day more. A log without a single event, one that is
/// longer than it is worth, and a service that does not say what time it is end as `failed`: nothing is concluded then.
/// To be called after something has been asked, so that the service's time is known.
Task<AuditLogReading> read_audit_log(Api& api, std::string organisation);

}  // namespace tokensweep::github
