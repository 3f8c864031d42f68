#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <iterator>
#include <vector>

namespace tokensweep {
namespace {

struct Range {
  char32_t first;
  char32_t last;
};

// Sorted. What a terminal or an editor obeys instead of showing: Unicode's category Cf, the C1 controls, line and
// paragraph separators, and the fillers, tags and noncharacters that show as nothing at all.
constexpr Range kHidden[] = {
    {0x0080, 0x009F},   {0x00AD, 0x00AD},   {0x034F, 0x034F},   {0x0600, 0x0605},   {0x061C, 0x061C},
    {0x06DD, 0x06DD},   {0x070F, 0x070F},   {0x0890, 0x0891},   {0x08E2, 0x08E2},   {0x115F, 0x1160},
    {0x17B4, 0x17B5},   {0x180B, 0x180F},   {0x200B, 0x200F},   {0x2028, 0x202E},   {0x2060, 0x206F},
    {0x2800, 0x2800},   {0x3164, 0x3164},   {0xFDD0, 0xFDEF},   {0xFEFF, 0xFEFF},   {0xFFA0, 0xFFA0},
    {0xFFF0, 0xFFFB},   {0xFFFE, 0xFFFF},   {0x110BD, 0x110BD}, {0x110CD, 0x110CD}, {0x13430, 0x1343F},
    {0x1BCA0, 0x1BCA3}, {0x1D173, 0x1D17A}, {0xE0000, 0xE0FFF},
};

// Sorted. Combining marks of the scripts that appear in file names: they sit on the character before.
constexpr Range kZeroWidth[] = {
    {0x0300, 0x036F}, {0x0483, 0x0489}, {0x0591, 0x05BD}, {0x0610, 0x061A}, {0x064B, 0x065F},
    {0x0670, 0x0670}, {0x06D6, 0x06DC}, {0x093C, 0x093C}, {0x0941, 0x0948}, {0x094D, 0x094D},
    {0x0E31, 0x0E31}, {0x0E34, 0x0E3A}, {0x0E47, 0x0E4E}, {0x1AB0, 0x1AFF}, {0x1DC0, 0x1DFF},
    {0x20D0, 0x20FF}, {0x302A, 0x302F}, {0x3099, 0x309A}, {0xFE00, 0xFE0F}, {0xFE20, 0xFE2F},
};

// Sorted. Unicode's East_Asian_Width W and F, joined where the gaps hold nothing that is in use.
constexpr Range kWide[] = {
    {0x1100, 0x115F},   {0x231A, 0x231B},   {0x2329, 0x232A},   {0x23E9, 0x23EC},   {0x2614, 0x2615},
    {0x26A1, 0x26A1},   {0x2705, 0x2705},   {0x2728, 0x2728},   {0x274C, 0x274C},   {0x2E80, 0x303E},
    {0x3041, 0x33FF},   {0x3400, 0x4DBF},   {0x4E00, 0xA4CF},   {0xA960, 0xA97F},   {0xAC00, 0xD7A3},
    {0xF900, 0xFAFF},   {0xFE10, 0xFE19},   {0xFE30, 0xFE6F},   {0xFF00, 0xFF60},   {0xFFE0, 0xFFE6},
    {0x16FE0, 0x18DFF}, {0x1B000, 0x1B2FF}, {0x1F004, 0x1F004}, {0x1F0CF, 0x1F0CF}, {0x1F18E, 0x1F19A},
    {0x1F200, 0x1F320}, {0x1F32D, 0x1F64F}, {0x1F680, 0x1F6FF}, {0x1F7E0, 0x1F7EB}, {0x1F900, 0x1F9FF},
    {0x1FA70, 0x1FAFF}, {0x20000, 0x3FFFD},
};

template <std::size_t N>
bool within(const Range (&ranges)[N], char32_t value) {
  const Range* end = std::end(ranges);
  const Range* found =
      std::lower_bound(std::begin(ranges), end, value, [](const Range& range, char32_t v) { return range.last < v; });
  return found != end && found->first <= value;
}

bool hidden(char32_t value) { return within(kHidden, value) || (value & 0xFFFE) == 0xFFFE; }

/// One character of UTF-8, or one byte that is none (`valid` is false and `size` 1).
struct Decoded {
  char32_t value = 0;
  std::size_t size = 1;
  bool valid = false;
};

Decoded decode(std::string_view text) {
  const auto byte = [text](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const std::uint8_t lead = byte(0);
  if (lead < 0x80) return {lead, 1, true};
  const std::size_t size = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < size) return {lead, 1, false};
  char32_t value = lead & (0x7FU >> size);
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return {lead, 1, false};
    value = (value << 6) | (byte(i) & 0x3FU);
  }
  constexpr char32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};  // overlong forms are an old way past filters
  const bool surrogate = value >= 0xD800 && value <= 0xDFFF;
  if (value < kSmallest[size] || value > 0x10FFFF || surrogate) return {lead, 1, false};
  return {value, size, true};
}

