#include "formats/ini.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace tokensweep {
namespace {

constexpr std::string_view kAsciiSpaces = " \t\n\v\f\r";

// The white space of ECMAScript beyond ASCII, as UTF-8.
constexpr std::array<std::string_view, 19> kWideSpaces = {
    "\xC2\xA0",     "\xE1\x9A\x80", "\xE2\x80\x80", "\xE2\x80\x81", "\xE2\x80\x82", "\xE2\x80\x83", "\xE2\x80\x84",
    "\xE2\x80\x85", "\xE2\x80\x86", "\xE2\x80\x87", "\xE2\x80\x88", "\xE2\x80\x89", "\xE2\x80\x8A", "\xE2\x80\xA8",
    "\xE2\x80\xA9", "\xE2\x80\xAF", "\xE2\x81\x9F", "\xE3\x80\x80", "\xEF\xBB\xBF"};

std::size_t space_at_front(std::string_view text) noexcept {
  if (text.empty()) return 0;
  if (kAsciiSpaces.find(text.front()) != std::string_view::npos) return 1;
  if (static_cast<unsigned char>(text.front()) < 0x80) return 0;
  for (const std::string_view space : kWideSpaces) {
    if (text.starts_with(space)) return space.size();
  }
  return 0;
}

std::size_t space_at_back(std::string_view text) noexcept {
  if (text.empty()) return 0;
  if (kAsciiSpaces.find(text.back()) != std::string_view::npos) return 1;
  if (static_cast<unsigned char>(text.back()) < 0x80) return 0;
  for (const std::string_view space : kWideSpaces) {
    if (text.ends_with(space)) return space.size();
  }
  return 0;
}

std::string_view trim_front(std::string_view text) noexcept {
  while (const std::size_t size = space_at_front(text)) text.remove_prefix(size);
  return text;
}

/// A growing output of known greatest size that is wiped with its contents.
class Writer {
 public:
  explicit Writer(std::size_t capacity) : buffer_(capacity) {}
  void put(char byte) { buffer_.data()[size_++] = byte; }
  void put_code_point(std::uint32_t code) {
    const auto byte = [this](std::uint32_t value) { put(static_cast<char>(static_cast<unsigned char>(value))); };
    if (code < 0x80) {
      byte(code);
    } else if (code < 0x800) {
      byte(0xC0 | (code >> 6)), byte(0x80 | (code & 0x3F));
    } else if (code < 0x10000) {
      byte(0xE0 | (code >> 12)), byte(0x80 | ((code >> 6) & 0x3F)), byte(0x80 | (code & 0x3F));
    } else {
      byte(0xF0 | (code >> 18)), byte(0x80 | ((code >> 12) & 0x3F));
      byte(0x80 | ((code >> 6) & 0x3F)), byte(0x80 | (code & 0x3F));
    }
  }
  [[nodiscard]] std::string_view view() const { return {buffer_.data(), size_}; }

 private:
  WipedBuffer buffer_;
  std::size_t size_ = 0;
};

/// Just enough of JSON.parse: whether a text is JSON at all, and what its strings say.
class Json {
 public:
  explicit Json(std::string_view text) : text_(text) {}

  /// The whole text is one string.
  std::optional<Secret> whole_string() {
    Writer out(text_.size());
    skip_space();
    if (!string(&out)) return std::nullopt;
    skip_space();
    if (at_ != text_.size()) return std::nullopt;
    return Secret(out.view());
  }

  /// The whole text is one value. Nesting costs a byte a level and no stack.
  bool whole_value() {
    std::string open;  // one of [ or { for each level
    while (true) {
      skip_space();
      const char first = peek();
      if (first == '[' || first == '{') {
        ++at_;
        skip_space();
        if (!take(first == '[' ? ']' : '}')) {
          open.push_back(first);
          if (first == '{' && !member_name()) return false;
          continue;
        }
      } else if (!scalar()) {
        return false;
      }
      bool more = false;
      while (!open.empty() && !more) {
        skip_space();
        if (take(',')) {
          more = true;
          if (open.back() == '{' && !member_name()) return false;
        } else if (take(open.back() == '[' ? ']' : '}')) {
          open.pop_back();
        } else {
          return false;
        }
      }
      if (!more) break;
    }
    skip_space();
    return at_ == text_.size();
  }

