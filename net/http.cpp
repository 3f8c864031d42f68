#include "net/http.hpp"

#include <algorithm>

namespace tokensweep {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

}  // namespace

HttpRequest copy_of(const HttpRequest& request) {
  return {.method = request.method,
          .url = request.url,
          .headers = request.headers,
          .body = WipedText(request.body.view()),
          .largest_body = request.largest_body,
          .first_byte = request.first_byte,
          .keeps_answer = request.keeps_answer,
          .right_since = request.right_since,
          .reader = request.reader};
}

bool same_name(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return lower(x) == lower(y); });
}

std::string_view value_of(std::span<const HttpHeader> headers, std::string_view name) {
  const auto found = std::find_if(headers.begin(), headers.end(),
                                  [name](const HttpHeader& header) { return same_name(header.name, name); });
  return found == headers.end() ? std::string_view() : std::string_view(found->value);
}

}  // namespace tokensweep
