#include "report/json_text.hpp"

#include <array>
#include <charconv>
#include <utility>

#include "base/text.hpp"
#include "base/time.hpp"

namespace tokensweep {

/// Appends one value.
struct JsonText::CellWriter {
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
  std::visit(CellWriter{out_, scratch_}, cell);
  return *this;
}

JsonText& JsonText::text(std::string_view value) {
  separate();
  CellWriter{out_, scratch_}(value);
  return *this;
}

JsonText& JsonText::text_or_null(const std::optional<std::string>& value) {
  if (value) return text(*value);
  return this->value(std::monostate{});
}

JsonText& JsonText::number(std::int64_t value) { return this->value(value); }

}  // namespace tokensweep
