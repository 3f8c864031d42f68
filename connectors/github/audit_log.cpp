#include "connectors/github/audit_log.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include "connectors/github/letter_case.hpp"
#include "connectors/github/plan.hpp"
#include "net/paging.hpp"
#include "net/url.hpp"

namespace tokensweep::github {
namespace {

using std::chrono::sys_seconds;

// Ten thousand events in eight days: asking for everything costs hardly more. The log has 1,750 requests an hour.
constexpr std::size_t kMostPages = 100;
constexpr std::chrono::days kRead = kLongestBelief + std::chrono::days(1);

Outcome not_usable(std::string why) { return {.kind = Outcome::Kind::failed, .reason = std::move(why)}; }

template <class Key>
void note(std::unordered_map<Key, sys_seconds>& last, Key key, sys_seconds at) {
  auto& known = last.try_emplace(std::move(key), at).first->second;
  known = std::max(known, at);
}

template <class Key>
sys_seconds last_of(const std::unordered_map<Key, sys_seconds>& last, const Key& key) {
  const auto found = last.find(key);
  return found == last.end() ? sys_seconds::min() : found->second;
}

}  // namespace

/// A former name has no owner before it.
std::string AuditLog::key_of(std::string_view name) const {
  return lower(name.find('/') == std::string_view::npos ? organisation_ + "/" + std::string(name) : std::string(name));
}

void AuditLog::take(const AuditEvent& event) {
  if (!tells_of_change(event.action)) return;
  // What says not when it was may have been at any time.
  const sys_seconds at = event.at ? std::chrono::ceil<std::chrono::seconds>(*event.at) : now_;
  for (const std::string& name : event.repositories) note(by_name_, key_of(name), at);
  for (const std::int64_t id : event.repository_ids) note(by_id_, id, at);
  // An event of no repository is about the organisation, whose own lists are always asked for.
  const bool is_named = !event.repositories.empty() || !event.repository_ids.empty();
  if (!is_named && (event.action.starts_with("repo.") || event.action.starts_with("environment."))) is_clear_ = false;
}

sys_seconds AuditLog::right_since(const RepositoryRow& repository) const {
  if (!is_clear_) return kNeverRight;
  const sys_seconds event = std::max(last_of(by_name_, lower(repository.full_name)), last_of(by_id_, repository.id));
  const sys_seconds oldest = now_ - kLongestBelief;
  return event < oldest ? oldest : std::max(oldest, event + kEventMargin);
}

Task<AuditLogReading> read_audit_log(Api& api, std::string organisation) {
  AuditLogReading reading;
  if (!api.their_time()) {
    reading.outcome = not_usable("GitHub does not say what time it is");
    co_return reading;
  }
  const sys_seconds now = *api.their_time();
  AuditLog log(organisation, now);
  const std::string first = audit_log_list(organisation, std::chrono::floor<std::chrono::days>(now - kRead));
  std::size_t events = 0;
  PageGuard guard(kMostPages);
  std::string target = first;
  for (;;) {
    if (!guard.enter(target)) {
      reading.outcome = not_usable("it goes round, or has more than 10,000 events in eight days");
      co_return reading;
    }
    auto answer = co_await api.get(Asked::known, target, &audit_log_reader, false, RightSince(), "after");
    ++reading.pages;
    reading.outcome = std::move(answer.outcome);
    if (!reading.outcome) co_return reading;
    for (const AuditEvent& event : answer.document.rows) log.take(event);
    events += answer.document.rows.size();
    if (!answer.next) break;
    target = first + "&after=" + percent_encoded(*answer.next);
  }
  if (events == 0) {
    reading.outcome = not_usable("it has no event of eight days, which proves nothing");
    co_return reading;
  }
  reading.log = std::move(log);
  co_return reading;
}

}  // namespace tokensweep::github
