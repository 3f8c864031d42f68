#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

#include "net/answer_reader.hpp"

using tokensweep::AnswerReader;
using tokensweep::HttpRequest;
using tokensweep::HttpResponse;
using tokensweep::Result;

namespace {

Result<HttpResponse> read(AnswerReader& reader, const HttpRequest& request, std::string_view bytes, std::size_t piece) {
  reader.begin(request);
  while (!bytes.empty()) {
    const auto room = reader.room();
    const std::size_t count = std::min({room.size(), bytes.size(), piece});
    if (count == 0) std::abort();
    std::copy_n(bytes.begin(), count, room.begin());
    bytes.remove_prefix(count);
    TRY(const bool whole, reader.received(count));
    if (whole) return reader.take();
  }
  TRY_VOID(reader.ended());
  return reader.take();
}

}  // namespace

/// What a connection reads, through the code that it reads with. The first byte chooses the request and the size of the
/// pieces; the rest is the answer. It has to be the same answer in whatever pieces it comes, and no larger than it may
/// be.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  const HttpRequest request{.method = (data[0] & 0x80U) != 0 ? "HEAD" : "GET", .largest_body = 4096};
  AnswerReader at_once;
  AnswerReader in_pieces;
  const auto one = read(at_once, request, rest, size);
  const auto other = read(in_pieces, request, rest, (data[0] & 0x1fU) + 1);
  if (one.has_value() != other.has_value()) std::abort();
  if (!one) {
    return 0;
  }
  if (one->status < 200 || one->status > 999 || one->body.size() > request.largest_body) std::abort();
  if (one->status != other->status || one->body.view() != other->body.view()) std::abort();
  if (one->headers.size() != other->headers.size() || one->headers.size() > 256) std::abort();
  return 0;
}
