#include "scanner/kept_answers.hpp"

#include <utility>

namespace tokensweep {
namespace {

std::string lines_of(const std::vector<HttpHeader>& headers) {
  std::string lines;
  for (const HttpHeader& header : headers) lines.append(header.name).append(":").append(header.value).append("\n");
  return lines;
}

std::vector<HttpHeader> headers_in(std::string_view lines) {
  std::vector<HttpHeader> headers;
  while (!lines.empty()) {
    const std::string_view line = lines.substr(0, lines.find('\n'));
    lines.remove_prefix(std::min(lines.size(), line.size() + 1));
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    headers.push_back({.name = std::string(line.substr(0, colon)), .value = std::string(line.substr(colon + 1))});
  }
  return headers;
}

}  // namespace

Answers* KeptAnswers::opened() {
  if (!std::exchange(tried_, true)) {
    if (auto answers = Answers::open(file_, now_)) answers_.emplace(std::move(*answers));
  }
  return answers_ ? &*answers_ : nullptr;
}

std::optional<KeptAnswer> KeptAnswers::find(std::string_view key) {
  Answers* answers = opened();
  if (answers == nullptr) return std::nullopt;
  auto found = answers->find(key);
  if (!found) return std::nullopt;
  return KeptAnswer{
      .etag = std::move(found->etag), .headers = headers_in(found->headers), .body = std::move(found->body)};
}

void KeptAnswers::keep(std::string_view key, const KeptAnswer& answer) {
  Answers* answers = opened();
  if (answers != nullptr) {
    answers->keep(key, {.etag = answer.etag, .headers = lines_of(answer.headers), .body = answer.body});
  }
}

}  // namespace tokensweep
