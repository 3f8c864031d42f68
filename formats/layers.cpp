#include "formats/layers.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

namespace tokensweep {
namespace {

constexpr std::size_t kShortestBase64 = 12;
constexpr std::size_t kShortestWrapped = 60;
constexpr std::size_t kDeepestJson = 256;
constexpr std::size_t kLongestKey = 64;
constexpr std::uint8_t kNoDigit = 0xFF;

constexpr auto kBase64Digits = [] {
  std::array<std::uint8_t, 256> digits{};
  digits.fill(kNoDigit);
  constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (std::size_t i = 0; i < kAlphabet.size(); ++i) {
    digits[static_cast<unsigned char>(kAlphabet[i])] = static_cast<std::uint8_t>(i);
  }
  digits['-'] = 62;  // the URL-safe alphabet
  digits['_'] = 63;
  return digits;
}();

std::uint8_t digit(char character) { return kBase64Digits[static_cast<unsigned char>(character)]; }

bool is_line_space(char character) {
  return character == '\n' || character == '\r' || character == ' ' || character == '\t';
}

/// Whether the characters that end at `end` are a line of wrapped base64: whole groups, and as long as nobody's words
/// are (MIME wraps at 76, PEM at 64).
bool is_wrapped_line(std::string_view text, std::size_t end) {
  std::size_t begin = end;
  while (begin > 0 && end - begin < kLayerReach && digit(text[begin - 1]) != kNoDigit) --begin;
  return end - begin >= kShortestWrapped && (end - begin) % 4 == 0;
}

/// Steps over the line break (with indentation) behind a line of wrapped base64, forward from its end, or back to it
/// from where the next one begins. Stays where it is if there is none.
std::size_t over_line_break(std::string_view text, std::size_t at, std::size_t limit, int step) {
  const auto beside = [text, step](std::size_t place) { return text[step > 0 ? place : place - 1]; };
  bool broke = false;
  std::size_t next = at;
  while (next != limit && is_line_space(beside(next))) {
    broke = broke || beside(next) == '\n';
    next = step > 0 ? next + 1 : next - 1;
  }
  const bool goes_on = broke && next != limit && digit(beside(next)) != kNoDigit;
  return goes_on && is_wrapped_line(text, step > 0 ? at : next) ? next : at;
}

/// Writes UTF-8.
std::size_t encode_utf8(std::uint32_t point, char* to) {
  if (point < 0x80) return to[0] = static_cast<char>(point), 1;
  if (point < 0x800) {
    to[0] = static_cast<char>(0xC0U | point >> 6U);
    to[1] = static_cast<char>(0x80U | (point & 0x3FU));
    return 2;
  }
  if (point < 0x10000) {
    to[0] = static_cast<char>(0xE0U | point >> 12U);
    to[1] = static_cast<char>(0x80U | (point >> 6U & 0x3FU));
    to[2] = static_cast<char>(0x80U | (point & 0x3FU));
    return 3;
  }
  to[0] = static_cast<char>(0xF0U | point >> 18U);
  to[1] = static_cast<char>(0x80U | (point >> 12U & 0x3FU));
  to[2] = static_cast<char>(0x80U | (point >> 6U & 0x3FU));
  to[3] = static_cast<char>(0x80U | (point & 0x3FU));
  return 4;
}

std::optional<std::uint32_t> hex4(std::string_view text) {
  if (text.size() < 4) return std::nullopt;
  std::uint32_t value = 0;
  for (const char character : text.substr(0, 4)) {
    std::uint32_t nibble = 0;
    if (character >= '0' && character <= '9') {
      nibble = static_cast<std::uint32_t>(character - '0');
    } else if ((character | 0x20) >= 'a' && (character | 0x20) <= 'f') {
      nibble = static_cast<std::uint32_t>((character | 0x20) - 'a' + 10);
    } else {
      return std::nullopt;
    }
    value = value << 4U | nibble;
  }
  return value;
}

/// Walks over a JSON document and notes the strings that hold certain offsets.
class JsonScanner {
 public:
  JsonScanner(std::string_view document, const std::vector<std::size_t>& offsets)
      : text_(document), offset_(offsets.begin()), last_(offsets.end()) {}

