#include "net/answer_reader.hpp"

#include <algorithm>
#include <boost/beast/http/basic_parser.hpp>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <utility>

#include "base/secret.hpp"
#include "net/body_sink.hpp"

namespace tokensweep {
namespace {

namespace beast = boost::beast;
namespace http = boost::beast::http;
using boost::beast::error_code;

constexpr std::size_t kBufferSize = std::size_t{16} << 10U;
/// Of the headers of one answer, with its status line; the buffer grows to it. Proxies and cookies pass Beast's own 8
/// KiB.
constexpr std::size_t kHeaderLimit = std::size_t{64} << 10U;
constexpr std::size_t kHeaderCountMost = 256;
/// `100 Continue`, `103 Early Hints` and their like before the answer itself.
constexpr unsigned kInterimMost = 8;
constexpr std::string_view kVersionBegin = "HTTP/1.";
/// What is left of a body in chunks is never shorter: `0 CR LF CR LF`. Beast 1.81 asserts that it gets so much when it
/// looks at the last chunk again.
constexpr std::size_t kShortestChunks = 5;

Error malformed(std::string_view what) { return {ErrorKind::malformed, std::string(what)}; }

Error in_words(const error_code& code) {
  if (code == http::error::header_limit) return malformed("its answer's headers are larger than 64 KiB");
  if (code == http::error::bad_content_length || code == http::error::multiple_content_length ||
      code == http::error::bad_transfer_encoding) {
    return malformed("its answer contradicts itself on its length");
  }
  if (code == http::error::bad_chunk || code == http::error::bad_chunk_extension) {
    return malformed("its answer's chunks are broken");
  }
  return malformed("what it answers is no HTTP/1.1");
}

/// One answer, final or interim. Beast finds where its parts begin and end, and calls this.
class Parser : public http::basic_parser<false> {
 public:
  Parser(const HttpRequest& request, BodySink& sink) : sink_(sink) {
    header_limit(static_cast<std::uint32_t>(kHeaderLimit));
    body_limit(boost::none);  // the sink has a limit of its own, of what is decoded
    eager(true);
    skip(request.method == "HEAD" || request.method == "CONNECT");
  }

  /// Hands over what there is. Gives how much of it was used; `need_more` where the rest cannot be read yet.
  std::size_t feed(std::string_view input, error_code& code) {
    input_ = input;
    return put({input.data(), input.size()}, code);
  }

  [[nodiscard]] int status() const { return status_; }
  [[nodiscard]] bool interim() const { return status_ >= 100 && status_ < 200; }
  std::vector<HttpHeader>& headers() { return headers_; }
  /// What a callback found wrong: Beast passes on error codes alone.
  std::optional<Error>& failure() { return failure_; }

 private:
  void refuse(Error why, error_code& code) {
    failure_ = std::move(why);
    code = make_error_code(http::error::bad_value);
  }
  void check(Result<> result, error_code& code) {
    if (!result) refuse(std::move(result).error(), code);
  }

  /// Whether a header goes on in the next line, which programs read in two ways (RFC 9112, 5.2). Beast puts such a
  /// value together in a place of its own, or begins it behind a line break.
  [[nodiscard]] bool folded(beast::string_view name, beast::string_view value) const {
    const auto from = static_cast<std::size_t>(name.data() + name.size() - input_.data());
    const auto address = reinterpret_cast<std::uintptr_t>(value.data());
    const auto begin = reinterpret_cast<std::uintptr_t>(input_.data());
    if (address < begin || address > begin + input_.size()) return true;
    return input_.substr(from, address - begin - from).find('\n') != std::string_view::npos;
  }

  void on_response_impl(int status, beast::string_view /*reason*/, int version, error_code& code) override {
    status_ = status;
    version_ = version;
    if (status < 100) refuse(malformed("what it answers is no HTTP/1.1"), code);
    // Nothing here ever asks for another protocol.
    if (status == 101) refuse(malformed("it changes to a protocol that nobody asked for"), code);
  }

  void on_field_impl(http::field field, beast::string_view name, beast::string_view value, error_code& code) override {
    if (++fields_ > kHeaderCountMost) return refuse(malformed("its answer has more than 256 headers"), code);
    head_bytes_ += name.size() + value.size();
    if (head_bytes_ > kHeaderLimit) return refuse(in_words(http::error::header_limit), code);
    if (folded(name, value)) return refuse(malformed("its answer has a header of several lines"), code);
    // A trailer: what it says comes too late to be believed.
    if (header_done_) return;
    // Beast takes a list of equal lengths, and any encoding as long as `chunked` is the last one.
    if (field == http::field::content_length && (has_length_ || value.find(',') != beast::string_view::npos)) {
      return refuse(in_words(http::error::multiple_content_length), code);
    }
    has_length_ = has_length_ || field == http::field::content_length;
    if (field == http::field::transfer_encoding &&
        (version_ < 11 || !same_name({value.data(), value.size()}, "chunked"))) {
      return refuse(in_words(http::error::bad_transfer_encoding), code);
    }
    headers_.push_back({{name.data(), name.size()}, {value.data(), value.size()}});
  }

  void on_header_impl(error_code& code) override {
    header_done_ = true;
    if (interim()) return;
    const auto encodings = std::count_if(headers_.begin(), headers_.end(), [](const HttpHeader& header) {
      return same_name(header.name, "Content-Encoding");
    });
    if (encodings > 1) return refuse(malformed("its answer is encoded more than once"), code);
    const bool has_body = !is_done();
    const auto length = content_length();
    check(sink_.begin(status_, value_of(headers_, "Content-Encoding"),
                      has_body && length ? std::optional<std::uint64_t>(*length) : std::nullopt),
          code);
  }

