#include "report/metrics.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "report/figures.hpp"
#include "tests/report/rows.hpp"

namespace {

using namespace tokensweep;
using namespace tokensweep::testing;

CoverageRow scope(std::string_view type, std::string_view name, ScopeState state, std::int64_t missed) {
  CoverageRow row;
  row.source = type;
  row.source_name = name;
  row.state = state;
  row.missed = missed;
  return row;
}

std::string metrics(const MetricsFacts& facts) {
  StringOutput output;
  write_metrics(facts, output);
  return output.text;
}

/// Every figure has another value, so that none can stand for another.
Figures numbered() {
  Figures figures;
  std::int64_t value = 100;
  for (const FigureColumn& column : figure_columns()) column.set(figures, ++value);
  return figures;
}

TEST_CASE("the metrics of a nightly sweep") {
  const std::vector<SweepInfo> sweeps = {
      {.id = 1, .started_at = kNow - 25h, .finished_at = kNow - 24h, .state = SweepState::complete},
      {.id = 2, .started_at = kNow - 1h, .finished_at = kNow, .state = SweepState::incomplete}};
  const std::vector<CoverageRow> coverage = {scope("github", "acme", ScopeState::complete, 0),
                                             scope("github", "acme", ScopeState::denied, 2),
                                             scope("filesystem", "C:\\home \"a\"\n\u202E", ScopeState::incomplete, 3)};
  check_golden("metrics.prom", metrics({.figures = numbered(), .sweeps = sweeps, .coverage = coverage}));
}

TEST_CASE("what is not known has no sample") {
  const std::string text = metrics({});
  CHECK(text.find("\ntokensweep_median_age_seconds ") == std::string::npos);
  CHECK(text.find("\ntokensweep_last_") == std::string::npos);
  CHECK(text.find("\ntokensweep_source_") == std::string::npos);
  CHECK(text.find("\ntokensweep_dead 0\n") != std::string::npos);
  check_golden("metrics-empty.prom", text);
}

}  // namespace
