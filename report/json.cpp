#include "report/json.hpp"

#include <array>
#include <charconv>
#include <utility>

#include "base/text.hpp"
#include "base/time.hpp"

namespace tokensweep {
namespace {

constexpr std::size_t kFlushAt = 64UL << 10;

/// Appends one value.
struct ValueWriter {
  std::string& out;
  std::string& scratch;

  void operator()(std::monostate) const { out.append("null"); }
  void operator()(bool value) const { out.append(value ? "true" : "false"); }
  void operator()(Time value) const {
    out.push_back('"');
    append_time(out, value);
    out.push_back('"');
  }
  void operator()(Date value) const {
    out.push_back('"');
    append_date(out, value);
    out.push_back('"');
  }
  void operator()(std::int64_t value) const {
    std::array<char, 24> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
    out.append(digits.data(), end);
  }
  void operator()(ScopeFlags flags) const {
    out.push_back('[');
    bool first = true;
    for (std::size_t i = 0; i < static_cast<std::size_t>(ScopeFlag::count_); ++i) {
      const auto flag = static_cast<ScopeFlag>(i);
      if (!flags.has(flag)) continue;
      if (!std::exchange(first, false)) out.push_back(',');
      out.append("\"").append(to_string(flag)).append("\"");
    }
    out.push_back(']');
  }
  /// Printable text is valid UTF-8 without control characters, so two characters are all that JSON wants escaped.
  void operator()(std::string_view value) const {
    scratch.clear();
    append_printable(scratch, value, kNoCap);
    out.push_back('"');
    std::string_view rest = scratch;
    for (std::size_t i = rest.find_first_of("\"\\"); i != std::string_view::npos; i = rest.find_first_of("\"\\")) {
      out.append(rest.substr(0, i)).append({'\\', rest[i]});
      rest.remove_prefix(i + 1);
    }
    out.append(rest).push_back('"');
  }
};

void append_sweep(std::string& out, const SweepInfo& sweep) {
  std::string scratch;
  const ValueWriter value{out, scratch};
  out.append("{\"id\":");
  value(sweep.id);
  out.append(",\"started_at\":");
  value(sweep.started_at);
  out.append(",\"finished_at\":");
  sweep.finished_at ? value(*sweep.finished_at) : value(std::monostate{});
  out.append(",\"state\":");
  value(to_string(sweep.state));
  out.append(",\"version\":");
  value(std::string_view(sweep.version));
  out.append(",\"rules_digest\":");
  value(std::string_view(sweep.rules_digest));
  out.push_back('}');
}

void flush(std::string& buffer, Output& output) {
  output.write(buffer);
  buffer.clear();
}

}  // namespace

void JsonHit::append(std::string& out, const ExportRow& row) {
  out.push_back('{');
  for (const Column& column : columns()) {
    out.append("\"").append(column.name).append("\":");
    std::visit(ValueWriter{out, text_}, column.cell(row));
    out.push_back(',');
  }
  out.back() = '}';
}

void JsonWriter::begin(const ExportHead& head) {
  buffer_.append("{\"schema_version\":1,\"generated_at\":\"");
  append_time(buffer_, head.generated_at);
  buffer_.append("\",\"sweeps\":[");
  const char* separator = "\n";
  for (const SweepInfo& sweep : head.sweeps) {
    buffer_.append(std::exchange(separator, ",\n"));
    append_sweep(buffer_, sweep);
    if (buffer_.size() >= kFlushAt) flush(buffer_, output_);
  }
  buffer_.append("\n],\"hits\":[");
}

void JsonWriter::row(const ExportRow& row) {
  buffer_.append(std::exchange(first_, false) ? "\n" : ",\n");
  hit_.append(buffer_, row);
  if (buffer_.size() >= kFlushAt) flush(buffer_, output_);
}

void JsonWriter::end() {
  buffer_.append("\n]}\n");
  flush(buffer_, output_);
}

void JsonLinesWriter::begin(const ExportHead& /*head: each line stands alone*/) {}

void JsonLinesWriter::row(const ExportRow& row) {
  hit_.append(buffer_, row);
  buffer_.push_back('\n');
  if (buffer_.size() >= kFlushAt) flush(buffer_, output_);
}

void JsonLinesWriter::end() { flush(buffer_, output_); }

}  // namespace tokensweep
