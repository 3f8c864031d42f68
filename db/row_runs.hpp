#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/result.hpp"

namespace tokensweep {

/// Sorts row numbers and calls `each` with the first and the last of each run without a gap: what was written together
/// is updated by one statement. The same number may come twice.
template <class Each>
Result<> for_each_run(std::vector<std::int64_t>& rows, const Each& each) {
  std::sort(rows.begin(), rows.end());
  for (std::size_t at = 0; at < rows.size();) {
    const std::int64_t first = rows[at];
    std::int64_t last = first;
    while (++at < rows.size() && rows[at] <= last + 1) last = rows[at];
    TRY_VOID(each(first, last));
  }
  return {};
}

}  // namespace tokensweep
