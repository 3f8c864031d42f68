#include "report/html.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <type_traits>
#include <utility>
#include <variant>

#include "report/json_text.hpp"
#include "report/writer.hpp"

namespace tokensweep {

extern const std::string_view kReportPage;  // made by tools/bundle_page.py from report/page/

namespace {

constexpr std::string_view kDataMark = "<!--data-->";
constexpr std::size_t kBlockRows = 1000;
constexpr std::size_t kFlushAt = 64UL << 10;
/// So many shared strings are remembered; then the list is begun again, and one that comes back is written again.
constexpr std::size_t kMaxKnown = 1UL << 16;
/// Nearly every hit has its own, so there is nothing to share.
constexpr std::string_view kOwnText[] = {"id", "locator", "token", "preview"};
// The page reads flags as a number, which is exact up to here.
static_assert(static_cast<unsigned>(ScopeFlag::count_) <= 53);

/// In JSON within HTML, `<` is the one character that could end the element.
void append_text(std::string& out, std::string_view text) {
  const std::size_t start = out.size();
  append_json_string(out, text);
  for (std::size_t i = out.find('<', start); i != std::string::npos; i = out.find('<', i)) out.replace(i, 1, "\\u003c");
}

void append_number(std::string& out, std::int64_t value) { fmt::format_to(std::back_inserter(out), "{}", value); }

template <class T>
std::int64_t since_1970(T time) {
  return std::int64_t{time.time_since_epoch().count()};
}

void append_optional_time(std::string& out, const std::optional<Time>& time) {
  time ? append_number(out, since_1970(*time)) : void(out.append("null"));
}

/// What separates the elements of a list: nothing before the first.
class Commas {
 public:
  explicit Commas(std::string& out) : out_(out) {}
  std::string& next() { return std::exchange(first_, false) ? out_ : out_.append(","); }

