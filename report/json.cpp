#include "report/json.hpp"

namespace tokensweep {
namespace {

constexpr std::size_t kFlushAt = 64UL << 10;

void put_sweep(JsonText& json, const SweepInfo& sweep) {
  json.line().begin_object().key("id").number(sweep.id).key("started_at").value(sweep.started_at);
  json.key("finished_at").value(sweep.finished_at ? Cell(*sweep.finished_at) : Cell());
  json.key("state").text(to_string(sweep.state)).key("version").text(sweep.version);
  json.key("rules_digest").text(sweep.rules_digest).end_object();
}

void put_hit(JsonText& json, const ExportRow& row) {
  json.begin_object();
  for (const Column& column : columns()) json.key(column.name).value(column.cell(row));
  json.end_object();
}

void flush(std::string& buffer, Output& output) {
  output.write(buffer);
  buffer.clear();
}

}  // namespace

void JsonWriter::begin(const ExportHead& head) {
  json_.begin_object().key("schema_version").number(1).key("generated_at").value(head.generated_at);
  json_.key("sweeps").begin_array();
  for (const SweepInfo& sweep : head.sweeps) {
    put_sweep(json_, sweep);
    if (buffer_.size() >= kFlushAt) flush(buffer_, output_);
  }
  json_.line().end_array().key("hits").begin_array();
}

void JsonWriter::row(const ExportRow& row) {
  put_hit(json_.line(), row);
  if (buffer_.size() >= kFlushAt) flush(buffer_, output_);
}

void JsonWriter::end() {
  json_.line().end_array().end_object();
  buffer_.push_back('\n');
  flush(buffer_, output_);
}

void JsonLinesWriter::begin(const ExportHead& /*head: each line stands alone*/) {}

void JsonLinesWriter::row(const ExportRow& row) {
  JsonText json(buffer_);
  put_hit(json, row);
  buffer_.push_back('\n');
  if (buffer_.size() >= kFlushAt) flush(buffer_, output_);
}

void JsonLinesWriter::end() { flush(buffer_, output_); }

}  // namespace tokensweep
