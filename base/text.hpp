#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// Text from outside (paths, names, answers of servers) on its way to a person. Everything human-readable that the
/// program prints goes through `printable`: a file name may hold terminal escapes, line breaks, text that runs
/// backwards, or bytes that are no UTF-8.
namespace tokensweep {

/// How many characters of one name a person is shown; exports show all.
constexpr std::size_t kPrintableCap = 512;
/// For `cap`: do not cut. Only uncut text can be turned back.
constexpr std::size_t kNoCap = static_cast<std::string_view::size_type>(-1);

/// `text` as valid UTF-8 on one line, without anything that moves a cursor, hides or reorders characters:
/// - `\xNN` stands for one byte: a C0 control character, DEL, or a byte that is not part of valid UTF-8;
/// - `\u{…}` for one character: C1 controls, U+2028/2029, bidirectional and other format characters, noncharacters;
/// - a backslash stays a backslash, so a path reads as usual, unless what follows it would then read as one of these
/// two; there it is
///   `\x5c`. So without a cap, two different texts never look the same, and the original can be restored.
/// A text of more than `cap` characters is cut in its middle, where `…` stands.
std::string printable(std::string_view text, std::size_t cap = kPrintableCap);

/// The same, appended: for writers that build many cells in one buffer.
void append_printable(std::string& out, std::string_view text, std::size_t cap = kPrintableCap);

/// The text that `printable(text, kNoCap)` shows so, byte for byte; nothing where it shows no text so.
std::optional<std::string> from_printable(std::string_view shown);

/// How many terminal columns a printable text takes: East Asian wide characters and emoji two, combining marks none.
std::size_t display_width(std::string_view printable_text);

/// A printable text in at most `width` columns, cut in its middle where `…` stands: beginning and end of a path say
/// most. Escapes are kept whole or left out.
std::string truncate_middle(std::string_view printable_text, std::size_t width);

/// `1,234,567`
std::string grouped(std::uint64_t number);

/// `1 place`, `12 places`: the plural is `one` and an s unless given.
std::string counted(std::uint64_t number, std::string_view one, std::string_view many = {});

}  // namespace tokensweep