 private:
  std::string& out_;
  bool first_ = true;
};

/// A figure that the page shows, by the name it has there.
struct NamedFigure {
  std::string_view name;
  std::int64_t (*value)(const Figures& figures);  ///< negative: none
};

constexpr NamedFigure kFigures[] = {
    {"at", [](const Figures& f) { return since_1970(f.at); }},
    {"tokens", [](const Figures& f) { return f.tokens; }},
    {"places", [](const Figures& f) { return f.places; }},
    {"references", [](const Figures& f) { return f.references; }},
    {"median_age_days", [](const Figures& f) { return f.median_age_days.value_or(-1); }},
    {"classic", [](const Figures& f) { return f.classic; }},
    {"dead", [](const Figures& f) { return f.dead; }},
    {"without_package_scope", [](const Figures& f) { return f.without_package_scope; }},
    {"unfound", [](const Figures& f) { return f.unfound; }},
    {"exempt", [](const Figures& f) { return f.exempt; }},
    {"a", [](const Figures& f) { return f.by_class[0]; }},
    {"b", [](const Figures& f) { return f.by_class[1]; }},
    {"c", [](const Figures& f) { return f.by_class[2]; }},
    {"d", [](const Figures& f) { return f.by_class[3]; }},
    {"overdue_a", [](const Figures& f) { return f.overdue_by_class[0]; }},
    {"overdue_b", [](const Figures& f) { return f.overdue_by_class[1]; }},
    {"overdue_c", [](const Figures& f) { return f.overdue_by_class[2]; }},
    {"overdue_d", [](const Figures& f) { return f.overdue_by_class[3]; }},
    {"scopes", [](const Figures& f) { return f.scopes; }},
    {"scopes_complete", [](const Figures& f) { return f.scopes_complete; }},
    {"places_missed", [](const Figures& f) { return f.places_missed; }},
};

/// Each figure as a list over time, `now` last.
void append_figures(std::string& out, const HtmlHead& head) {
  std::span<const Figures> earlier = head.series;
  while (!earlier.empty() && earlier.back().at >= head.now.at) earlier = earlier.first(earlier.size() - 1);
  Commas figures(out.append("{"));
  for (const NamedFigure& figure : kFigures) {
    Commas values(figures.next().append("\"").append(figure.name).append("\":["));
    for (const Figures& one : earlier) append_number(values.next(), figure.value(one));
    append_number(values.next(), figure.value(head.now));
    out.append("]");
  }
  out.append("}");
}

void append_policy(std::string& out, const Policy& policy) {
  const Cadences& days = policy.cadences;
  fmt::format_to(std::back_inserter(out),
                 R"({{"a_top":{},"a":{},"b":{},"c":{},"d":{},"top_ranks":{},"ranks":{},"unused_after":{}}})",
                 days.a_top.count(), days.a.count(), days.b.count(), days.c.count(), days.d.count(), days.top_ranks,
                 days.ranks, policy.unused_after.count());
}

void append_sweep(std::string& out, const SweepInfo& sweep) {
  append_number(out.append("{\"id\":"), sweep.id);
  append_number(out.append(",\"started_at\":"), since_1970(sweep.started_at));
  append_optional_time(out.append(",\"finished_at\":"), sweep.finished_at);
  append_text(out.append(",\"state\":"), to_string(sweep.state));
  append_text(out.append(",\"version\":"), sweep.version);
  out.append("}");
}

void append_coverage(std::string& out, const CoverageRow& row) {
  append_text(out.append("{\"source\":"), row.source);
  append_text(out.append(",\"name\":"), row.source_name);
  append_text(out.append(",\"store\":"), row.store);
  append_text(out.append(",\"state\":"), to_string(row.state));
  append_text(out.append(",\"reason\":"), row.reason);
  append_number(out.append(",\"missed\":"), row.missed);
  append_optional_time(out.append(",\"ended_at\":"), row.ended_at);
  out.append("}");
}

void write_head(Output& output, const HtmlHead& head) {
  std::string out = "<script type=\"application/json\" id=\"head\">\n{\"generated_at\":";
  append_number(out, since_1970(head.generated_at));
  append_text(out.append(",\"inventory\":"), head.inventory);
  append_policy(out.append(",\"policy\":"), head.policy);
  append_figures(out.append(",\n\"figures\":"), head);
  Commas flags(out.append(",\n\"flags\":["));
  for (std::size_t i = 0; i < static_cast<std::size_t>(ScopeFlag::count_); ++i)
    append_text(flags.next(), to_string(static_cast<ScopeFlag>(i)));
  Commas names(out.append("],\n\"columns\":["));
  for (const Column& column : columns()) append_text(names.next(), column.name);
  Commas sweeps(out.append("],\n\"sweeps\":["));
  for (const SweepInfo& sweep : head.sweeps) append_sweep(sweeps.next(), sweep);
  Commas coverage(out.append("],\n\"coverage\":["));
  for (const CoverageRow& row : head.coverage) {
    append_coverage(coverage.next(), row);
    if (out.size() >= kFlushAt) output.write(std::exchange(out, {}));
  }
  output.write(out.append("]}\n</script>\n"));
}

}  // namespace

HtmlReport::HtmlReport(Output& output, const HtmlHead& head) : output_(output), cells_(columns().size()) {
  output_.write(kReportPage.substr(0, kReportPage.find(kDataMark)));
  write_head(output_, head);
}

/// The number of a string in the page's list.
std::size_t HtmlReport::interned(std::string_view text) {
  if (const auto found = known_.find(text); found != known_.end()) return found->second;
  if (known_.size() >= kMaxKnown) known_.clear();
  append_text(strings_.append(strings_.empty() ? "" : ","), text);
  known_.emplace(text, next_string_);
  return next_string_++;
}

void HtmlReport::append_cell(std::string& out, const Column& column, const ExportRow& row) {
  const auto append = [&](const auto& value) {
    using T = std::decay_t<decltype(value)>;
    if constexpr (std::is_same_v<T, std::monostate>) {
      out.append("null");
    } else if constexpr (std::is_same_v<T, bool>) {
      out.append(value ? "true" : "false");
    } else if constexpr (std::is_same_v<T, std::int64_t>) {
      append_number(out, value);
    } else if constexpr (std::is_same_v<T, ScopeFlags>) {
      append_number(out, static_cast<std::int64_t>(value.bits()));
    } else if constexpr (std::is_same_v<T, std::string_view>) {
      const bool own = std::find(std::begin(kOwnText), std::end(kOwnText), column.name) != std::end(kOwnText);
      own ? append_text(out, value) : append_number(out, static_cast<std::int64_t>(interned(value)));
    } else {
      append_number(out, since_1970(value));
    }
  };
  std::visit(append, column.cell(row));
}

void HtmlReport::row(const ExportRow& row) {
  for (std::size_t i = 0; i < cells_.size(); ++i) {
    Cells& cells = cells_[i];
    cell_.clear();
    append_cell(cell_, columns()[i], row);
    if (rows_ == 0) cells.first = cell_;
    cells.uniform = cells.uniform && cell_ == cells.first;
    cells.text.append(cell_).append(",");
  }
  if (++rows_ == kBlockRows) flush();
}

void HtmlReport::flush() {
  output_.write("<script type=\"application/json\" class=\"hits\">\n{\"strings\":[");
  output_.write(strings_);
  output_.write("],\"columns\":[");
  std::string_view separator = "\n";
  for (Cells& cells : cells_) {
    cells.text.pop_back();
    output_.write(std::exchange(separator, ",\n"));
    output_.write(cells.uniform ? cells.first : "[" + cells.text + "]");
    cells.text.clear();
    cells.uniform = true;
  }
  // A block of equal cells alone still has to tell how many there are.
  output_.write(fmt::format("],\"rows\":{}}}\n</script>\n", rows_));
  strings_.clear();
  rows_ = 0;
}

void HtmlReport::end() {
  if (rows_ != 0) flush();
  output_.write(kReportPage.substr(kReportPage.find(kDataMark) + kDataMark.size()));
}

}  // namespace tokensweep
