#pragma once

#include <string>

#include "report/json_text.hpp"
#include "report/writer.hpp"

namespace tokensweep {

/// `{"schema_version":1,"generated_at":…,"sweeps":[…],"hits":[…]}`, one sweep and one hit a line. A hit is an object
/// with all of `columns()` as keys, flags as an array of strings. Always valid UTF-8, whatever a file's name holds.
class JsonWriter final : public RowWriter {
 public:
  explicit JsonWriter(Output& output) : output_(output), json_(buffer_) {}
  void begin(const ExportHead& head) override;
  void row(const ExportRow& row) override;
  void end() override;

 private:
  Output& output_;
  std::string buffer_;
  JsonText json_;
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
};

}  // namespace tokensweep
