#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "model/model.hpp"

namespace tokensweep {

/// A package on the list of the most downloaded.
struct RankedPackage {
  std::string name;
  int rank = 0;

  friend bool operator==(const RankedPackage&, const RankedPackage&) = default;
};

/// Of two packages, the one that is downloaded more; a package that is not ranked is downloaded less than any that is.
std::optional<RankedPackage> more_downloaded(std::optional<RankedPackage> one, std::optional<RankedPackage> other);

/// The most downloaded packages as of a date: a token that can publish one of them is class A.
/// The list is data (rules/data/top-1000.tsv, made by tools/refresh_ranks.py); users import newer ones in the same
/// format.
class Ranks {
 public:
  /// `text` is a line `# date: YYYY-MM-DD`, whatever follows the date, then `rank<TAB>name`, and what else follows a
  /// tab, on each line. Ranks go up from 1 without a gap, so that a hole or a wrong sort is noticed; no package stands
  /// there twice; at most 1,000,000 do. A byte-order mark, CRLF and empty lines at the end are taken. An error names
  /// the line; `file` is how it calls the list. That a list ends too soon shows in its size() alone.
  static Result<Ranks> parse(std::string text, std::string_view file);

  /// The same for a list that somebody brings on the day `today`: one that was counted later is refused, for it would
  /// never be replaced by a newer one. A day more is allowed, for where it was made the day may have begun earlier.
  static Result<Ranks> parse(std::string text, std::string_view file, Date today);

  /// The day as of which the list was counted. Whoever shows a class shows it: ranks change.
  [[nodiscard]] Date date() const { return date_; }
  [[nodiscard]] std::size_t size() const { return entries_.size(); }

  /// The place of `package` (spelled exactly as npm does, `@scope/name`) on the list, from 1; empty where it is not on
  /// it.
  [[nodiscard]] std::optional<int> rank_of(std::string_view package) const;

  /// The same with its name.
  [[nodiscard]] std::optional<RankedPackage> ranked(std::string_view package) const;

  /// The most downloaded package that a pattern names: `name`, `name-*`, `@scope/*`, with nothing behind the `*`. Empty
  /// where none of them is on the list.
  [[nodiscard]] std::optional<RankedPackage> best_of(std::string_view pattern) const;

 private:
  /// A name inside `text_`, by its place: a Ranks that moves takes a short text's characters elsewhere.
  struct Entry {
    std::uint32_t offset;
    std::uint32_t size;
    std::int32_t rank;
  };
  [[nodiscard]] std::string_view name_of(const Entry& entry) const;
  Result<> add_line(std::string_view line);
  Result<> sort_by_name();

  Date date_;
  std::string text_;
  std::vector<Entry> entries_;  // by name
};

/// The list that is compiled in, parsed at its first use.
const Ranks& builtin_ranks();

}  // namespace tokensweep
