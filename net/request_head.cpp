#include "net/request_head.hpp"

#include <algorithm>
#include <initializer_list>
#include <string_view>

namespace tokensweep {
namespace {

/// GitHub answers differently to what calls itself curl, Wget, Safari or Firefox.
constexpr std::string_view kUserAgent = "User-Agent: tokensweep/" TOKENSWEEP_VERSION "\r\n";

/// No control characters: a line break in a value would begin a header of its own.
bool is_value(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) { return (c >= 0 && c < ' ') || c == '\x7f'; });
}

/// RFC 9110, 5.6.2.
bool is_token(std::string_view text) {
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::all_of(text.begin(), text.end(), [kMarks](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           kMarks.find(c) != std::string_view::npos;
  });
}

bool is_target(std::string_view text) {
  return text.starts_with('/') && std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~'; });
}

void append(WipedText& out, std::initializer_list<std::string_view> parts) {
  for (const std::string_view part : parts) out.append(part);
}

/// RFC 9110, 8.6: these say how long their body is, even where there is none.
bool says_its_length(const HttpRequest& request) {
  return !request.body.empty() || request.method == "POST" || request.method == "PUT" || request.method == "PATCH";
}

}  // namespace

std::string authority(const Origin& origin) {
  const std::string port = std::to_string(origin.port);
  return origin.host.find(':') == std::string::npos ? origin.host + ":" + port : "[" + origin.host + "]:" + port;
}

Result<> append_head(WipedText& out, const HttpRequest& request, std::span<const SecretHeader> credential) {
  const std::string origin = to_string(request.url.origin);
  const std::string_view host = std::string_view(origin).substr(origin.find("://") + 3);
  if (!is_token(request.method) || !is_target(request.url.target) || !is_value(host)) {
    return Error{ErrorKind::internal, "a request that cannot be sent"};
  }
  append(out, {request.method, " ", request.url.target, " HTTP/1.1\r\nHost: ", host, "\r\n", kUserAgent});
  if (value_of(request.headers, "Accept-Encoding").empty()) out.append("Accept-Encoding: gzip\r\n");
  for (const HttpHeader& header : request.headers) {
    if (!is_token(header.name) || !is_value(header.value)) {
      return Error{ErrorKind::internal, "a header that cannot be sent"};
    }
    append(out, {header.name, ": ", header.value, "\r\n"});
  }
  for (const SecretHeader& header : credential) {
    const std::string_view value = header.value.reveal();
    if (!is_token(header.name) || !is_value(value)) {
      return Error{ErrorKind::misconfigured,
                   "the credential has a line break or another control character in it: it has to be one line"};
    }
    append(out, {header.name, ": ", value, "\r\n"});
  }
  if (says_its_length(request)) append(out, {"Content-Length: ", std::to_string(request.body.size()), "\r\n"});
  out.append("\r\n");
  return {};
}

void append_connect(WipedText& out, const Origin& origin, const Secret& authorization) {
  const std::string target = authority(origin);
  append(out, {"CONNECT ", target, " HTTP/1.1\r\nHost: ", target, "\r\n", kUserAgent});
  if (!authorization.empty()) append(out, {"Proxy-Authorization: ", authorization.reveal(), "\r\n"});
  out.append("\r\n");
}

}  // namespace tokensweep
