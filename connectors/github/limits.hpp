#pragma once

#include <chrono>

#include "connectors/github/site.hpp"
#include "connectors/settings.hpp"
#include "net/client.hpp"

namespace tokensweep::github {

/// What GitHub allows one credential (apis.md, 1.5; "Rate limits for the REST API" in GitHub's documentation). On
/// github.com and ghe.com: 900 requests a minute, 90 s of its work a minute, 100 requests at once; we stay below each.
/// A server has no limits unless its owner switches them on. `concurrency` and `rate` of the settings take the place of
/// ours.
Limits limits_of(const Site& site, const Settings& settings);

/// Limits::read. Every answer that says nothing remains pauses the credential until the window is over. A 403 or 429
/// is a refusal for the limit's sake where it carries Retry-After, where nothing remains, or where its message says so;
/// then the pause is at least a minute, doubles each time, and is given up after the fifth. Any other 403 is a
/// permission that is missing. The audit log has a limit of its own, which nothing waits for: a sweep can do without.
LimitSign read_limits(const HttpResponse& response, std::chrono::system_clock::time_point now, unsigned times);

}  // namespace tokensweep::github
