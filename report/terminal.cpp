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

bool locale_is_utf8(const Environment& environment) {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    std::string locale = environment(name).value_or("");
    if (locale.empty()) continue;
    for (char& c : locale) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    return locale.find("utf-8") != std::string::npos || locale.find("utf8") != std::string::npos;
  }
  return false;
}

}  // namespace

Terminal terminal_of(int descriptor, const Environment& environment) {
  Terminal terminal;
  terminal.utf8 = locale_is_utf8(environment);
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

void put_wrapped(Canvas& canvas, std::string_view text, std::size_t indent) {
  std::size_t column = indent;
  while (!text.empty()) {
    const std::string_view word = text.substr(0, text.find(' '));
    const std::size_t width = display_width(word);
    if (column > indent && column + 1 + width > canvas.width()) {
      canvas.line().space(indent);
      column = indent;
    }
    if (column > indent) canvas.space(1), ++column;
    canvas.put(word);
    column += width;
    text.remove_prefix(std::min(word.size() + 1, text.size()));
  }
  canvas.line();
}

std::string shell_word(std::string_view text) {
  const auto harmless = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("/._-+@%:,").find(c) != std::string_view::npos;
  };
  if (!text.empty() && std::all_of(text.begin(), text.end(), harmless)) return std::string(text);
  std::string quoted = "'";
  for (const char c : text) quoted.append(c == '\'' ? "'\\''" : std::string(1, c));
  return quoted + "'";
}

}  // namespace tokensweep
