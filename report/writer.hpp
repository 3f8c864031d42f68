#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "db/inventory.hpp"
#include "report/output.hpp"
#include "report/row.hpp"

namespace tokensweep {

/// What an export says about itself.
struct ExportHead {
  Time generated_at;
  std::span<const SweepInfo> sweeps;
};

/// Writes hits one by one, in constant memory: `begin`, any number of `row`, `end`. What went wrong, the Output's
/// `finish` tells. All writers show the same text for the same name, as `printable` makes it, and none holds anything
/// that a row does not.
class RowWriter {
 public:
  virtual ~RowWriter() = default;
  virtual void begin(const ExportHead& head) = 0;
  virtual void row(const ExportRow& row) = 0;
  virtual void end() = 0;
};

enum class ExportFormat : std::uint8_t { csv, json, jsonl, sarif };

/// `output` has to outlive the writer.
std::unique_ptr<RowWriter> make_writer(ExportFormat format, Output& output);

std::string_view to_string(SweepState state);

}  // namespace tokensweep
