#pragma once

#include <chrono>

#include "net/client.hpp"

namespace tokensweep::circleci {

/// Requests a second and at once that CircleCI bears for long; it publishes no numbers.
inline constexpr double kRate = 5;
inline constexpr unsigned kInFlight = 4;

/// Limits::read: as everywhere (net/limit_signs.hpp), and where `RateLimit-Remaining`, `X-RateLimit-Remaining` or
/// `X-RateLimit-Remaining-Second|Minute|Hour|Day` say that nothing remains, a pause until the reset of the same name,
/// or `RateLimit-Reset`: seconds from now, of which the longest hold. `Retry-After` goes before them.
LimitSign read_limits(const HttpResponse& response, std::chrono::system_clock::time_point now, unsigned times);

}  // namespace tokensweep::circleci
