#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/secret.hpp"
#include "base/wiped_text.hpp"
#include "net/url.hpp"

/// Requests and answers, as connectors and the layers of `net/` pass them on.
namespace tokensweep {

struct HttpHeader {
  std::string name;
  std::string value;
};

/// A header whose value proves who asks. Only an Authorizer makes them.
struct SecretHeader {
  std::string name;
  Secret value;
};

/// Takes the body of an answer with status 200 while it comes, in pieces of any size, decoded.
class BodyReader {
 public:
  virtual ~BodyReader() = default;
  /// The answer begins. Called before the first `read`, and again where a request is sent again: what was read so far
  /// does not count.
  virtual void begin() = 0;
  /// The bytes are wiped after the call. An error ends the request, and is its error.
  virtual Result<> read(std::string_view bytes) = 0;
};

struct HttpRequest {
  std::string method = "GET";
  Url url;
  /// Without Host, User-Agent, Content-Length, conditions and anything secret: the client adds them. It asks for gzip
  /// unless an Accept-Encoding stands here.
  std::vector<HttpHeader> headers;
  WipedText body;
  std::size_t largest_body = std::size_t{32} << 20U;  ///< of the answer, decoded
  std::chrono::milliseconds first_byte{30'000};       ///< how long the far side may think
  /// Whether the answer may be kept on disk to ask "has it changed" next time: never where it shows values.
  bool keeps_answer = false;
  /// A kept answer that the far side gave or confirmed then or later, by its own `Date`, is known to be right still: it
  /// is given without asking. Empty: nothing is known, and when a kept answer is confirmed is not noted either.
  std::optional<std::chrono::sys_seconds> right_since;
  BodyReader* reader = nullptr;  ///< takes the body in place of HttpResponse::body; has to outlive the request
};

/// The same request once more, its body too.
HttpRequest copy_of(const HttpRequest& request);

/// Whether two headers' names are the same: case does not matter.
bool same_name(std::string_view a, std::string_view b);

/// The value of the first header of that name; empty where there is none.
std::string_view value_of(std::span<const HttpHeader> headers, std::string_view name);

struct HttpResponse {
  int status = 0;
  std::vector<HttpHeader> headers;
  WipedText body;
  std::chrono::milliseconds took{0};  ///< from the first byte sent to the last one received
  /// The far side said 304, or it was not asked (HttpRequest::right_since): status and body are those of the kept
  /// answer, and so are the headers that it did not send.
  bool unchanged = false;

  /// The first header of that name, in any case; empty where there is none.
  [[nodiscard]] std::string_view header(std::string_view name) const { return value_of(headers, name); }
};

}  // namespace tokensweep
