#pragma once

#include <array>
#include <cstdint>

/// What is remembered of places whose stores number their versions.
namespace tokensweep {

/// A place, or one version of one as one reader read it, by the beginning of a digest: equal for equal ones alone.
using Mark = std::array<std::uint8_t, 16>;

/// One version of a place that was read.
struct KnownVersion {
  Mark version{};
  std::int64_t since = 0;  ///< the sweep that read it: what this or a later one saw there, is there

  friend bool operator<(const KnownVersion& a, const KnownVersion& b) { return a.version < b.version; }
};

}  // namespace tokensweep