/// The other way round, of a character that `decode` takes.
void append_utf8(std::string& out, char32_t value) {
  const auto byte = [](char32_t bits) { return static_cast<char>(bits); };
  const auto next = [&](unsigned shift) { out.push_back(byte(0x80 | ((value >> shift) & 0x3F))); };
  if (value < 0x80) return out.push_back(byte(value));
  if (value < 0x800) return out.push_back(byte(0xC0 | (value >> 6))), next(0);
  if (value < 0x10000) return out.push_back(byte(0xE0 | (value >> 12))), next(6), next(0);
  out.push_back(byte(0xF0 | (value >> 18)));
  next(12), next(6), next(0);
}

bool is_hex(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

constexpr char kHexDigits[] = "0123456789abcdef";

void append_byte_escape(std::string& out, std::uint8_t byte) {
  const char escape[] = {'\\', 'x', kHexDigits[byte >> 4], kHexDigits[byte & 0xF]};
  out.append(escape, sizeof escape);
}

void append_character_escape(std::string& out, char32_t value) {
  std::array<char, 8> digits{};
  std::size_t first = digits.size();
  do {
    digits[--first] = kHexDigits[value & 0xF];
    value >>= 4;
  } while (value != 0);
  out.append("\\u{").append(digits.data() + first, digits.size() - first).push_back('}');
}

/// Whether a backslash with `rest` behind it would read as one of our escapes.
bool reads_as_escape(std::string_view rest) {
  if (rest.size() >= 3 && rest[0] == 'x') return is_hex(rest[1]) && is_hex(rest[2]);
  return rest.size() >= 2 && rest[0] == 'u' && rest[1] == '{';
}

bool plain(char c) { return c >= 0x20 && c < 0x7F && c != '\\'; }

void append_escaped(std::string& out, std::string_view text) {
  while (!text.empty()) {
    // Nearly all text is plain ASCII: it goes over in whole runs.
    const auto run = static_cast<std::size_t>(std::find_if_not(text.begin(), text.end(), plain) - text.begin());
    out.append(text.substr(0, run));
    text.remove_prefix(run);
    if (text.empty()) return;

    const Decoded next = decode(text);
    if (!next.valid || next.value < 0x20 || next.value == 0x7F ||
        (next.value == '\\' && reads_as_escape(text.substr(1)))) {
      append_byte_escape(out, static_cast<std::uint8_t>(text[0]));
    } else if (hidden(next.value)) {
      append_character_escape(out, next.value);
    } else {
      out.append(text.substr(0, next.size));
    }
    text.remove_prefix(next.size);
  }
}

/// How many bytes of printable text belong together: a whole escape, or one character.
std::size_t unit_size(std::string_view text) {
  if (text[0] != '\\' || !reads_as_escape(text.substr(1))) return decode(text).size;
  return text[1] == 'x' ? 4 : std::min(text.find('}'), text.size() - 1) + 1;
}

/// What one unit of printable text stands for. Of digits that no escape of ours has, anything may come out: its caller
/// compares.
void append_unescaped(std::string& out, std::string_view unit) {
  if (unit[0] != '\\' || !reads_as_escape(unit.substr(1))) {
    out.append(unit);
    return;
  }
  const bool is_byte = unit[1] == 'x';
  std::uint32_t value = 0;
  const char* digits = unit.data() + (is_byte ? 2 : 3);
  std::from_chars(digits, unit.data() + unit.size(), value, 16);
  is_byte ? out.push_back(static_cast<char>(value)) : append_utf8(out, value);
}

std::size_t count_characters(std::string_view unit) {
  return static_cast<std::size_t>(
      std::count_if(unit.begin(), unit.end(), [](char c) { return (static_cast<std::uint8_t>(c) & 0xC0) != 0x80; }));
}

/// Keeps the beginning and the end of printable text so that, by `measure`, it takes at most `limit`.
template <class Measure>
std::string cut_middle(std::string_view text, std::size_t limit, Measure measure) {
  if (measure(text) <= limit) return std::string(text);
  if (limit == 0) return {};
  std::vector<std::string_view> units;
  for (std::string_view rest = text; !rest.empty(); rest.remove_prefix(units.back().size())) {
    units.push_back(rest.substr(0, unit_size(rest)));
  }
  std::size_t room = limit - 1;  // for the ellipsis
  const auto take = [&](std::string_view unit, std::size_t& left) {
    const std::size_t size = measure(unit);
    return size <= left && (left -= size, true);
  };
  std::size_t head_room = room / 2;
  room -= head_room;
  std::size_t head = 0;
  while (head < units.size() && take(units[head], head_room)) ++head;
  std::size_t tail = units.size();
  room += head_room;  // what the head could not use, because the next unit was too large for it
  while (tail > head && take(units[tail - 1], room)) --tail;

  std::string out;
  for (std::size_t i = 0; i < head; ++i) out.append(units[i]);
  out.append("…");
  for (std::size_t i = tail; i < units.size(); ++i) out.append(units[i]);
  return out;
}

}  // namespace

