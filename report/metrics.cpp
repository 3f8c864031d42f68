#include "report/metrics.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <string>
#include <string_view>

#include "base/text.hpp"
#include "report/figures.hpp"
#include "report/writer.hpp"

namespace tokensweep {
namespace {

constexpr std::int64_t kSecondsOfDay = 86'400;
constexpr std::string_view kDays = "_days";
constexpr std::array kStates = {ScopeState::open,   ScopeState::complete, ScopeState::incomplete,
                                ScopeState::denied, ScopeState::failed,   ScopeState::skipped};

/// A label's value: printable text, with what the format wants escaped.
std::string label(std::string_view text) {
  std::string escaped;
  for (const char c : printable(text, kNoCap)) {
    if (c == '\\' || c == '"') escaped.push_back('\\');
    escaped.push_back(c);
  }
  return escaped;
}

/// `help` is one of our own lines, without a backslash.
void put_family(std::string& out, std::string_view name, std::string_view help) {
  fmt::format_to(std::back_inserter(out), "# HELP tokensweep_{} {}\n# TYPE tokensweep_{} gauge\n", name, help, name);
}

void put_sample(std::string& out, std::string_view name, std::string_view labels, std::int64_t value) {
  fmt::format_to(std::back_inserter(out), "tokensweep_{}{} {}\n", name, labels, value);
}

/// What a column is called as a metric: without its class, in base units.
std::string metric_name(const FigureColumn& column) {
  std::string_view name = column.name;
  if (column.klass) name.remove_suffix(2);
  if (name.ends_with(kDays)) return std::string(name.substr(0, name.size() - kDays.size())) + "_seconds";
  return std::string(name);
}

/// A column's description, without its class where it has one: one line of help speaks for all four.
std::string help_of(const FigureColumn& column) {
  std::string help(column.description);
  if (!column.klass) return help;
  const std::string of_class = fmt::format(" of class {}", to_string(*column.klass));
  return help.erase(help.find(of_class), of_class.size()) + ", by class";
}

void put_figures(std::string& out, const Figures& figures) {
  std::string family;
  for (const FigureColumn& column : figure_columns()) {
    if (column.name == "tokens") continue;  // the sum of tokens{class=…}, which a query makes
    const std::string name = metric_name(column);
    if (name != family) {
      put_family(out, name, help_of(column));
      family = name;
    }
    const std::optional<std::int64_t> value = column.get(figures);
    if (!value) continue;
    const std::string labels = column.klass ? fmt::format("{{class=\"{}\"}}", to_string(*column.klass)) : "";
    put_sample(out, name, labels, column.unit == "days" ? *value * kSecondsOfDay : *value);
  }
}

std::int64_t seconds_of(Time time) { return time.time_since_epoch().count(); }

void put_sweeps(std::string& out, std::span<const SweepInfo> sweeps) {
  put_family(out, "last_sweep_state", "1 for the state in which the last sweep is");
  if (!sweeps.empty()) {
    for (const SweepState state :
         {SweepState::running, SweepState::complete, SweepState::incomplete, SweepState::interrupted}) {
      put_sample(out, "last_sweep_state", fmt::format("{{state=\"{}\"}}", to_string(state)),
                 sweeps.back().state == state ? 1 : 0);
    }
  }
  put_family(out, "last_sweep_timestamp_seconds", "when the last sweep began");
  if (!sweeps.empty()) put_sample(out, "last_sweep_timestamp_seconds", "", seconds_of(sweeps.back().started_at));

  put_family(out, "last_complete_sweep_timestamp_seconds", "when the last sweep that saw everything ended");
  const auto complete = std::find_if(sweeps.rbegin(), sweeps.rend(), [](const SweepInfo& sweep) {
    return sweep.state == SweepState::complete && sweep.finished_at;
  });
  if (complete != sweeps.rend()) {
    put_sample(out, "last_complete_sweep_timestamp_seconds", "", seconds_of(*complete->finished_at));
  }
}

void put_coverage(std::string& out, std::span<const CoverageRow> coverage) {
  struct Source {
    std::array<std::int64_t, kStates.size()> scopes{};
    std::int64_t missed = 0;
  };
  std::map<std::string, Source> sources;  // by their labels
  for (const CoverageRow& row : coverage) {
    Source& source = sources[fmt::format("source=\"{}\",type=\"{}\"", label(row.source_name), label(row.source))];
    ++source.scopes[static_cast<std::size_t>(row.state)];
    source.missed += row.missed;
  }
  put_family(out, "source_scopes", "scopes of a source by how the last sweep left them");
  for (const auto& [labels, source] : sources) {
    for (const ScopeState state : kStates) {
      put_sample(out, "source_scopes", fmt::format("{{{},state=\"{}\"}}", labels, to_string(state)),
                 source.scopes[static_cast<std::size_t>(state)]);
    }
  }
  put_family(out, "source_places_missed", "places of a source that the last sweep could not read");
  for (const auto& [labels, source] : sources) {
    put_sample(out, "source_places_missed", fmt::format("{{{}}}", labels), source.missed);
  }
}

}  // namespace

void write_metrics(const MetricsFacts& facts, Output& output) {
  std::string text;
  put_figures(text, facts.figures);
  put_sweeps(text, facts.sweeps);
  put_coverage(text, facts.coverage);
  output.write(text);
}

}  // namespace tokensweep
