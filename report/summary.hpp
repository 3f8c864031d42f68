#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "db/coverage.hpp"
#include "model/figures.hpp"
#include "report/output.hpp"
#include "report/row.hpp"
#include "report/terminal.hpp"

namespace tokensweep {

/// What the summary says besides the rows.
struct SummaryFacts {
  Figures now;                            ///< of the same rows
  std::span<const Figures> series;        ///< as each sweep left them, the oldest first, the last sweep's at the end
  std::span<const SweepInfo> sweeps;      ///< the oldest first
  std::span<const CoverageRow> coverage;  ///< of the last one
  std::string inventory;                  ///< the file
  bool default_inventory = true;          ///< whether the commands that are proposed find it without `--db`
};

/// Where a token that bypasses two-factor authentication can go when it can no longer publish.
enum class Move : std::uint8_t { trusted_publishing, stage_only, by_hand };

/// Trusted publishing where the evidence says that the build could do without a token; a stage-only token where the
/// token belongs to some other machine; else a person publishes, with a second factor.
Move move_for(const Hit& hit);

/// What `report` prints for people: the figures that a rotation programme is judged by with their trend, what the last
/// sweep did not see, then what to do, each part with its worst few and the command that lists all of it.
///
/// Rows may come in any order. Memory is bounded but for the tokens that stop publishing in January 2027, of which each
/// takes some 40 bytes.
class Summary {
 public:
  struct Options {
    Terminal terminal;
    Time now;
    std::size_t max_lines = 5;  ///< of one part
  };

  /// `output` has to outlive the summary.
  Summary(const Options& options, Output& output);

  /// All rows first, then the end.
  void row(const ExportRow& row);
  void end(const SummaryFacts& facts);

  /// How many parts there are.
  static constexpr std::size_t kParts = 9;

 private:
  struct Part;
  struct Line {
    std::string key;  ///< the token's; of a part that lists places, the hit's
    Class klass = Class::D;
    std::int64_t weight = 0;  ///< the more, the worse
    std::string title;
    std::string token;  ///< its id, or empty
    std::string detail;
    std::string store;
    std::string locator;
    std::int64_t places = 1;
  };
  static const std::array<Part, kParts>& parts();

  void remember(const Part& part, std::vector<Line>& lines, const ExportRow& row) const;
  void draw_head(const SummaryFacts& facts);
  void draw_coverage(const SummaryFacts& facts);
  void draw_part(const Part& part, std::vector<Line>& lines, std::int64_t number, const std::string& db);
  void draw_line(const Line& line, std::size_t title_columns, std::size_t detail_columns);
  void draw_moves();

  Options options_;
  Output& output_;
  Canvas canvas_;
  std::array<std::vector<Line>, kParts> lines_;
  std::unordered_map<std::size_t, std::uint8_t> moves_;  ///< bits of Move, by a hash of the token's or hit's id
  bool listed_ = false;                                  ///< whether a registry's list tells of any token
};

/// Values as one line of bars, the highest of them full, 0 the lowest; no more than `columns`, the newest at the end.
std::string sparkline(std::span<const std::int64_t> values, std::size_t columns);

}  // namespace tokensweep
