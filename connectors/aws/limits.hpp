#pragma once

#include "net/client.hpp"

namespace tokensweep::aws {

/// What an answer of any of AWS' services says of its limits, for Limits::read: it refuses with 400 and a code, or with
/// 429. Half a second, then twice that each time, 20 s at most; `x-amz-retry-after` adds to it, 5 s at most.
LimitSign read_limits(const HttpResponse& response, std::chrono::system_clock::time_point now, unsigned times);

}  // namespace tokensweep::aws
