#pragma once

#include <chrono>
#include <optional>

#include "net/client.hpp"

/// What answers say of limits in words that many services share. For Limits::read.
namespace tokensweep {

/// What time it is where an answer comes from: its `Date`, and ours where it has none. What an answer says of moments
/// is compared with that, so that our clock need not be right.
std::chrono::sys_seconds their_time(const HttpResponse& response, std::chrono::system_clock::time_point now);

/// How long `Retry-After` (RFC 9110, 10.2.3) wants us to wait: seconds, or a date. At most a year; nothing
/// where it says nothing.
std::optional<std::chrono::seconds> retry_after(const HttpResponse& response,
                                                std::chrono::system_clock::time_point now);

/// Limits::read of a service without rules of its own: 429 is a refusal, 503 where it says when to come back. A 429
/// that does not: 1 s, then twice that each time, a minute at most.
LimitSign common_limit_sign(const HttpResponse& response, std::chrono::system_clock::time_point now, unsigned times);

/// The time of `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110, 5.6.7); nothing for what is written otherwise.
std::optional<std::chrono::sys_seconds> parse_http_date(std::string_view text);

}  // namespace tokensweep
