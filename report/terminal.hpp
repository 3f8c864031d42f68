#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/environment.hpp"
#include "base/text.hpp"

namespace tokensweep {

/// What a report for people is drawn on.
struct Terminal {
  std::size_t width = 80;
  bool color = false;
  bool utf8 = false;  ///< whether it shows more than letters: bars
};

/// A pipe or a file is 80 columns wide and without colour; a terminal has its own width, and colour unless NO_COLOR is
/// set to something or TERM is `dumb`. UTF-8 is what the locale says (LC_ALL, else LC_CTYPE, else LANG), wherever the
/// text goes.
Terminal terminal_of(int descriptor, const Environment& environment);

/// What a piece of text means; the colours follow from it.
enum class Tone : unsigned char { plain, strong, quiet, good, notice, warning, alarm };

/// Text of several tones in one buffer, with escape sequences only where the terminal takes colour.
class Canvas {
 public:
  explicit Canvas(const Terminal& terminal) : terminal_(terminal) {}

  [[nodiscard]] std::size_t width() const { return terminal_.width; }
  /// `text` has to be printable.
  Canvas& put(std::string_view text, Tone tone = Tone::plain);
  /// In a column of at least `columns`, filled with spaces on the right.
  Canvas& left(std::string_view text, std::size_t columns, Tone tone = Tone::plain);
  /// The same, filled on the left.
  Canvas& right(std::string_view text, std::size_t columns, Tone tone = Tone::plain);
  Canvas& space(std::size_t columns);
  /// Ends the line, without spaces at its end.
  Canvas& line();

  /// What was drawn since the last call.
  std::string take();

 private:
  Terminal terminal_;
  std::string text_;
};

/// Ends the line with `text`, which begins in column `indent`; where it is too long, it goes on below, between words.
void put_wrapped(Canvas& canvas, std::string_view printable_text, std::size_t indent);
/// A word of a command line that is shown to be copied: in quotes, where a shell would read more into it.
std::string shell_word(std::string_view text);

}  // namespace tokensweep