 private:
  [[nodiscard]] char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  bool take(char byte) { return peek() == byte && at_ < text_.size() ? (++at_, true) : false; }
  void skip_space() {
    while (at_ < text_.size() && std::string_view(" \t\r\n").find(text_[at_]) != std::string_view::npos) ++at_;
  }
  bool word(std::string_view spelled) {
    if (!text_.substr(at_).starts_with(spelled)) return false;
    at_ += spelled.size();
    return true;
  }
  bool digits() {
    const std::size_t start = at_;
    while (peek() >= '0' && peek() <= '9') ++at_;
    return at_ != start;
  }
  bool scalar() {
    if (peek() == '"') return string(nullptr);
    if (word("true") || word("false") || word("null")) return true;
    take('-');
    if (!take('0') && !digits()) return false;
    if (take('.') && !digits()) return false;
    if (take('e') || take('E')) {
      if (!take('+')) take('-');
      return digits();
    }
    return true;
  }
  bool member_name() {
    skip_space();
    if (!string(nullptr)) return false;
    skip_space();
    return take(':');
  }
  bool string(Writer* out) {
    if (!take('"')) return false;
    while (at_ < text_.size()) {
      const char byte = text_[at_++];
      if (byte == '"') return true;
      if (static_cast<unsigned char>(byte) < 0x20) return false;
      if (byte == '\\') {
        if (!escape(out)) return false;
      } else if (out != nullptr) {
        out->put(byte);
      }
    }
    return false;
  }
  bool escape(Writer* out) {
    if (at_ >= text_.size()) return false;
    const char byte = text_[at_++];
    if (byte == 'u') return unicode(out);
    constexpr std::string_view kNames = "\"\\/bfnrt";
    constexpr std::string_view kMeanings = "\"\\/\b\f\n\r\t";
    const std::size_t which = kNames.find(byte);
    if (which == std::string_view::npos) return false;
    if (out != nullptr) out->put(kMeanings[which]);
    return true;
  }
  std::optional<std::uint32_t> hex4() {
    if (text_.size() - at_ < 4) return std::nullopt;
    std::uint32_t code = 0;
    for (int i = 0; i < 4; ++i) {
      constexpr std::string_view kHex = "0123456789abcdef0123456789ABCDEF";
      const std::size_t digit = kHex.find(text_[at_++]);
      if (digit == std::string_view::npos) return std::nullopt;
      code = code * 16 + static_cast<std::uint32_t>(digit % 16);
    }
    return code;
  }
  bool unicode(Writer* out) {
    auto code = hex4();
    if (!code) return false;
    if (*code >= 0xD800 && *code < 0xDC00 && text_.substr(at_).starts_with("\\u")) {
      const std::size_t back = at_;
      at_ += 2;
      const auto low = hex4();
      if (!low) return false;
      if (*low >= 0xDC00 && *low < 0xE000) {
        code = 0x10000 + ((*code - 0xD800) << 10) + (*low - 0xDC00);
      } else {
        at_ = back;
      }
    }
    // Half a surrogate pair has no UTF-8 form; what leaves node is U+FFFD.
    if (*code >= 0xD800 && *code < 0xE000) code = 0xFFFD;
    if (out != nullptr) out->put_code_point(*code);
    return true;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

bool is_quoted(std::string_view text) {
  const auto by = [text](char quote) { return text.starts_with(quote) && text.ends_with(quote); };
  return by('"') || by('\'');
}

IniValue plain(std::string_view text) { return {IniValue::Type::text, Secret(text)}; }

/// ini's `unsafe()` for a value in quotes.
IniValue unquote(std::string_view text) {
  // The original slices the quotes off before it looks; of a lone quote, which is its own partner, nothing is left.
  if (text.front() == '\'') text = text.size() < 2 ? std::string_view{} : text.substr(1, text.size() - 2);
  if (auto string = Json(text).whole_string()) return {IniValue::Type::text, std::move(*string)};
  if (!Json(text).whole_value()) return plain(text);
  const std::string_view word = trim_like_javascript(text);
  if (word == "true" || word == "false") return {IniValue::Type::boolean, Secret(word)};
  if (word == "null") return {IniValue::Type::null, Secret(word)};
  return {IniValue::Type::json, Secret(word)};
}

/// ini's `unsafe()`: what stands for a key, a value or a section name in the file.
IniValue read_unsafe(std::string_view raw) {
  const std::string_view text = trim_like_javascript(raw);
  if (text.empty()) return {};
  if (is_quoted(text)) return unquote(text);
  Writer out(text.size());
  bool escaped = false;
  for (const char byte : text) {
    if (escaped) {
      if (byte != '\\' && byte != ';' && byte != '#') out.put('\\');
      out.put(byte);
      escaped = false;
    } else if (byte == ';' || byte == '#') {
      break;
    } else if (byte == '\\') {
      escaped = true;
    } else {
      out.put(byte);
    }
  }
  if (escaped) out.put('\\');
  return plain(trim_like_javascript(out.view()));
}

/// A value: as above, and `true`, `false` and `null` are literals, quoted or not.
IniValue read_value(std::string_view raw) {
  IniValue value = read_unsafe(raw);
  if (value.type != IniValue::Type::text) return value;
  const std::string_view text = value.text.reveal();
  if (text == "true" || text == "false") value.type = IniValue::Type::boolean;
  if (text == "null") value.type = IniValue::Type::null;
  return value;
}

/// The name between the brackets, where a line is a section's head: `[` stands first, and only space follows `]`.
std::optional<std::string_view> section_name(std::string_view line) {
  if (!line.starts_with('[')) return std::nullopt;
  const std::size_t close = line.find(']');
  if (close == std::string_view::npos || !trim_front(line.substr(close + 1)).empty()) return std::nullopt;
  return line.substr(1, close - 1);
}

/// `key` or `key=value`. False for a line that the original's expression does not match.
bool read_assignment(std::string_view line, IniLine& out) {
  const std::size_t equals = line.find('=');
  if (equals == 0) return false;
  out.value = {IniValue::Type::boolean, Secret("true")};
  if (equals != std::string_view::npos) {
    const std::string_view value = line.substr(equals + 1);
    // `.` of a JavaScript expression stops at these two, and with it the match fails.
    if (value.find("\xE2\x80\xA8") != std::string_view::npos) return false;
    if (value.find("\xE2\x80\xA9") != std::string_view::npos) return false;
    out.value = read_value(value);
  }
  IniValue key = read_unsafe(line.substr(0, equals));
  const std::string_view name = key.text.reveal();
  out.appends = key.type == IniValue::Type::text && name.size() > 2 && name.ends_with("[]");
  out.key = out.appends ? Secret(name.substr(0, name.size() - 2)) : std::move(key.text);
  return true;
}

}  // namespace

std::string_view trim_like_javascript(std::string_view text) noexcept {
  text = trim_front(text);
  while (const std::size_t size = space_at_back(text)) text.remove_suffix(size);
  return text;
}

Secret unquote_json(std::string_view text) {
  auto string = Json(text).whole_string();
  return string ? std::move(*string) : Secret(text);
}

bool IniReader::next(IniLine& out) {
  while (!rest_.empty()) {
    const std::size_t end = rest_.find_first_of("\r\n");
    std::string_view line = rest_.substr(0, end);
    const bool crlf = end != std::string_view::npos && rest_.substr(end).starts_with("\r\n");
    rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + (crlf ? 2 : 1));
    ++line_;

    std::string_view start = trim_front(line);
    if (start.empty()) continue;
    out.commented_out = start.front() == ';' || start.front() == '#';
    if (out.commented_out) {
      while (!start.empty() && (start.front() == ';' || start.front() == '#')) start = trim_front(start.substr(1));
      if (start.find('=') == std::string_view::npos) continue;
      line = start;
    } else if (const auto name = section_name(line)) {
      section_ = std::make_shared<const std::string>(read_unsafe(*name).text.reveal());
      continue;
    }
    if (!read_assignment(line, out)) continue;
    out.section = section_;
    out.line = line_;
    return true;
  }
  return false;
}

}  // namespace tokensweep
