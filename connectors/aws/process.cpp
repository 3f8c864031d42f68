#include "connectors/aws/process.hpp"

#include <utility>

#include "connectors/aws/parse.hpp"

namespace tokensweep::aws {
namespace {

class ProcessKeys final : public KeySource {
 public:
  ProcessKeys(const Outside& outside, std::vector<std::string> command, std::string source)
      : outside_(outside), command_(std::move(command)), source_(std::move(source)) {}

  Task<Result<Keys>> fetch() override {
    auto output = co_await outside_.run(command_);
    if (!output) co_return std::move(output).error().within(source_);
    auto keys = parse_process_keys(output->view(), source_);
    if (!keys) co_return Error{ErrorKind::misconfigured, std::move(keys).error().within(source_).what};
    co_return keys;
  }

 private:
  const Outside& outside_;
  std::vector<std::string> command_;
  std::string source_;
};

}  // namespace

std::optional<std::vector<std::string>> split_command(std::string_view command) {
  std::vector<std::string> words;
  bool in_word = false;
  char quote = '\0';
  for (std::size_t i = 0; i < command.size(); ++i) {
    const char c = command[i];
    const bool is_space = c == ' ' || c == '\t' || c == '\r' || c == '\n';
    if (quote == '\0' && is_space) {
      in_word = false;
      continue;
    }
    if (!in_word) words.emplace_back();
    in_word = true;
    if (c == '\\' && quote != '\'') {
      if (++i == command.size()) return std::nullopt;
      // Between double quotes, a backslash is one unless it stands before what it could escape.
      if (quote == '"' && command[i] != '"' && command[i] != '\\') words.back() += '\\';
      words.back() += command[i];
    } else if (c == quote) {
      quote = '\0';
    } else if (quote == '\0' && (c == '"' || c == '\'')) {
      quote = c;
    } else {
      words.back() += c;
    }
  }
  if (quote != '\0') return std::nullopt;
  return words;
}

std::unique_ptr<KeySource> process_keys(const Outside& outside, std::vector<std::string> command, std::string source) {
  return std::make_unique<ProcessKeys>(outside, std::move(command), std::move(source));
}

}  // namespace tokensweep::aws
