#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "connectors/settings.hpp"

namespace tokensweep {

/// What is wrong with a file. Of all that is, the first by its place is told, since an error is one line.
class Problems {
 public:
  /// `file` as messages call it, printable.
  explicit Problems(std::string file) : file_(std::move(file)) {}

  void add(int line, std::string what);
  [[nodiscard]] std::size_t count() const { return count_; }
  /// `tokensweep.toml:12: …`, misconfigured. There has to be one.
  [[nodiscard]] Error first() const;

 private:
  struct Problem {
    int line;
    std::string what;
  };
  std::string file_;
  std::optional<Problem> first_;
  std::size_t count_ = 0;
};

/// What paths in a file are relative to.
struct PathBase {
  std::filesystem::path directory;  ///< the file's own
  std::optional<std::string> home;  ///< what `~/` stands for
};

/// Parses TOML and reads what `keys` allow; what they do not, and whatever does not fit them, goes to `problems` with
/// its line. No message repeats a value, nor a key that could be one.
Settings read_settings(std::string_view text, std::span<const KeySpec> keys, const PathBase& base, Problems& problems);

/// `a, b and c`
std::string listed(std::span<const std::string> words, std::string_view last_joint = "and");

}  // namespace tokensweep
