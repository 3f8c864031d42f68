#include "report/csv.hpp"

#include <array>
#include <charconv>
#include <utility>

#include "base/text.hpp"
#include "base/time.hpp"

namespace tokensweep {
namespace {

constexpr std::size_t kFlushAt = 64UL << 10;

// What a spreadsheet may skip before it looks for a formula: blanks and quotes, wide ones included.
constexpr std::string_view kSkipped[] = {" ", "\"", "'", "\u00A0", "\u2003", "\u3000", "\uFF02", "\uFF07"};
// = + - @ TAB CR, and the full-width and mathematical forms.
constexpr std::string_view kStarts[] = {"=",      "+",      "-",      "@",      "\t",    "\r",
                                        "\uFF1D", "\uFF0B", "\uFF0D", "\uFF20", "\u2212"};

template <std::size_t N>
std::size_t match_front(const std::string_view (&forms)[N], std::string_view text) {
  for (const std::string_view form : forms) {
    if (text.starts_with(form)) return form.size();
  }
  return 0;
}

/// Appends one cell.
struct CellWriter {
  std::string& out;
  std::string& scratch;

  void operator()(std::monostate) const {}
  void operator()(bool value) const { out.append(value ? "true" : "false"); }
  void operator()(Time value) const { append_time(out, value); }
  void operator()(Date value) const { append_date(out, value); }
  void operator()(std::int64_t value) const {
    std::array<char, 24> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
    out.append(digits.data(), end);
  }
  void operator()(ScopeFlags flags) const {
    out.push_back('"');
    bool first = true;
    for (std::size_t i = 0; i < static_cast<std::size_t>(ScopeFlag::count_); ++i) {
      const auto flag = static_cast<ScopeFlag>(i);
      if (!flags.has(flag)) continue;
      if (!std::exchange(first, false)) out.push_back(' ');
      out.append(to_string(flag));
    }
    out.push_back('"');
  }
  void operator()(std::string_view value) const {
    scratch.clear();
    append_printable(scratch, value, kNoCap);
    out.push_back('"');
    if (starts_formula(scratch)) out.push_back('\'');
    std::string_view rest = scratch;
    for (std::size_t quote = rest.find('"'); quote != std::string_view::npos; quote = rest.find('"')) {
      out.append(rest.substr(0, quote + 1)).push_back('"');
      rest.remove_prefix(quote + 1);
    }
    out.append(rest).push_back('"');
  }
};

}  // namespace

bool starts_formula(std::string_view text) {
  while (const std::size_t size = match_front(kSkipped, text)) text.remove_prefix(size);
  return match_front(kStarts, text) != 0;
}

void CsvWriter::begin(const ExportHead& /*head: a CSV has no place for it*/) {
  for (const Column& column : columns()) buffer_.append(column.name).push_back(',');
  buffer_.back() = '\r';
  buffer_.push_back('\n');
}

void CsvWriter::row(const ExportRow& row) {
  for (const Column& column : columns()) {
    std::visit(CellWriter{buffer_, text_}, column.cell(row));
    buffer_.push_back(',');
  }
  buffer_.back() = '\r';
  buffer_.push_back('\n');
  if (buffer_.size() < kFlushAt) return;
  output_.write(buffer_);
  buffer_.clear();
}

void CsvWriter::end() {
  output_.write(buffer_);
  buffer_.clear();
}

}  // namespace tokensweep
