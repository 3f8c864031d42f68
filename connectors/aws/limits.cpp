#include "connectors/aws/limits.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <string_view>

#include "connectors/aws/error_code.hpp"

namespace tokensweep::aws {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kFirstPause{500};
constexpr milliseconds kLongestPause{20'000};
constexpr milliseconds kMostAdded{5'000};
constexpr unsigned kMostDoublings = 6;

/// As botocore's standard retry mode has them.
constexpr std::array<std::string_view, 10> kThrottled = {"ThrottlingException",      "Throttling",
                                                         "ThrottledException",       "RequestThrottledException",
                                                         "TooManyRequestsException", "RequestLimitExceeded",
                                                         "BandwidthLimitExceeded",   "LimitExceededException",
                                                         "RequestThrottled",         "SlowDown"};

milliseconds added(const HttpResponse& response) {
  const std::string_view text = response.header("x-amz-retry-after");
  std::uint32_t number = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failure != std::errc() || end != text.data() + text.size()) return milliseconds(0);
  return std::min(milliseconds(number), kMostAdded);
}

}  // namespace

LimitSign read_limits(const HttpResponse& response, std::chrono::system_clock::time_point /*now*/, unsigned times) {
  if (response.status < 400) return {};
  const bool refused =
      response.status == 429 || std::ranges::find(kThrottled, error_code(response)) != kThrottled.end();
  if (!refused) return {};
  const milliseconds pause = std::min(kFirstPause * (1U << std::min(times, kMostDoublings)), kLongestPause);
  return {.pause = pause + added(response), .refused = true};
}

}  // namespace tokensweep::aws
