#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/result.hpp"
#include "base/wiped_text.hpp"
#include "net/http.hpp"
#include "net/inflate.hpp"

namespace tokensweep {

/// Where the body of one answer goes: decoded, and no larger than it may be, to a BodyReader or into a text.
class BodySink {
 public:
  /// `reader` may be null and has to outlive the sink.
  BodySink(std::size_t largest, BodyReader* reader) : largest_(largest), reader_(reader) {}

  /// The answer's headers are there. `content_encoding` is empty where it has none; `length` is what it announces.
  /// `malformed` for an encoding that was not asked for, and for what is announced too large.
  Result<> begin(int status, std::string_view content_encoding, std::optional<std::uint64_t> length);
  /// A piece of the body as it was sent.
  Result<> write(std::string_view encoded);
  /// `malformed` where the encoding did not come to its end.
  [[nodiscard]] Result<> end() const;
  /// The body, where no reader took it.
  WipedText take() { return std::move(body_); }

 private:
  Result<> deliver(std::string_view decoded);
  [[nodiscard]] Error too_large() const;

  std::size_t largest_;
  BodyReader* reader_;
  bool reader_takes_it_ = false;
  std::size_t encoded_bytes_ = 0;
  std::size_t decoded_bytes_ = 0;
  std::optional<Inflate> inflate_;
  WipedText body_;
};

}  // namespace tokensweep
