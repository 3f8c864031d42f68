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
  void operator()(std::string_view value) const { append_json_string(out, value); }
};

void append_sweep(std::string& out, const SweepInfo& sweep) {
  const ValueWriter value{out};
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

void append_json_string(std::string& out, std::string_view text) {
  out.push_back('"');
  const std::size_t start = out.size();
  append_printable(out, text, kNoCap);
  // Printable text is valid UTF-8 without control characters, so two characters are all that JSON wants escaped.
  for (std::size_t i = out.find_first_of("\"\\", start); i != std::string::npos; i = out.find_first_of("\"\\", i + 2))
    out.insert(i, 1, '\\');
  out.push_back('"');
}

void JsonHit::append(std::string& out, const ExportRow& row) {
  out.push_back('{');
  for (const Column& column : columns()) {
    out.append("\"").append(column.name).append("\":");
    std::visit(ValueWriter{out}, column.cell(row));
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