void append_printable(std::string& out, std::string_view text, std::size_t cap) {
  const std::size_t begin = out.size();
  append_escaped(out, text);
  if (out.size() - begin <= cap) return;  // no more bytes than that, so no more characters either
  std::string cut = cut_middle(std::string_view(out).substr(begin), cap, count_characters);
  out.resize(begin);
  out.append(cut);
}

std::string printable(std::string_view text, std::size_t cap) {
  std::string out;
  append_printable(out, text, cap);
  return out;
}

std::optional<std::string> from_printable(std::string_view shown) {
  std::string text;
  for (std::string_view rest = shown; !rest.empty();) {
    const std::size_t size = unit_size(rest);
    append_unescaped(text, rest.substr(0, size));
    rest.remove_prefix(size);
  }
  if (printable(text, kNoCap) != shown) return std::nullopt;  // spelled otherwise, or not to be shown at all
  return text;
}

std::size_t display_width(std::string_view printable_text) {
  std::size_t width = 0;
  while (!printable_text.empty()) {
    const Decoded next = decode(printable_text);
    if (next.value < 0x300 || !within(kZeroWidth, next.value)) width += within(kWide, next.value) ? 2U : 1U;
    printable_text.remove_prefix(next.size);
  }
  return width;
}

std::string truncate_middle(std::string_view printable_text, std::size_t width) {
  return cut_middle(printable_text, width, display_width);
}

std::string grouped(std::uint64_t number) {
  std::string text = std::to_string(number);
  for (std::size_t i = text.size(); i > 3; i -= 3) text.insert(i - 3, 1, ',');
  return text;
}

std::string counted(std::uint64_t number, std::string_view one, std::string_view many) {
  std::string text = grouped(number) + ' ';
  if (number == 1) return text.append(one);
  if (!many.empty()) return text.append(many);
  return text.append(one).append("s");
}

}  // namespace tokensweep
