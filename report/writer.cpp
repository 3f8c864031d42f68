#include "report/writer.hpp"

#include "report/csv.hpp"
#include "report/json.hpp"
#include "report/sarif.hpp"

namespace tokensweep {

std::unique_ptr<RowWriter> make_writer(ExportFormat format, Output& output) {
  switch (format) {
    case ExportFormat::csv:
      return std::make_unique<CsvWriter>(output);
    case ExportFormat::json:
      return std::make_unique<JsonWriter>(output);
    case ExportFormat::sarif:
      return std::make_unique<SarifWriter>(output);
    case ExportFormat::jsonl:
      break;
  }
  return std::make_unique<JsonLinesWriter>(output);
}

std::string_view to_string(SweepState state) {
  constexpr std::string_view kNames[] = {"running", "complete", "incomplete", "interrupted"};
  return kNames[static_cast<std::size_t>(state)];
}

}  // namespace tokensweep
