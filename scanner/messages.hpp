#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "scanner/cli.hpp"

namespace tokensweep {

/// What the program says on standard error: one line each, as text or as a JSON object (`--log-format json`), and the
/// progress of a sweep where a person looks at a terminal. Names of files are made printable here; values never come
/// here.
class Messages {
 public:
  Messages(LogFormat format, bool quiet);

  /// Always shown: the run fails, or is worth less than it seems.
  void error(std::string_view text);
  void warning(std::string_view text);
  /// Not with --quiet.
  void info(std::string_view text);

  /// How far a sweep is.
  struct Progress {
    std::uint64_t files = 0;
    std::uint64_t requests = 0;
    std::uint64_t hits = 0;
  };
  /// Drawn over the last one, some times a second, on a terminal only. `what` is swept.
  void progress(const Progress& progress, std::string_view what);
  void end_progress();

 private:
  void say(std::string_view level, std::string_view text);

  LogFormat format_;
  bool quiet_;
  bool draws_;
  bool drawn_ = false;
  std::chrono::steady_clock::time_point last_drawn_;
};

}  // namespace tokensweep
