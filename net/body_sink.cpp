#include "net/body_sink.hpp"

#include <algorithm>
#include <string>

#include "base/text.hpp"

namespace tokensweep {
namespace {

/// gzip makes what it cannot shrink this much larger at the most (its head, and five bytes for each stored block), and
/// more than that is no honest way to say nothing: empty blocks without end.
constexpr std::size_t encoded_most(std::size_t decoded) { return decoded + decoded / 1024 + 1024; }
/// How much room an announced length may claim before anything has come.
constexpr std::size_t kBelievedLength = std::size_t{1} << 20U;

}  // namespace

Result<> BodySink::begin(int status, std::string_view content_encoding, std::optional<std::uint64_t> length) {
  if (same_name(content_encoding, "gzip") || same_name(content_encoding, "x-gzip")) {
    inflate_.emplace();
  } else if (!content_encoding.empty() && !same_name(content_encoding, "identity")) {
    return Error{ErrorKind::malformed, "its answer is encoded in a way that was not asked for"};
  } else if (length && *length > largest_) {
    return too_large();
  }
  reader_takes_it_ = reader_ != nullptr && status == 200;
  if (reader_takes_it_) {
    reader_->begin();
  } else if (length && !inflate_) {
    body_.reserve(std::min<std::size_t>(*length, kBelievedLength));
  }
  return {};
}

Result<> BodySink::write(std::string_view encoded) {
  if (!inflate_) return deliver(encoded);
  encoded_bytes_ += encoded.size();
  if (encoded_bytes_ > encoded_most(largest_)) return too_large();
  return inflate_->decode(encoded, [this](std::string_view decoded) { return deliver(decoded); });
}

Result<> BodySink::end() const {
  // An answer without a body (to HEAD, or 304) may still say how it would have been encoded.
  if (!inflate_ || encoded_bytes_ == 0 || inflate_->finished()) return {};
  return Error{ErrorKind::malformed, "its answer's gzip ends too early"};
}

Result<> BodySink::deliver(std::string_view decoded) {
  if (decoded.size() > largest_ - decoded_bytes_) return too_large();
  decoded_bytes_ += decoded.size();
  if (reader_takes_it_) return reader_->read(decoded);
  body_.append(decoded);
  return {};
}

Error BodySink::too_large() const {
  return {ErrorKind::malformed, "its answer is larger than " + grouped(largest_) + " bytes"};
}

}  // namespace tokensweep
