#pragma once

#include <span>

#include "db/coverage.hpp"
#include "model/figures.hpp"
#include "report/output.hpp"

namespace tokensweep {

/// What the metrics say.
struct MetricsFacts {
  Figures figures;
  std::span<const SweepInfo> sweeps;      ///< the oldest first
  std::span<const CoverageRow> coverage;  ///< of the last one
};

/// The figures in Prometheus' text format, for the node exporter's textfile collector: each figure a gauge
/// `tokensweep_NAME` (the names of `figure_columns()`; what is told for each class has a label `class`; days become
/// seconds, Prometheus' base unit), the last sweep's state and times, and the coverage of each source. A figure that is
/// not known has a HELP and no sample.
///
/// The collector may read at any moment and as another user: write it through `FileOutput::create` with
/// `Readers::everybody`, which renames a whole file into place. The numbers are no secrets, and the exporter serves
/// them to whoever asks.
void write_metrics(const MetricsFacts& facts, Output& output);

}  // namespace tokensweep
