#include "report/terminal.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "base/text.hpp"

namespace tokensweep {
namespace {

// Narrower, the columns would say nothing; wider, the eye loses the line.
constexpr std::size_t kNarrowest = 60;
constexpr std::size_t kWidest = 160;

std::string_view sequence(Tone tone) {
  switch (tone) {
    case Tone::plain:
      return {};
    case Tone::strong:
      return "\x1b[1m";
    case Tone::quiet:
      return "\x1b[2m";
    case Tone::good:
      return "\x1b[32m";
    case Tone::notice:
      return "\x1b[36m";
    case Tone::warning:
      return "\x1b[33m";
    case Tone::alarm:
      return "\x1b[1;31m";
  }
  return {};
}

}  // namespace

std::optional<std::string> process_environment(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr) return std::nullopt;
  return value;
}

Terminal terminal_of(int descriptor, const Environment& environment) {
  Terminal terminal;
  if (::isatty(descriptor) == 0) return terminal;
  struct winsize size {};
  if (::ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
    terminal.width = std::clamp<std::size_t>(size.ws_col, kNarrowest, kWidest);
  }
  terminal.color = environment("NO_COLOR").value_or("").empty() && environment("TERM").value_or("dumb") != "dumb";
  return terminal;
}

Canvas& Canvas::put(std::string_view text, Tone tone) {
  const std::string_view begin = terminal_.color ? sequence(tone) : std::string_view();
  text_.append(begin).append(text);
  if (!begin.empty()) text_.append("\x1b[0m");
  return *this;
}

Canvas& Canvas::left(std::string_view text, std::size_t columns, Tone tone) {
  const std::size_t width = display_width(text);
  put(text, tone);
  return space(columns - std::min(columns, width));
}

Canvas& Canvas::right(std::string_view text, std::size_t columns, Tone tone) {
  const std::size_t width = display_width(text);
  return space(columns - std::min(columns, width)).put(text, tone);
}

Canvas& Canvas::space(std::size_t columns) { return text_.append(columns, ' '), *this; }

Canvas& Canvas::line() {
  while (text_.ends_with(' ')) text_.pop_back();
  return text_.push_back('\n'), *this;
}

std::string Canvas::take() { return std::exchange(text_, {}); }

std::string counted(std::uint64_t number, std::string_view one, std::string_view many) {
  std::string text = grouped(number) + ' ';
  if (number == 1) return text.append(one);
  if (!many.empty()) return text.append(many);
  return text.append(one).append("s");
}

}  // namespace tokensweep
