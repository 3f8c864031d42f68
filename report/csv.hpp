#pragma once

#include <string>

#include "report/writer.hpp"

namespace tokensweep {

/// RFC 4180: a header, CRLF at the end of each record, text always in quotes. Numbers, dates, times and booleans stand
/// bare and an unknown value is an empty cell; flags are joined by a space. Columns are `columns()`, always all of
/// them.
///
/// A cell that a spreadsheet would run gets a `'` in front: one that begins with `=`, `+`, `-`, `@`, a tab or a
/// carriage return, also after blanks or quotes and in the full-width forms that some spreadsheets take for the same.
/// (Tabs and carriage returns show as
/// `\x09` and `\x0d` anyway, like all control characters.)
class CsvWriter final : public RowWriter {
 public:
  explicit CsvWriter(Output& output) : output_(output) {}
  void begin(const ExportHead& head) override;
  void row(const ExportRow& row) override;
  void end() override;

 private:
  Output& output_;
  std::string buffer_;  ///< what is not yet written
  std::string text_;    ///< one cell, reused
};

/// Whether a spreadsheet would take a cell with this text for a formula.
bool starts_formula(std::string_view text);

}  // namespace tokensweep
