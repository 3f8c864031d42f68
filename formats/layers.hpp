#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/secret.hpp"

/// Texts inside texts: base64, UTF-16, JSON strings. Pure, tolerant of any bytes, bounded; decoded bytes are wiped with
/// their layer.
namespace tokensweep {

/// A text that was found inside another one.
struct Layer {
  WipedBuffer buffer{0};
  std::size_t size = 0;
  std::size_t outer_begin = 0;  ///< the bytes of the outer text that it was decoded from
  std::size_t outer_end = 0;
  bool cut_in_front = false;  ///< it goes on, beyond what is decoded at once
  bool cut_behind = false;

  [[nodiscard]] std::string_view text() const { return {buffer.data(), size}; }
};

/// The most that is decoded in either direction from where something was found.
inline constexpr std::size_t kLayerReach = std::size_t{64} << 10U;

/// Decodes the base64 (RFC 4648, both alphabets, wrapped lines too) around `at`, where a character of place `phase` in
/// its group of four stands. Nothing where that is no base64 after all: shorter than twelve characters.
std::optional<Layer> open_base64(std::string_view text, std::size_t at, unsigned phase);

/// Where in `text` the character stands that the byte at `inner` of a base64 layer was decoded from.
std::size_t outer_of_base64(std::string_view text, const Layer& layer, std::size_t inner);

/// Decodes the ASCII run of UTF-16 (either byte order, with or without a mark) around `at`, where a letter of it
/// stands: files that Windows shells write. Other code points end the run: no token has any.
std::optional<Layer> open_utf16(std::string_view text, std::size_t at);

/// A JSON string: where its characters stand in the document, and a pointer to it (RFC 6901), keys shortened to 64
/// bytes.
struct JsonString {
  std::size_t begin = 0;
  std::size_t end = 0;
  std::string pointer;
  bool is_key = false;
  bool has_escapes = false;
};

/// Whether a text can be a JSON document: its first byte that is no white space opens an object or an array.
bool may_be_json(std::string_view text);

/// The strings of a JSON document that hold the given offsets (ascending); each string once. Several values in a row
/// (JSON lines) are one document. Nothing where the document is not well-formed: a hand-made scanner rather than a
/// library, because what is asked for is places, the values must not stay behind in a library's buffers, and nothing
/// has to be built.
std::optional<std::vector<JsonString>> json_strings_at(std::string_view document,
                                                       const std::vector<std::size_t>& offsets);

/// Undoes a JSON string's escapes (RFC 8259, section 7); a lone surrogate becomes U+FFFD.
Layer open_json_string(std::string_view document, const JsonString& string);

}  // namespace tokensweep
