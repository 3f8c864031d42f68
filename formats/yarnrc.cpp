#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "formats/ini.hpp"
#include "formats/npmrc.hpp"
#include "formats/readers.hpp"

namespace tokensweep {
namespace {

constexpr std::size_t kFileSizeMax = 1 << 20;

/// Yarn 1's own syntax, that of its lock file: `key value` a line, either one in double quotes or a bare word.
class YarnrcReader {
 public:
  explicit YarnrcReader(std::string_view bytes) : rest_(bytes) {
    if (rest_.starts_with("\xEF\xBB\xBF")) rest_.remove_prefix(3);  // yarn strips it
  }

  bool next(IniLine& out) {
    while (!rest_.empty()) {
      const std::size_t end = rest_.find('\n');
      std::string_view line = rest_.substr(0, end);
      rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 1);
      ++line_;
      out.commented_out = false;
      // What is indented belongs to a list or an object: no setting that names a credential is one.
      if (line.starts_with(' ') || line.starts_with('\t')) continue;
      while (line.starts_with('#')) {
        out.commented_out = true;
        line = trim_like_javascript(line.substr(1));
      }
      if (!word(line, out.key)) continue;
      if (line.starts_with(':')) line.remove_prefix(1);
      Secret value;
      if (!word(line, value)) continue;
      // Behind a value, a comment is prose; yarn itself refuses the file.
      if (out.commented_out && !trim_like_javascript(line).empty()) continue;
      out.value = {IniValue::Type::text, std::move(value)};
      out.line = line_;
      return true;
    }
    return false;
  }

 private:
  /// Takes one word off the front of `line`. A quoted one is JSON, as in ini.
  static bool word(std::string_view& line, Secret& out) {
    line = trim_like_javascript(line);
    if (line.empty() || line.front() == '#') return false;
    std::size_t size = 0;
    if (line.front() == '"') {
      for (size = 1; size < line.size() && line[size] != '"'; ++size) {
        if (line[size] == '\\') ++size;
      }
      if (size >= line.size()) return false;
      ++size;
      out = unquote_json(line.substr(0, size));
    } else {
      size = std::min(line.find_first_of(" \t\r"), line.size());
      if (size > 1 && line[size - 1] == ':') --size;
      out = Secret(line.substr(0, size));
    }
    line.remove_prefix(size);
    return true;
  }

  std::string_view rest_;
  std::uint32_t line_ = 0;
};

}  // namespace

Result<Reading> read_yarnrc(std::string_view bytes) {
  if (bytes.size() > kFileSizeMax) return Error{ErrorKind::malformed, "a .yarnrc file of more than 1 MiB"};
  YarnrcReader reader(bytes);
  return read_npm_settings([&reader](IniLine& line) { return reader.next(line); });
}

}  // namespace tokensweep