  std::optional<std::vector<JsonString>> scan() {
    if (text_.starts_with("\xEF\xBB\xBF")) at_ = 3;
    for (; at_ < text_.size(); ++at_) {
      const char character = text_[at_];
      if (character == '"') {
        if (!string()) return std::nullopt;
      } else if (character == '{' || character == '[') {
        if (levels_.size() == kDeepestJson) return std::nullopt;
        levels_.push_back({.is_object = character == '{', .expects_key = character == '{'});
      } else if (character == '}' || character == ']') {
        if (levels_.empty() || levels_.back().is_object != (character == '}')) return std::nullopt;
        levels_.pop_back();
      } else if (character == ',') {
        if (levels_.empty()) return std::nullopt;
        ++levels_.back().index;
        levels_.back().expects_key = levels_.back().is_object;
      } else if (character == ':') {
        if (levels_.empty() || !levels_.back().is_object) return std::nullopt;
        levels_.back().expects_key = false;
      } else if (static_cast<unsigned char>(character) < ' ' && !is_line_space(character)) {
        return std::nullopt;
      }
    }
    if (!levels_.empty()) return std::nullopt;
    return std::move(found_);
  }

 private:
  struct Level {
    bool is_object = false;
    bool expects_key = false;
    std::size_t index = 0;
    std::string_view key;
  };

  /// `at_` stands on the opening quote, and afterwards on the closing one.
  bool string() {
    const std::size_t begin = at_ + 1;
    // From quote to quote: most of a document is inside of strings.
    for (at_ = text_.find('"', begin); at_ != std::string_view::npos; at_ = text_.find('"', at_ + 1)) {
      std::size_t escapes = 0;
      while (at_ - escapes > begin && text_[at_ - escapes - 1] == '\\') ++escapes;
      if (escapes % 2 == 0) break;
    }
    if (at_ == std::string_view::npos) return false;
    const std::string_view inside = text_.substr(begin, at_ - begin);
    const bool is_key = !levels_.empty() && levels_.back().expects_key;
    if (is_key) levels_.back().key = inside;
    while (offset_ != last_ && *offset_ < begin) ++offset_;
    if (offset_ == last_ || *offset_ >= at_) return true;
    if (inside.find('\n') != std::string_view::npos) return false;
    found_.push_back({.begin = begin,
                      .end = at_,
                      .pointer = pointer(),
                      .is_key = is_key,
                      .has_escapes = inside.find('\\') != std::string_view::npos});
    return true;
  }

