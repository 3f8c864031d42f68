#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "db/inventory.hpp"
#include "identity/signing.hpp"
#include "model/model.hpp"

/// The lines of a sealed file (docs/merge.md). Each is written in one way alone, so what reads differently is refused.
namespace tokensweep {

// What a file may be at the most; a writer keeps to it, too.
inline constexpr std::size_t kLongestSealedLine = std::size_t{64} << 10U;
inline constexpr std::size_t kLargestSealedFile = std::size_t{64} << 20U;
inline constexpr std::size_t kMostSealedScopes = 1'000;
inline constexpr std::size_t kMostSealedGaps = 100'000;
inline constexpr std::size_t kMostSealedHits = 100'000;
/// The longest place and prefix in bytes; the system's own limit for a path.
inline constexpr std::size_t kLongestSealedPlace = 4'096;

/// The one source that is handed over: a laptop speaks for its own disk, and for nobody's organisation.
inline constexpr std::string_view kSealedSource = "filesystem";

/// The first line: what the file is.
struct SealedHead {
  std::string collector;  ///< the id of the key that it is sealed to
  SenderKey sender{};
  std::string tool;  ///< tokensweep's version
  Time generated_at;
};

/// A scope's last visit.
struct SealedScope {
  Scope scope;
  ScopeState state = ScopeState::complete;  ///< any but `open`
  std::string reason;                       ///< empty where complete
  bool deep = false;                        ///< whether the places that only a deep sweep reads were read
  std::uint64_t files_seen = 0;
  std::uint64_t files_read = 0;
  std::uint64_t bytes_read = 0;
  Time ended_at;
  std::vector<std::string> rules;  ///< ids of those in force; where they do not fit on the line, fewer
};

/// What the visit could not look into.
struct SealedGap {
  std::uint64_t scope = 0;  ///< the number of the scope's line among the scopes, from 0
  Gap gap;
};

/// A hit that is `present` or `unknown`. Its `source` and `store` are the scope's, its fingerprint is not told.
struct SealedHit {
  std::uint64_t scope = 0;
  State state = State::present;
  Time first_seen;
  Time last_seen;
  Hit hit;
};

/// The last line.
struct SealedEnd {
  std::uint64_t scopes = 0;
  std::uint64_t gaps = 0;
  std::uint64_t hits = 0;
  Signature signature{};  ///< over every byte of the lines before
};

/// One line with its line break. A text that is longer than the format allows loses its middle, a place keeps its
/// beginning and gets the hit's id (so it stays the same place), rules that do not fit are left out: never more than
/// kLongestSealedLine bytes.
std::string to_line(SealedHead head);
std::string to_line(SealedScope scope);
std::string to_line(SealedGap gap);
std::string to_line(SealedHit hit);
std::string to_line(SealedEnd end);

/// Reads what `to_line` wrote, `line` being without its line break. The error names the key and what is wrong with it,
/// and quotes nothing.
Result<> parse_line(std::string_view line, SealedHead& head);
Result<> parse_line(std::string_view line, SealedScope& scope);
Result<> parse_line(std::string_view line, SealedGap& gap);
Result<> parse_line(std::string_view line, SealedHit& hit);
Result<> parse_line(std::string_view line, SealedEnd& end);

/// What a line is, by how it begins; anything that is none of the others counts as a hit.
enum class SealedKind : std::uint8_t { head, scope, gap, hit, end };
SealedKind kind_of(std::string_view line);

}  // namespace tokensweep
