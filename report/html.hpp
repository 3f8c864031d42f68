#pragma once

#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "db/coverage.hpp"
#include "db/inventory.hpp"
#include "model/figures.hpp"
#include "model/policy.hpp"
#include "report/output.hpp"
#include "report/row.hpp"

namespace tokensweep {

/// What the page says besides its hits. Everything is borrowed, and only while the writer is made.
struct HtmlHead {
  Time generated_at;
  Figures now;
  std::span<const Figures> series;        ///< earlier ones, the oldest first; may be empty, may end with `now`
  std::span<const SweepInfo> sweeps;      ///< the oldest first
  std::span<const CoverageRow> coverage;  ///< of the newest sweep
  std::string_view inventory;             ///< what the page calls it
  const Policy& policy;
};

/// The report as one HTML page that needs nothing else: no network, no other file, no server. report/page/ holds its
/// markup, style and script; the data follows as JSON in elements that no browser runs, with each `<` escaped, so that
/// no name can end one. The page's Content-Security-Policy lets it run its own script and load nothing.
///
/// It holds of a hit what `columns()` shows, in text as `printable` makes it: no value, no escape. Hits that are gone
/// belong in it, too: the page leaves them out until somebody asks for them.
///
/// Memory is constant: hits leave in blocks, and the strings that they share are remembered up to a limit. What goes
/// wrong, the Output's `finish` tells.
///
/// The data: an element `script#head`, then any number of `script.hits`, each
/// `{"strings":[…],"columns":[…],"rows":…}`. `strings` continue one list over all blocks. `columns` are those that the
/// head names, each an array with a cell for each of the `rows`, or one cell where all are the same. A cell is null, a
/// boolean, a number or text. Times are seconds and dates days since 1970-01-01, flags are bits in the order of the
/// head's `flags`; a number in a column of text counts in `strings`.
class HtmlReport {
 public:
  /// Writes the page's beginning and the head. `output` has to outlive the writer.
  HtmlReport(Output& output, const HtmlHead& head);

  /// In the order in which the inventory streams them, which is how the page first shows them.
  void row(const ExportRow& row);
  /// Once, after the last row.
  void end();

 private:
  /// A column of the block that is under way.
  struct Cells {
    std::string text;  ///< each with a comma behind it
    std::string first;
    bool uniform = true;
  };

  void append_cell(std::string& out, const Column& column, const ExportRow& row);
  std::size_t interned(std::string_view text);
  void flush();

  Output& output_;
  std::vector<Cells> cells_;
  std::size_t rows_ = 0;
  std::string cell_;
  std::string strings_;  ///< those that this block is the first to use
  std::map<std::string, std::size_t, std::less<>> known_;
  std::size_t next_string_ = 0;
};

}  // namespace tokensweep
