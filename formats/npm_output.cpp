#include "formats/npm_output.hpp"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <cctype>
#include <optional>
#include <string>
#include <utility>

namespace tokensweep {
namespace {

constexpr std::string_view kWhiteSpace = " \t\r\n";
constexpr std::size_t kTokenBody = 36;

Error malformed(std::string what) { return {ErrorKind::malformed, std::move(what)}; }

std::string quoted(std::string_view command) { return "`" + std::string(command) + "`"; }

/// What npm's codes mean for somebody who wants a list; nothing else of its report is shown.
struct Failure {
  std::string_view code;
  std::string_view advice;
};
constexpr std::array<Failure, 7> kFailures = {{
    {"E401", "nobody is logged in; run `npm login`, then "},
    {"ENEEDAUTH", "nobody is logged in; run `npm login`, then "},
    {"E403", "the registry does not let this token list them; run `npm login`, then "},
    {"E404", "the registry has no such list; check the name and --registry, then run "},
    {"EOTP", "a one-time password is asked for; add --otp=CODE to "},
    {"E429", "too many requests; wait some minutes, then run "},
    {"ENOTFOUND", "the registry cannot be reached; check --registry and the proxy, then run "},
}};

Error npm_failed(std::string_view code, std::string_view command) {
  const auto* known = std::ranges::find(kFailures, code, &Failure::code);
  if (known == kFailures.end()) return malformed("npm failed; read what it says when you run " + quoted(command));
  return malformed("npm failed with " + std::string(code) + ": " + std::string(known->advice) + quoted(command));
}

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = std::min(text.find_first_not_of(kWhiteSpace), text.size());
  return text.substr(begin, text.find_last_not_of(kWhiteSpace) + 1 - begin);
}

std::string_view take_word(std::string_view& rest) {
  const std::size_t end = std::min(rest.find(' '), rest.size());
  const std::string_view word = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return word;
}

/// The lines around an answer that are not the answer, and what they tell.
class Messages {
 public:
  /// Whether a line is empty or a message of npm's or node's.
  bool take(std::string_view line) {
    line = trimmed(line);
    if (line.empty() || line.starts_with("(node:") || line.starts_with("(Use `node ")) return true;
    if (take_word(line) != "npm") return false;
    std::string level(take_word(line));
    std::ranges::transform(level, level.begin(), [](unsigned char letter) { return std::tolower(letter); });
    constexpr std::array<std::string_view, 12> kLevels = {"warn",    "notice", "err!", "error", "info",   "http",
                                                          "verbose", "verb",   "sill", "silly", "timing", "warning"};
    if (std::ranges::find(kLevels, level) == kLevels.end()) return false;
    if (level == "err!" || level == "error") {
      failed_ = true;
      if (take_word(line) == "code") code_ = take_word(line);
    }
    return true;
  }

  [[nodiscard]] bool failed() const { return failed_; }
  [[nodiscard]] std::string_view code() const { return code_; }

 private:
  bool failed_ = false;
  std::string_view code_;
};

std::string place_of(const NpmOutput& output, std::size_t at) {
  const std::string_view before = output.body.substr(0, at);
  const auto line = output.first_line + static_cast<std::size_t>(std::ranges::count(before, '\n'));
  const std::size_t column = before.size() - (before.rfind('\n') + 1) + 1;  // npos + 1 is 0
  return "line " + std::to_string(line) + ", column " + std::to_string(column);
}

/// The code in npm's own report of a failure; empty where there is a report without one.
std::optional<std::string> reported_failure(const boost::json::value& value) {
  const auto* object = value.if_object();
  const auto* report = object == nullptr ? nullptr : object->if_contains("error");
  if (report == nullptr || !report->is_object()) return std::nullopt;
  const auto* code = report->get_object().if_contains("code");
  if (code == nullptr || !code->is_string()) return "";
  return std::string(code->get_string());
}

}  // namespace

Result<NpmOutput> find_npm_output(std::string_view text, std::string_view command) {
  if (text.size() > kLargestNpmOutput) return malformed("larger than 16 MiB, as no list of npm's is");
  if (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF")) {
    return malformed("UTF-16, as PowerShell 5 writes it; run " + quoted(command) + " | Out-File -Encoding utf8 FILE");
  }
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);

  NpmOutput output{.body = text};
  Messages messages;
  while (!output.body.empty()) {
    const std::size_t end = output.body.find('\n');
    if (!messages.take(output.body.substr(0, end))) break;
    output.body.remove_prefix(end == std::string_view::npos ? output.body.size() : end + 1);
    ++output.first_line;
  }
  while (!output.body.empty()) {
    const std::size_t begin = output.body.substr(0, output.body.size() - 1).rfind('\n') + 1;  // npos + 1 is 0
    if (!messages.take(output.body.substr(begin))) break;
    output.body.remove_suffix(output.body.size() - begin);
  }
  output.body = output.body.substr(0, output.body.find_last_not_of(kWhiteSpace) + 1);
  if (messages.failed()) return npm_failed(messages.code(), command);
  if (output.body.empty()) return malformed("no list in it; read what npm says when you run " + quoted(command));
  if (trimmed(output.body).starts_with('<')) {
    return malformed("looks like a web page: a proxy or a login page answered; check --registry, then run " +
                     quoted(command));
  }
  return output;
}

Result<boost::json::value> parse_npm_json(const NpmOutput& output, std::string_view command) {
  boost::json::parser parser;
  boost::json::error_code failure;
  const std::size_t end = parser.write_some(output.body.data(), output.body.size(), failure);
  if (failure == boost::json::error::incomplete) {
    return malformed("the JSON ends in its middle, at " + place_of(output, output.body.size()) +
                     ": the file was cut off; run " + quoted(command) + " again");
  }
  if (failure) return malformed(place_of(output, end) + ": no JSON; expected what " + quoted(command) + " prints");
  const std::size_t next = output.body.find_first_not_of(kWhiteSpace, end);
  if (next != std::string_view::npos) {
    return malformed(place_of(output, next) + ": something follows the list; keep each list in a file of its own");
  }
  boost::json::value value = parser.release();
  if (const auto code = reported_failure(value)) return npm_failed(*code, command);
  return value;
}

bool holds_npm_token(std::string_view text) {
  constexpr std::string_view kPrefix = "npm_";
  for (auto at = text.find(kPrefix); at != std::string_view::npos; at = text.find(kPrefix, at + 1)) {
    const std::string_view body = text.substr(at + kPrefix.size(), kTokenBody);
    const auto is_alphanumeric = [](unsigned char byte) { return std::isalnum(byte) != 0; };
    if (body.size() == kTokenBody && std::ranges::all_of(body, is_alphanumeric)) return true;
  }
  return false;
}

}  // namespace tokensweep
