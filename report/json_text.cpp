#include "report/json_text.hpp"

#include <array>
#include <charconv>
#include <utility>

#include "base/text.hpp"
#include "base/time.hpp"

namespace tokensweep {

void append_json_string(std::string& out, std::string_view text) {
  out.push_back('"');
  const std::size_t start = out.size();
  append_printable(out, text, kNoCap);
  // Printable text is valid UTF-8 without control characters, so two characters are all that JSON wants escaped.
  for (std::size_t i = out.find_first_of("\"\\", start); i != std::string::npos; i = out.find_first_of("\"\\", i + 2)) {
    out.insert(i, 1, '\\');
  }
  out.push_back('"');
}

/// Appends one value.
struct JsonText::CellWriter {
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

void JsonText::separate() {
  if (!std::exchange(separated_, false)) out_.push_back(',');
  if (std::exchange(new_line_, false)) out_.push_back('\n');
}

JsonText& JsonText::begin(char bracket) {
  separate();
  out_.push_back(bracket);
  separated_ = true;
  return *this;
}

JsonText& JsonText::end(char bracket) {
  if (std::exchange(new_line_, false)) out_.push_back('\n');
  out_.push_back(bracket);
  separated_ = false;
  return *this;
}

JsonText& JsonText::line() {
  new_line_ = true;
  return *this;
}

JsonText& JsonText::key(std::string_view name) {
  separate();
  out_.append("\"").append(name).append("\":");
  separated_ = true;
  return *this;
}

JsonText& JsonText::value(const Cell& cell) {
  separate();
  std::visit(CellWriter{out_}, cell);
  return *this;
}

JsonText& JsonText::text(std::string_view value) {
  separate();
  CellWriter{out_}(value);
  return *this;
}

JsonText& JsonText::text_or_null(const std::optional<std::string>& value) {
  if (value) return text(*value);
  return this->value(std::monostate{});
}

JsonText& JsonText::number(std::int64_t value) { return this->value(value); }

}  // namespace tokensweep
