#include "connectors/aws/xml.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <optional>
#include <utility>

#include "base/wiped_text.hpp"

namespace tokensweep::aws {
namespace {

constexpr std::size_t kMostLevels = 16;
constexpr std::size_t kMostElements = 1'000;
constexpr std::size_t kLongestName = 128;
constexpr std::string_view kSpaces = " \t\r\n";

std::string_view trimmed(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(kSpaces), text.size()));
  text.remove_suffix(text.size() - (text.find_last_not_of(kSpaces) + 1));
  return text;
}

bool is_name(std::string_view text) {
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  return !text.empty() && text.size() <= kLongestName && is_letter(text.front()) &&
         std::ranges::all_of(
             text, [&](char c) { return is_letter(c) || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == ':'; });
}

void append_utf8(WipedText& out, std::uint32_t code) {
  std::array<char, 4> bytes{};
  std::size_t size = 0;
  const auto put = [&](std::uint32_t byte) { bytes[size++] = static_cast<char>(static_cast<unsigned char>(byte)); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xC0 | (code >> 6U)), put(0x80 | (code & 0x3FU));
  } else if (code < 0x10000) {
    put(0xE0 | (code >> 12U)), put(0x80 | ((code >> 6U) & 0x3FU)), put(0x80 | (code & 0x3FU));
  } else {
    put(0xF0 | (code >> 18U)), put(0x80 | ((code >> 12U) & 0x3FU));
    put(0x80 | ((code >> 6U) & 0x3FU)), put(0x80 | (code & 0x3FU));
  }
  out.append({bytes.data(), size});
}

/// What stands between `&` and `;`.
bool append_reference(WipedText& out, std::string_view name) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 5> kNamed = {
      {{"amp", "&"}, {"lt", "<"}, {"gt", ">"}, {"quot", "\""}, {"apos", "'"}}};
  const auto* named = std::ranges::find(kNamed, name, &std::pair<std::string_view, std::string_view>::first);
  if (named != kNamed.end()) {
    out.append(named->second);
    return true;
  }
  if (!name.starts_with('#')) return false;
  const bool is_hex = name.starts_with("#x");
  name.remove_prefix(is_hex ? 2 : 1);
  std::uint32_t code = 0;
  const char* const end = name.data() + name.size();
  const auto [stop, failed] = std::from_chars(name.data(), end, code, is_hex ? 16 : 10);
  if (name.empty() || failed != std::errc() || stop != end) return false;
  if (code == 0 || code > 0x10FFFF || (code >= 0xD800 && code < 0xE000)) return false;
  append_utf8(out, code);
  return true;
}

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  Result<std::vector<XmlLeaf>> read() {
    if (rest().starts_with("<?xml ") && !skip_past("?>")) return wrong();
    while (true) {
      const std::string_view raw = rest().substr(0, rest().find('<'));
      at_ += raw.size();
      if (open_.empty()) {
        if (!trimmed(raw).empty()) return wrong();
        if (at_ == text_.size()) break;
        if (elements_ > 0) return wrong();
      }
      if (at_ == text_.size()) return wrong();
      ++at_;  // the <
      const bool fine = rest().starts_with('/') ? close(raw) : open(raw);
      if (!fine) return wrong();
    }
    if (elements_ == 0) return Error{ErrorKind::malformed, "nothing in place of XML"};
    return std::move(leaves_);
  }

 private:
  struct Open {
    std::string_view name;
    bool has_elements = false;
  };

  [[nodiscard]] std::string_view rest() const { return text_.substr(at_); }
  [[nodiscard]] Error wrong() const { return {ErrorKind::malformed, "no XML: byte " + std::to_string(at_ + 1)}; }

  bool skip_past(std::string_view mark) {
    const std::size_t found = text_.find(mark, at_);
    if (found == std::string_view::npos) return false;
    at_ = found + mark.size();
    return true;
  }

  void skip_spaces() { at_ = std::min(text_.find_first_not_of(kSpaces, at_), text_.size()); }

  std::string_view take_name() {
    const std::string_view name = rest().substr(0, rest().find_first_of(" \t\r\n=/><\"'&"));
    at_ += name.size();
    return name;
  }

  bool take(char byte) {
    if (!rest().starts_with(byte)) return false;
    ++at_;
    return true;
  }

  /// An attribute, which nothing depends on.
  bool skip_attribute() {
    if (!is_name(take_name())) return false;
    skip_spaces();
    if (!take('=')) return false;
    skip_spaces();
    if (rest().empty() || (rest().front() != '"' && rest().front() != '\'')) return false;
    const char quote = text_[at_++];
    const std::string_view value = rest().substr(0, rest().find(quote));
    at_ += value.size();
    return value.find('<') == std::string_view::npos && take(quote);
  }

  bool open(std::string_view before) {
    if (!trimmed(before).empty() || ++elements_ > kMostElements || open_.size() == kMostLevels) return false;
    const std::string_view name = take_name();
    if (!is_name(name)) return false;
    if (!open_.empty()) open_.back().has_elements = true;
    open_.push_back({name});
    while (true) {
      const std::size_t end_of_word = at_;
      skip_spaces();
      if (take('>')) return true;
      if (take('/')) return take('>') && leave("");
      if (at_ == end_of_word || !skip_attribute()) return false;
    }
  }

  bool close(std::string_view before) {
    ++at_;  // the slash
    if (open_.empty() || take_name() != open_.back().name) return false;
    skip_spaces();
    return take('>') && leave(before);
  }

  /// The last element that is open ends, with `raw` since the tag before.
  bool leave(std::string_view raw) {
    raw = trimmed(raw);
    if (open_.back().has_elements) {
      if (!raw.empty()) return false;
    } else {
      auto text = decoded(raw);
      if (!text) return false;
      leaves_.push_back({path(), std::move(*text)});
    }
    open_.pop_back();
    return true;
  }

  static std::optional<Secret> decoded(std::string_view raw) {
    WipedText text;
    text.reserve(raw.size());
    while (true) {
      const std::string_view plain = raw.substr(0, raw.find('&'));
      text.append(plain);
      raw.remove_prefix(plain.size());
      if (raw.empty()) return Secret(text.view());
      const std::size_t end = raw.find(';');
      if (end == std::string_view::npos || !append_reference(text, raw.substr(1, end - 1))) return std::nullopt;
      raw.remove_prefix(end + 1);
    }
  }

  [[nodiscard]] std::string path() const {
    std::string path;
    for (const Open& one : open_) path.append(path.empty() ? "" : "/").append(one.name);
    return path;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t elements_ = 0;
  std::vector<Open> open_;
  std::vector<XmlLeaf> leaves_;
};

}  // namespace

Result<std::vector<XmlLeaf>> read_xml(std::string_view text) { return Reader(text).read(); }

}  // namespace tokensweep::aws