  [[nodiscard]] std::string pointer() const {
    std::string pointer;
    for (const Level& level : levels_) {
      pointer += '/';
      if (!level.is_object) {
        pointer += std::to_string(level.index);
        continue;
      }
      for (const char character : level.key.substr(0, kLongestKey)) {
        if (character == '~') {
          pointer += "~0";
        } else if (character == '/') {
          pointer += "~1";
        } else {
          pointer += character;
        }
      }
    }
    return pointer;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::vector<Level> levels_;
  std::vector<std::size_t>::const_iterator offset_;
  std::vector<std::size_t>::const_iterator last_;
  std::vector<JsonString> found_;
};

}  // namespace

std::optional<Layer> open_base64(std::string_view text, std::size_t at, unsigned phase) {
  const std::size_t lowest = at > kLayerReach ? at - kLayerReach : 0;
  const std::size_t highest = std::min(text.size(), at + kLayerReach);

  // Back to where the run begins, or to the first whole group within reach; `digits` counts what is passed.
  std::size_t begin = at;
  std::size_t digits = 0;
  for (;;) {
    if (begin > lowest && digit(text[begin - 1]) != kNoDigit) {
      --begin, ++digits;
    } else if (const std::size_t over = over_line_break(text, begin, lowest, -1); over != begin) {
      begin = over;
    } else {
      break;
    }
  }
  // Characters before the first whole group belong to something else that ends where the base64 begins: `key=`, a path.
  std::size_t extra = (digits + 4 - phase % 4) % 4;
  while (extra > 0 && begin < at) {
    if (digit(text[begin++]) != kNoDigit) --extra;
  }

  Layer layer{.buffer = WipedBuffer((highest - begin) / 4 * 3 + 3), .outer_begin = begin};
  std::uint32_t bits = 0;
  unsigned held = 0;
  std::size_t end = begin;
  digits = 0;
  for (;;) {
    if (end < highest && digit(text[end]) != kNoDigit) {
      bits = bits << 6U | digit(text[end++]);
      held += 6, ++digits;
      if (held >= 8) {
        held -= 8;
        layer.buffer.data()[layer.size++] = static_cast<char>(bits >> held & 0xFFU);
      }
    } else if (const std::size_t over = over_line_break(text, end, highest, 1); over != end) {
      end = over;
    } else {
      break;
    }
  }
  layer.outer_end = end;
  layer.cut_in_front = lowest > 0 && begin < lowest + 8;
  layer.cut_behind = end == highest && highest < text.size();
  if (digits < kShortestBase64) return std::nullopt;
  return layer;
}

std::size_t outer_of_base64(std::string_view text, const Layer& layer, std::size_t inner) {
  std::size_t digits = inner * 8 / 6;
  std::size_t at = layer.outer_begin;
  for (; at < layer.outer_end; ++at) {
    if (digit(text[at]) == kNoDigit) continue;
    if (digits-- == 0) break;
  }
  return at;
}

std::optional<Layer> open_utf16(std::string_view text, std::size_t at) {
  const auto is_text = [text](std::size_t unit) {
    const char letter = text[unit];
    return text[unit + 1] == 0 && ((letter >= ' ' && letter <= '~') || is_line_space(letter));
  };
  // `at` is a letter with a NUL after it; in big-endian text that NUL belongs to the next letter, which reads the same.
  const std::size_t lowest = at > kLayerReach ? at - kLayerReach : 0;
  const std::size_t highest = std::min(text.size(), at + kLayerReach);
  std::size_t begin = at;
  while (begin >= lowest + 2 && is_text(begin - 2)) begin -= 2;
  std::size_t end = at;
  while (end + 1 < highest && is_text(end)) end += 2;
  // The last letter of big-endian text has no NUL after it.
  const bool one_more = end < highest && end > begin && text[end] >= ' ' && text[end] <= '~' && end + 1 >= highest;
  const std::size_t letters = (end - begin) / 2 + (one_more ? 1 : 0);
  if (letters < 2) return std::nullopt;
  Layer layer{.buffer = WipedBuffer(letters),
              .size = letters,
              .outer_begin = begin,
              .outer_end = std::min(text.size(), begin + letters * 2),
              .cut_in_front = begin < lowest + 2 && lowest > 0,
              .cut_behind = end + 1 >= highest && highest < text.size()};
  for (std::size_t i = 0; i < letters; ++i) layer.buffer.data()[i] = text[begin + 2 * i];
  return layer;
}

bool may_be_json(std::string_view text) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  const auto* first = std::find_if_not(text.begin(), text.end(), is_line_space);
  return first != text.end() && (*first == '{' || *first == '[');
}

std::optional<std::vector<JsonString>> json_strings_at(std::string_view document,
                                                       const std::vector<std::size_t>& offsets) {
  return JsonScanner(document, offsets).scan();
}

Layer open_json_string(std::string_view document, const JsonString& string) {
  const std::string_view raw = document.substr(string.begin, string.end - string.begin);
  // No escape becomes longer than it was.
  Layer layer{.buffer = WipedBuffer(raw.size()), .outer_begin = string.begin, .outer_end = string.end};
  char* to = layer.buffer.data();
  for (std::size_t at = 0; at < raw.size(); ++at) {
    if (raw[at] != '\\' || at + 1 == raw.size()) {
      to[layer.size++] = raw[at];
      continue;
    }
    const char escape = raw[++at];
    constexpr std::string_view kShort = "bfnrt";
    constexpr std::string_view kMeans = "\b\f\n\r\t";
    if (const auto known = kShort.find(escape); known != std::string_view::npos) {
      to[layer.size++] = kMeans[known];
      continue;
    }
    auto unit = escape == 'u' ? hex4(raw.substr(at + 1)) : std::nullopt;
    if (!unit) {
      to[layer.size++] = escape;
      continue;
    }
    at += 4;
    if (*unit >= 0xD800 && *unit < 0xDC00 && raw.substr(at + 1).starts_with("\\u")) {
      const auto low = hex4(raw.substr(at + 3));
      if (low && *low >= 0xDC00 && *low < 0xE000) {
        unit = 0x10000 + ((*unit - 0xD800) << 10U) + (*low - 0xDC00);
        at += 6;
      }
    }
    layer.size += encode_utf8(*unit >= 0xD800 && *unit < 0xE000 ? 0xFFFD : *unit, to + layer.size);
  }
  return layer;
}

}  // namespace tokensweep
