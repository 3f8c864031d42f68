#pragma once

#include <string>
#include <string_view>

#include "report/writer.hpp"

namespace tokensweep {

/// Appends `text`, made printable, as a JSON string.
void append_json_string(std::string& out, std::string_view text);

/// One hit as a JSON object on one line, without a line break: all of `columns()` as keys, flags as an array of
/// strings. Always valid UTF-8, whatever a file's name holds.
class JsonHit {
 public:
  void append(std::string& out, const ExportRow& row);
};

/// `{"schema_version":1,"generated_at":…,"sweeps":[…],"hits":[…]}`, one sweep and one hit a line.
class JsonWriter final : public RowWriter {
 public:
  explicit JsonWriter(Output& output) : output_(output) {}
  void begin(const ExportHead& head) override;
  void row(const ExportRow& row) override;
  void end() override;

 private:
  Output& output_;
  std::string buffer_;
  JsonHit hit_;
  bool first_ = true;
};

/// One hit a line, nothing else.
class JsonLinesWriter final : public RowWriter {
 public:
  explicit JsonLinesWriter(Output& output) : output_(output) {}
  void begin(const ExportHead& head) override;
  void row(const ExportRow& row) override;
  void end() override;

 private:
  Output& output_;
  std::string buffer_;
  JsonHit hit_;
};

}  // namespace tokensweep
