#include "scanner/figures.hpp"

#include <utility>

#include "report/figures.hpp"
#include "report/row.hpp"

namespace tokensweep {

Result<Figures> count_figures(const Inventory& inventory, const Policy& policy, SweepId sweep, Time now) {
  FigureCounter counter;
  const auto count = [&](const HitRow& row) {
    counter.add(make_row(row, now, policy));
    return true;
  };
  TRY_VOID(inventory.for_each_hit({}, count));
  TRY_VOID(inventory.for_each_unfound(count));
  TRY_VOID(inventory.for_each_coverage(sweep, [&counter](const CoverageRow& row) {
    counter.add(row);
    return true;
  }));
  return counter.finish(now);
}

Result<> keep_figures(Inventory& inventory, SweepId sweep, const Figures& figures) {
  std::vector<std::pair<std::string_view, std::int64_t>> known;
  for (const FigureColumn& column : figure_columns()) {
    if (const auto value = column.get(figures)) known.emplace_back(column.name, *value);
  }
  return inventory.keep_figures(sweep, known);
}

Result<std::vector<Figures>> kept_figures(const Inventory& inventory) {
  std::vector<Figures> series;
  SweepId last = 0;
  TRY_VOID(inventory.for_each_figure([&](SweepId sweep, Time at, std::string_view name, std::int64_t value) {
    if (series.empty() || sweep != last) series.push_back({.at = at});
    last = sweep;
    set_figure(series.back(), name, value);
    return true;
  }));
  return series;
}

Result<std::vector<CoverageRow>> coverage_of(const Inventory& inventory, SweepId sweep) {
  std::vector<CoverageRow> rows;
  TRY_VOID(inventory.for_each_coverage(sweep, [&rows](const CoverageRow& row) {
    rows.push_back(row);
    return true;
  }));
  return rows;
}

}  // namespace tokensweep
