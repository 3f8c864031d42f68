#include "scanner/messages.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include "base/text.hpp"
#include "base/time.hpp"
#include "report/output.hpp"
#include "report/terminal.hpp"

namespace tokensweep {
namespace {

constexpr std::chrono::milliseconds kBetweenDrawings{100};

void put(std::string_view text) { DescriptorOutput(STDERR_FILENO, "standard error").write(text); }

/// JSON's escapes for a printable text: it holds no control characters.
std::string json_text(std::string_view printable_text) {
  std::string text;
  for (const char letter : printable_text) {
    if (letter == '"' || letter == '\\') text += '\\';
    text += letter;
  }
  return text;
}

}  // namespace

Messages::Messages(LogFormat format, bool quiet)
    : format_(format), quiet_(quiet), draws_(!quiet && format == LogFormat::text && isatty(STDERR_FILENO) != 0) {}

void Messages::error(std::string_view text) { say("error", text); }
void Messages::warning(std::string_view text) { say("warning", text); }
void Messages::info(std::string_view text) {
  if (!quiet_) say("info", text);
}

void Messages::say(std::string_view level, std::string_view text) {
  end_progress();
  const std::string line = printable(text, kNoCap);
  if (format_ == LogFormat::json) {
    const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    put(fmt::format("{{\"time\":\"{}\",\"level\":\"{}\",\"message\":\"{}\"}}\n", format_time(now), level,
                    json_text(line)));
  } else {
    put(level == "info" ? line + "\n" : fmt::format("tokensweep: {}\n", line));
  }
}

void Messages::progress(const Progress& progress, std::string_view what) {
  const auto now = std::chrono::steady_clock::now();
  if (!draws_ || now - last_drawn_ < kBetweenDrawings) return;
  last_drawn_ = now;
  drawn_ = true;
  const std::string requests =
      progress.requests == 0 ? std::string() : fmt::format("{} requests, ", grouped(progress.requests));
  const std::string files =
      progress.files == 0 && progress.requests > 0 ? std::string() : fmt::format("{} files, ", grouped(progress.files));
  put(fmt::format("\r\x1b[K{}{}{} in {}", requests, files, counted(progress.hits, "hit"), printable(what, 60)));
}

void Messages::end_progress() {
  if (!drawn_) return;
  put("\r\x1b[K");
  drawn_ = false;
}

}  // namespace tokensweep
