#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/secret.hpp"

namespace tokensweep {

/// A value as npm's `ini` package types it.
struct IniValue {
  enum class Type : std::uint8_t {
    text,     ///< a string, unquoted and unescaped
    boolean,  ///< `true`, `false`, or a key without `=`, which is `true`
    null,     ///< `null`
    json,     ///< a number, list or object in single quotes, which ini parses as JSON: its text as it stands
  };
  Type type = Type::text;
  /// The text; of the other types their spelling (`true`, `null`, `[1]`).
  Secret text;
};

/// One line of an ini file that means something.
struct IniLine {
  /// The section that it stands in, as written between the brackets and unquoted; null at top level. ini nests sections
  /// at their dots; whatever stands in one is out of reach for npm's configuration, so that the nesting is left out
  /// here.
  std::shared_ptr<const std::string> section;
  /// The key without a trailing `[]`. A Secret, for a line without `=` may well be a bare token.
  Secret key;
  IniValue value;
  /// 1-based; `\r\n`, `\r` and `\n` each end one line.
  std::uint32_t line = 0;
  /// `key[]=value`: appends to an array.
  bool appends = false;
  /// The line is a comment, read as if it were none. ini itself does not see it.
  bool commented_out = false;
};

/// Walks through a file line by line as npm's `ini` package does (`decode` of ini 7, held against the original by
/// tests/npm_oracle). It looks at `bytes` in place: they outlive the reader.
class IniReader {
 public:
  explicit IniReader(std::string_view bytes) : rest_(bytes) {}

  /// Reads on to the next line that assigns something, commented-out assignments included. False at the end.
  bool next(IniLine& line);

 private:
  std::string_view rest_;
  std::uint32_t line_ = 0;
  std::shared_ptr<const std::string> section_;
};

/// Without the white space at both ends, by JavaScript's idea of it: Unicode's spaces and the byte-order mark count.
std::string_view trim_like_javascript(std::string_view text) noexcept;

/// What a JSON string says, given with its quotes; of anything that is no JSON string, the text as it stands.
Secret unquote_json(std::string_view text);

}  // namespace tokensweep