  std::size_t on_body_impl(beast::string_view piece, error_code& code) override {
    check(sink_.write({piece.data(), piece.size()}), code);
    return piece.size();
  }
  std::size_t on_chunk_body_impl(std::uint64_t /*remain*/, beast::string_view piece, error_code& code) override {
    check(sink_.write({piece.data(), piece.size()}), code);
    return piece.size();
  }
  void on_finish_impl(error_code& code) override {
    if (!interim()) check(sink_.end(), code);
  }

  void on_request_impl(http::verb /*verb*/, beast::string_view /*method*/, beast::string_view /*target*/,
                       int /*version*/, error_code& /*code*/) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>& /*length*/, error_code& /*code*/) override {}
  void on_chunk_header_impl(std::uint64_t /*size*/, beast::string_view /*extension*/, error_code& /*code*/) override {}

  BodySink& sink_;
  std::string_view input_;
  int status_ = 0;
  int version_ = 0;
  std::size_t fields_ = 0;
  std::size_t head_bytes_ = 0;
  bool has_length_ = false;
  bool header_done_ = false;
  std::vector<HttpHeader> headers_;
  std::optional<Error> failure_;
};

}  // namespace

struct AnswerReader::Impl {
  WipedBuffer buffer{kBufferSize};
  std::size_t filled = 0;  ///< bytes in the buffer that are not read yet
  const HttpRequest* request = nullptr;
  std::optional<BodySink> sink;
  std::optional<Parser> parser;
  unsigned interims = 0;
  bool got_any = false;
  bool used_any = false;  ///< by the parser of now

  void next_parser() {
    parser.emplace(*request, *sink);
    used_any = false;
  }

  /// Wipes what was read, and moves the rest to the front.
  void drop(std::size_t count) {
    std::memmove(buffer.data(), buffer.data() + count, filled - count);
    wipe(buffer.data() + (filled - count), count);
    filled -= count;
  }

  void grow() {
    WipedBuffer larger(std::min(2 * buffer.capacity(), kHeaderLimit));
    std::memcpy(larger.data(), buffer.data(), filled);
    buffer = std::move(larger);
  }

  /// Beast waits for an empty line before it looks at anything: another protocol may never send one.
  [[nodiscard]] bool begins_like_http() const {
    const std::size_t count = std::min(filled, kVersionBegin.size());
    return used_any || std::string_view(buffer.data(), count) == kVersionBegin.substr(0, count);
  }

  [[nodiscard]] bool worth_parsing() const {
    return filled >= (parser->is_header_done() && parser->chunked() ? kShortestChunks : 1);
  }

  /// Hands the parser what there is. True at the answer's end.
  Result<bool> parse() {
    while (worth_parsing()) {
      if (!begins_like_http()) return malformed("what it answers is no HTTP/1.1");
      error_code code;
      const std::size_t used = parser->feed({buffer.data(), filled}, code);
      if (parser->failure()) return std::move(*parser->failure());
      if (code && code != http::error::need_more) return in_words(code);
      used_any = used_any || used > 0;
      drop(used);
      if (parser->is_done() && !parser->interim()) return true;
      if (parser->is_done()) {
        if (++interims > kInterimMost) return malformed("it announces its answer again and again");
        next_parser();
      } else if (code == http::error::need_more) {
        break;
      }
    }
    if (filled == buffer.capacity()) {
      if (filled == kHeaderLimit) return malformed("its answer has a line that does not end");
      grow();
    }
    return false;
  }
};

AnswerReader::AnswerReader() : impl_(std::make_unique<Impl>()) {}
AnswerReader::AnswerReader(AnswerReader&&) noexcept = default;
AnswerReader& AnswerReader::operator=(AnswerReader&&) noexcept = default;
AnswerReader::~AnswerReader() = default;

void AnswerReader::begin(const HttpRequest& request) {
  impl_->request = &request;
  impl_->sink.emplace(request.largest_body, request.reader);
  impl_->next_parser();
  impl_->interims = 0;
  impl_->got_any = false;
}

std::span<char> AnswerReader::room() {
  return {impl_->buffer.data() + impl_->filled, impl_->buffer.capacity() - impl_->filled};
}

Result<bool> AnswerReader::received(std::size_t count) {
  impl_->filled += count;
  impl_->got_any = impl_->got_any || count > 0;
  return impl_->parse();
}

Result<> AnswerReader::ended() {
  error_code code;
  if (impl_->parser->got_some()) impl_->parser->put_eof(code);
  if (impl_->parser->failure()) return std::move(*impl_->parser->failure());
  if (!code && impl_->parser->is_done()) return {};
  return Error{ErrorKind::transient, impl_->got_any ? "the connection broke in the middle of its answer"
                                                    : "it closed the connection without an answer"};
}

HttpResponse AnswerReader::take() {
  HttpResponse response;
  response.status = impl_->parser->status();
  response.headers = std::move(impl_->parser->headers());
  response.body = impl_->sink->take();
  // What took gzip apart still holds the last of it, and would while the connection waits.
  impl_->sink.reset();
  return response;
}

bool AnswerReader::got_any() const { return impl_->got_any; }
bool AnswerReader::reusable() const { return nothing_left() && impl_->parser->keep_alive(); }
bool AnswerReader::nothing_left() const { return impl_->filled == 0; }

}  // namespace tokensweep
