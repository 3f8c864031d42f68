#include "connectors/aws/config_text.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "base/wiped_text.hpp"

namespace tokensweep::aws {
namespace {

constexpr std::size_t kMostSections = 10'000;
constexpr std::string_view kSpaces = " \t\f\v";

std::string_view trimmed(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(kSpaces), text.size()));
  text.remove_suffix(text.size() - (text.find_last_not_of(kSpaces) + 1));
  return text;
}

std::string lower_case(std::string_view text) {
  std::string lowered(text);
  for (char& c : lowered) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return lowered;
}

/// One line of the rest, without its end.
std::string_view take_line(std::string_view& rest) {
  const std::size_t end = std::min(rest.find('\n'), rest.size());
  std::string_view line = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  Result<std::vector<ConfigSection>> read() {
    if (rest_.starts_with("\xEF\xBB\xBF")) rest_.remove_prefix(3);
    while (!rest_.empty()) {
      const std::string_view line = take_line(rest_);
      ++number_;
      TRY_VOID(read_line(line));
    }
    end_value();
    return std::move(sections_);
  }

 private:
  [[nodiscard]] Error wrong(std::string_view why) const {
    return {ErrorKind::malformed, "line " + std::to_string(number_) + ": " + std::string(why)};
  }

  Result<> read_line(std::string_view line) {
    const bool is_text =
        std::ranges::none_of(line, [](char c) { return (c >= 0 && c < ' ' && c != '\t') || c == '\x7f'; });
    if (!is_text) return wrong("a control character");
    const std::string_view content = trimmed(line);
    if (content.empty()) {
      // A value goes on behind an empty line, if what follows is indented.
      if (!key_.empty()) value_.append("\n");
      return {};
    }
    if (content.front() == '#' || content.front() == ';') return {};
    const std::size_t indent = line.find_first_not_of(kSpaces);
    if (!key_.empty() && indent > indent_) {
      value_.append("\n");
      value_.append(content);
      return {};
    }
    end_value();
    indent_ = indent;
    return content.front() == '[' ? begin_section(content) : begin_value(content);
  }

  Result<> begin_section(std::string_view content) {
    const std::size_t close = content.rfind(']');
    if (close == std::string_view::npos || close == 1) return wrong("a section without a name");
    std::string name(content.substr(1, close - 1));
    if (!names_.insert(name).second) return wrong("a section that is there twice");
    if (sections_.size() == kMostSections) return wrong("more sections than any such file has");
    sections_.push_back({std::move(name), number_, {}});
    return {};
  }

  Result<> begin_value(std::string_view content) {
    if (sections_.empty()) return wrong("something before the first section");
    const std::size_t mark = content.find_first_of("=:");
    const std::string_view key = trimmed(content.substr(0, mark));
    if (mark == std::string_view::npos || key.empty()) return wrong("neither a section nor `key = value`");
    key_ = lower_case(key);
    if (sections_.back().values.contains(key_)) return wrong("a key that is there twice");
    value_.append(trimmed(content.substr(mark + 1)));
    return {};
  }

  void end_value() {
    if (key_.empty()) return;
    std::string_view value = value_.view();
    while (value.ends_with('\n')) value.remove_suffix(1);
    sections_.back().values.emplace(std::exchange(key_, {}), Secret(value));
    value_.clear();
  }

  std::string_view rest_;
  std::uint32_t number_ = 0;
  std::vector<ConfigSection> sections_;
  std::set<std::string> names_;
  std::string key_;  // whose value is being read; empty: none
  std::size_t indent_ = 0;
  WipedText value_;
};

}  // namespace

Result<std::vector<ConfigSection>> read_config(std::string_view text) { return Reader(text).read(); }

ConfigValues nested_values(const Secret& value) {
  ConfigValues values;
  std::string_view rest = value.reveal();
  if (!rest.starts_with('\n')) return values;
  while (!rest.empty()) {
    const std::string_view line = take_line(rest);
    const std::size_t equals = line.find('=');
    const std::string_view key = trimmed(line.substr(0, equals));
    if (equals == std::string_view::npos || key.empty()) continue;
    values.insert_or_assign(lower_case(key), Secret(trimmed(line.substr(equals + 1))));
  }
  return values;
}

}  // namespace tokensweep::aws
