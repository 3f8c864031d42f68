#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "net/limit_signs.hpp"

using namespace tokensweep;

/// `Retry-After`, then `Date` on the next line. No answer makes us wait less than nothing, or longer than a year,
/// whatever our own clock says.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::size_t end = std::min(text.find('\n'), text.size());
  const std::string_view date = text.substr(std::min(end + 1, text.size()));
  HttpResponse response;
  response.headers = {{"Retry-After", std::string(text.substr(0, end))}, {"Date", std::string(date)}};
  constexpr std::chrono::seconds kYear = std::chrono::hours(24 * 365);
  for (const int status : {200, 429, 503}) {
    response.status = status;
    for (const std::int64_t now : {-4'000'000'000, std::int64_t{0}, std::int64_t{8'000'000'000}}) {
      const auto sign = common_limit_sign(response, std::chrono::sys_seconds(std::chrono::seconds(now)), 40);
      if (sign.pause < std::chrono::seconds(0) || sign.pause > kYear) std::abort();
      if (sign.refused != (status == 429 || (status == 503 && retry_after(response, {})))) std::abort();
    }
  }
  return 0;
}
