#pragma once

#include <cstdlib>
#include <string>

#include "base/result.hpp"

namespace tokensweep::testing {

/// What has to hold whatever the bytes: a fuzzer sees an abort.
inline void require(bool holds) {
  if (!holds) std::abort();
}

/// An error is one line that somebody can read.
template <class T>
void require_one_line(const Result<T>& read) {
  if (read) return;
  const std::string& what = read.error().what;
  require(!what.empty() && what.find('\n') == std::string::npos && what.size() < 200);
}

}  // namespace tokensweep::testing
