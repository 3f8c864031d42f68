#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "report/row.hpp"

namespace tokensweep {

/// Appends `text`, made printable, as a JSON string.
void append_json_string(std::string& out, std::string_view text);

/// Builds JSON at the end of a buffer, piece by piece; commas come by themselves. Text from anywhere becomes what
/// `printable` makes of it: always valid UTF-8, without control characters.
class JsonText {
 public:
  /// `out` has to outlive this; what it holds already is left as it is.
  explicit JsonText(std::string& out) : out_(out) {}

  JsonText& begin_object() { return begin('{'); }
  JsonText& end_object() { return end('}'); }
  JsonText& begin_array() { return begin('['); }
  JsonText& end_array() { return end(']'); }
  /// Starts a new line, where one element of an array begins or ends: for readers, and for `diff`.
  JsonText& line();
  /// One of our own words.
  JsonText& key(std::string_view name);

  JsonText& value(const Cell& cell);
  JsonText& text(std::string_view value);
  JsonText& text_or_null(const std::optional<std::string>& value);
  JsonText& number(std::int64_t value);

 private:
  struct CellWriter;
  JsonText& begin(char bracket);
  JsonText& end(char bracket);
  void separate();

  std::string& out_;
  bool separated_ = true;  ///< whether the next value may follow without a comma
  bool new_line_ = false;  ///< whether it begins a line
};

}  // namespace tokensweep
