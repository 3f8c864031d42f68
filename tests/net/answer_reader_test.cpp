#include "net/answer_reader.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tests/support/gzip.hpp"

namespace {

using tokensweep::AnswerReader;
using tokensweep::BodyReader;
using tokensweep::ErrorKind;
using tokensweep::HttpRequest;
using tokensweep::HttpResponse;
using tokensweep::Result;
using tokensweep::testing::gzip;

constexpr std::size_t kAtOnce = 1 << 20;

HttpRequest request_of(const char* method, std::size_t largest_body = 1 << 20, BodyReader* reader = nullptr) {
  HttpRequest request;
  request.method = method;
  request.largest_body = largest_body;
  request.reader = reader;
  return request;
}

/// What the reader makes of the bytes, as they come in pieces of at most `piece`, and of the connection's end.
Result<HttpResponse> read(AnswerReader& reader, const HttpRequest& request, std::string_view bytes,
                          std::size_t piece = kAtOnce) {
  reader.begin(request);
  while (!bytes.empty()) {
    const auto room = reader.room();
    REQUIRE(!room.empty());
    const std::size_t count = std::min({room.size(), bytes.size(), piece});
    std::copy_n(bytes.begin(), count, room.begin());
    bytes.remove_prefix(count);
    TRY(const bool whole, reader.received(count));
    if (whole) return reader.take();
  }
  TRY_VOID(reader.ended());
  return reader.take();
}

std::string headers(std::size_t count, std::size_t length) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) text += "X-" + std::to_string(i) + ": " + std::string(length, 'x') + "\r\n";
  return text;
}

std::string interim(std::size_t count) {
  std::string text;
  while (count-- > 0) text += "HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n";
  return text;
}

std::string chunk(std::string_view bytes) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string size;
  for (std::size_t rest = bytes.size(); rest > 0; rest /= 16) size.insert(0, 1, kHex[rest % 16]);
  return (size.empty() ? "0" : size) + "\r\n" + std::string(bytes) + "\r\n";
}

constexpr const char* kOk = "HTTP/1.1 200 OK\r\n";
const std::string kGzipped = gzip(std::string(5000, 'a'));

std::string gzip_answer(const std::string& body) {
  return kOk + ("Content-Encoding: gzip\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n") + body;
}

struct Good {
  std::string what;
  std::string bytes;
  int status;
  std::string body;
  bool reusable;
  const char* method = "GET";
};

const std::vector<Good> kGood = {
    {"a length", kOk + std::string("Content-Length: 5\r\n\r\nhello"), 200, "hello", true},
    {"a length of nothing", kOk + std::string("Content-Length: 0\r\n\r\n"), 200, "", true},
    {"no content", "HTTP/1.1 204 No Content\r\n\r\n", 204, "", true},
    {"not modified, with the length that it would have", "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", 304,
     "", true},
    {"not modified, with an encoding", "HTTP/1.1 304 X\r\nContent-Encoding: gzip\r\n\r\n", 304, "", true},
    {"the answer to HEAD", kOk + std::string("Content-Length: 5\r\n\r\n"), 200, "", true, "HEAD"},
    {"the answer to CONNECT", "HTTP/1.1 200 Connection established\r\n\r\n", 200, "", true, "CONNECT"},
    {"chunks", kOk + std::string("Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n there\r\n0\r\n\r\n"), 200,
     "hello there", true},
    {"chunks with extensions",
     kOk + std::string("Transfer-Encoding: chunked\r\n\r\n5;a=b;c=\"d e\"\r\nhello\r\n0;x\r\n\r\n"), 200, "hello",
     true},
    {"chunks with a trailer",
     kOk + std::string("Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n"), 200, "hello", true},
    {"a body to the connection's end", kOk + std::string("\r\nhello"), 200, "hello", false},
    {"an old server", "HTTP/1.0 200 OK\r\n\r\nhello", 200, "hello", false},
    {"an old server that keeps the connection",
     "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\nx", 200, "x", true},
    {"a server that closes", kOk + std::string("Connection: close\r\nContent-Length: 1\r\n\r\nx"), 200, "x", false},
    {"hints before the answer", interim(8) + kOk + "Content-Length: 1\r\n\r\nx", 200, "x", true},
    {"an empty header", kOk + std::string("X-Empty:\r\nContent-Length: 1\r\n\r\nx"), 200, "x", true},
    {"256 headers", kOk + headers(255, 1) + "Content-Length: 1\r\n\r\nx", 200, "x", true},
    {"headers of 60 KiB", kOk + headers(6, 10'000) + "Content-Length: 1\r\n\r\nx", 200, "x", true},
    {"gzip", gzip_answer(kGzipped), 200, std::string(5000, 'a'), true},
    {"gzip, an old name for it", kOk + std::string("Content-Encoding: X-GZip\r\n\r\n") + kGzipped, 200,
     std::string(5000, 'a'), false},
    {"gzip of nothing", gzip_answer(gzip("")), 200, "", true},
    {"gzip and no body", gzip_answer(""), 200, "", true},
    {"not encoded, and it says so", kOk + std::string("Content-Encoding: identity\r\nContent-Length: 1\r\n\r\nx"), 200,
     "x", true},
};

TEST_CASE("what an answer says is read, whatever pieces it comes in") {
  AnswerReader reader;  // the same for all: it goes on from answer to answer
  for (const Good& c : kGood) {
    for (const std::size_t piece : {kAtOnce, std::size_t{1}, std::size_t{7}}) {
      CAPTURE(c.what);
      CAPTURE(piece);
      const HttpRequest request = request_of(c.method);
      auto answer = read(reader, request, c.bytes, piece);
      REQUIRE(answer);
      CHECK(answer->status == c.status);
      CHECK(answer->body.view() == c.body);
      CHECK(reader.reusable() == c.reusable);
      CHECK(reader.nothing_left());
    }
  }
}

TEST_CASE("headers come in their order, trailers not at all") {
  AnswerReader reader;
  const HttpRequest request = request_of("GET");
  auto answer = read(
      reader, request,
      std::string(kOk) + "ETag:  W/\"1\" \t\r\nlink: <a>\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nETag: 2\r\n\r\n", 3);
  REQUIRE(answer);
  REQUIRE(answer->headers.size() == 3);
  CHECK(answer->header("etag") == "W/\"1\"");
  CHECK(answer->headers[1].name == "link");
}

struct Bad {
  std::string what;
  std::string bytes;
  ErrorKind kind;
  std::string says;
};

std::string changed(std::string bytes, std::size_t at) {
  bytes[at] = static_cast<char>(bytes[at] ^ 0x55);
  return bytes;
}

const char* const kLength = "contradicts itself on its length";
const char* const kNoHttp = "no HTTP/1.1";
const char* const kCut = "broke in the middle";

const std::vector<Bad> kBad = {
    {"nothing", "", ErrorKind::transient, "without an answer"},
    {"hints and no answer", interim(1), ErrorKind::transient, kCut},
    {"half a status line", "HTTP/1.1 2", ErrorKind::transient, kCut},
    {"half a header", kOk + std::string("X: y"), ErrorKind::transient, kCut},
    {"half a body", kOk + std::string("Content-Length: 5\r\n\r\nhell"), ErrorKind::transient, kCut},
    {"half a chunk", kOk + std::string("Transfer-Encoding: chunked\r\n\r\n5\r\nhell"), ErrorKind::transient, kCut},
    {"no last chunk", kOk + std::string("Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"), ErrorKind::transient,
     kCut},
    {"another protocol", "SSH-2.0-OpenSSH_9.2p1\r\n", ErrorKind::malformed, kNoHttp},
    {"HTTP/2", "HTTP/2.0 200 OK\r\n\r\n", ErrorKind::malformed, kNoHttp},
    {"a TLS alert", std::string("\x15\x03\x03\x00\x02\x02\x46", 7), ErrorKind::malformed, kNoHttp},
    {"status 99", "HTTP/1.1 099 X\r\n\r\n", ErrorKind::malformed, kNoHttp},
    {"a status that is no number", "HTTP/1.1 2x0 X\r\n\r\n", ErrorKind::malformed, kNoHttp},
    {"another protocol from here on", "HTTP/1.1 101 Switching\r\n\r\n", ErrorKind::malformed, "nobody asked for"},
    {"a length and chunks", kOk + std::string("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
     ErrorKind::malformed, kLength},
    {"chunks and a length", kOk + std::string("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n"),
     ErrorKind::malformed, kLength},
    {"two lengths", kOk + std::string("Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!"), ErrorKind::malformed,
     kLength},
    {"the same length twice", kOk + std::string("Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello"),
     ErrorKind::malformed, kLength},
    {"a list of lengths", kOk + std::string("Content-Length: 5, 5\r\n\r\nhello"), ErrorKind::malformed, kLength},
    {"a negative length", kOk + std::string("Content-Length: -5\r\n\r\nhello"), ErrorKind::malformed, kLength},
    {"a signed length", kOk + std::string("Content-Length: +5\r\n\r\nhello"), ErrorKind::malformed, kLength},
    {"a length beyond 64 bits", kOk + std::string("Content-Length: 18446744073709551617\r\n\r\nx"),
     ErrorKind::malformed, kLength},
    {"an empty length", kOk + std::string("Content-Length:\r\n\r\nx"), ErrorKind::malformed, kLength},
    {"gzip as a transfer encoding", kOk + std::string("Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"),
     ErrorKind::malformed, kLength},
    {"an unknown transfer encoding", kOk + std::string("Transfer-Encoding: xchunked\r\n\r\nx"), ErrorKind::malformed,
     kLength},
    {"chunks twice", kOk + std::string("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
     ErrorKind::malformed, kLength},
    {"chunks from an old server", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
     ErrorKind::malformed, kLength},
    {"lines that end with LF alone", "HTTP/1.1 200 OK\nContent-Length: 1\n\nx", ErrorKind::malformed, kNoHttp},
    {"one header that ends with LF alone", kOk + std::string("X: y\nContent-Length: 1\r\n\r\nx"), ErrorKind::malformed,
     kNoHttp},
    {"CR without LF", kOk + std::string("X: y\rContent-Length: 1\r\n\r\nx"), ErrorKind::malformed, kNoHttp},
    {"a folded header", kOk + std::string("X: a\r\n b\r\nContent-Length: 1\r\n\r\nx"), ErrorKind::malformed,
     "several lines"},
    {"a header folded before its value", kOk + std::string("Content-Length:\r\n 1\r\n\r\nx"), ErrorKind::malformed,
     "several lines"},
    {"a header folded into nothing", kOk + std::string("X: a\r\n \r\nContent-Length: 1\r\n\r\nx"), ErrorKind::malformed,
     "several lines"},
    {"a folded status line", kOk + std::string(" more\r\nContent-Length: 1\r\n\r\nx"), ErrorKind::malformed, kNoHttp},
    {"NUL in a header", kOk + std::string("X: a\0b\r\n\r\n", 10), ErrorKind::malformed, kNoHttp},
    {"a space before the colon", kOk + std::string("Content-Length : 1\r\n\r\nx"), ErrorKind::malformed, kNoHttp},
    {"a header without a name", kOk + std::string(": x\r\n\r\n"), ErrorKind::malformed, kNoHttp},
    {"a chunk's size that is no number", kOk + std::string("Transfer-Encoding: chunked\r\n\r\nx\r\n"),
     ErrorKind::malformed, "chunks"},
    {"a chunk's size beyond 64 bits", kOk + std::string("Transfer-Encoding: chunked\r\n\r\n11111111111111111\r\nx"),
     ErrorKind::malformed, "chunks"},
    {"a chunk longer than it says", kOk + std::string("Transfer-Encoding: chunked\r\n\r\n1\r\nxyz\r\n0\r\n\r\n"),
     ErrorKind::malformed, "chunks"},
    {"a chunk's extension without end",
     kOk + std::string("Transfer-Encoding: chunked\r\n\r\n5;") + std::string(100'000, 'x'), ErrorKind::malformed,
     "does not end"},
    {"a trailer without end", kOk + std::string("Transfer-Encoding: chunked\r\n\r\n0\r\n") + headers(100, 1000),
     ErrorKind::malformed, "does not end"},
    {"257 headers", kOk + headers(257, 1) + "\r\n", ErrorKind::malformed, "256 headers"},
    {"100,000 headers", kOk + headers(100'000, 1) + "\r\n", ErrorKind::malformed, "headers"},
    {"a header of 1 MiB", kOk + headers(1, 1 << 20), ErrorKind::malformed, "64 KiB"},
    {"headers of 70 KiB", kOk + headers(7, 10'000) + "\r\n", ErrorKind::malformed, "64 KiB"},
    {"a status line of 1 MiB", "HTTP/1.1 200 " + std::string(1 << 20, 'x'), ErrorKind::malformed, "64 KiB"},
    {"hints without end", interim(9) + kOk + "Content-Length: 1\r\n\r\nx", ErrorKind::malformed, "again and again"},
    {"an encoding that was not asked for", kOk + std::string("Content-Encoding: br\r\n\r\nx"), ErrorKind::malformed,
     "not asked for"},
    {"encoded twice", kOk + std::string("Content-Encoding: gzip, gzip\r\n\r\nx"), ErrorKind::malformed,
     "not asked for"},
    {"encoded twice, in two headers", kOk + std::string("Content-Encoding: gzip\r\nContent-Encoding: gzip\r\n\r\nx"),
     ErrorKind::malformed, "more than once"},
    {"larger than it may be, as announced", kOk + std::string("Content-Length: 100001\r\n\r\n"), ErrorKind::malformed,
     "larger than 100,000"},
    {"larger than it may be, in chunks",
     kOk + std::string("Transfer-Encoding: chunked\r\n\r\n") + chunk(std::string(60'000, 'x')) +
         chunk(std::string(60'000, 'x')),
     ErrorKind::malformed, "larger than 100,000"},
    {"larger than it may be, to the connection's end", kOk + std::string("\r\n") + std::string(100'001, 'x'),
     ErrorKind::malformed, "larger than 100,000"},
    {"a gzip bomb", gzip_answer(gzip(std::string(16 << 20, '\0'))), ErrorKind::malformed, "larger than 100,000"},
    {"gzip that says nothing without end",
     kOk + std::string("Content-Encoding: gzip\r\n\r\n") + kGzipped.substr(0, 10) +
         [] {
           std::string blocks;
           while (blocks.size() < 200'000) blocks.append("\0\0\0\xff\xff", 5);
           return blocks;
         }(),
     ErrorKind::malformed, "larger than 100,000"},
    {"no gzip", gzip_answer("hello"), ErrorKind::malformed, "gzip and is not"},
    {"gzip that is broken in its head", gzip_answer(changed(kGzipped, 2)), ErrorKind::malformed, "gzip and is not"},
    {"gzip with a wrong checksum", gzip_answer(changed(kGzipped, kGzipped.size() - 6)), ErrorKind::malformed,
     "gzip and is not"},
    {"gzip with a wrong length", gzip_answer(changed(kGzipped, kGzipped.size() - 2)), ErrorKind::malformed,
     "gzip and is not"},
    {"gzip without its end", gzip_answer(kGzipped.substr(0, kGzipped.size() - 3)), ErrorKind::malformed,
     "ends too early"},
    {"gzip with something behind it", gzip_answer(kGzipped + "x"), ErrorKind::malformed, "gzip and is not"},
    {"two gzips", gzip_answer(kGzipped + kGzipped), ErrorKind::malformed, "gzip and is not"},
};

TEST_CASE("what is no answer, or could be read in two ways, is refused and not quoted") {
  for (const Bad& c : kBad) {
    for (const std::size_t piece : {kAtOnce, std::size_t{1}, std::size_t{7}}) {
      CAPTURE(c.what);
      CAPTURE(piece);
      AnswerReader reader;
      const HttpRequest request = request_of("GET", 100'000);
      auto answer = read(reader, request, c.bytes, piece);
      REQUIRE(!answer);
      CAPTURE(answer.error().what);
      // Cut short, a line may not have been looked at yet.
      if (piece != kAtOnce && answer.error().what.find(kCut) != std::string::npos) continue;
      CHECK(answer.error().kind == c.kind);
      CHECK(answer.error().what.find(c.says) != std::string::npos);
    }
  }
}

/// Takes what it gets, and fails on a sign.
struct Collector : BodyReader {
  std::string text;
  int begun = 0;
  std::string_view last;

  void begin() override {
    ++begun;
    text.clear();
  }
  Result<> read(std::string_view bytes) override {
    text += bytes;
    last = bytes;
    if (bytes.find('!') != std::string_view::npos) return tokensweep::Error{ErrorKind::denied, "no exclamation marks"};
    return {};
  }
};

TEST_CASE("a body reader gets the decoded body of a 200, and nothing else's") {
  AnswerReader reader;
  Collector collector;
  const HttpRequest request = request_of("GET", 1 << 20, &collector);
  auto answer = read(reader, request, gzip_answer(kGzipped), 7);
  REQUIRE(answer);
  CHECK(collector.begun == 1);
  CHECK(collector.text == std::string(5000, 'a'));
  CHECK(answer->body.empty());

  answer = read(reader, request, "HTTP/1.1 403 No\r\nContent-Length: 3\r\n\r\nno!");
  REQUIRE(answer);
  CHECK(collector.begun == 1);
  CHECK(answer->body.view() == "no!");

  answer = read(reader, request, std::string(kOk) + "Content-Length: 3\r\n\r\nno!");
  REQUIRE(!answer);
  CHECK(answer.error().kind == ErrorKind::denied);
  CHECK(answer.error().what == "no exclamation marks");
}

TEST_CASE("what was read is wiped from the buffer") {
  AnswerReader reader;
  Collector collector;
  const HttpRequest request = request_of("GET", 1 << 20, &collector);
  const char* const buffer = reader.room().data();
  auto answer = read(reader, request, std::string(kOk) + "Content-Length: 6\r\n\r\nsecret");
  REQUIRE(answer);
  CHECK(collector.text == "secret");
  // What came is 44 bytes long; behind it, nothing was ever written.
  CHECK(std::string_view(buffer, 44) == std::string(44, '\0'));
}

TEST_CASE("bytes that nobody asked for keep a connection from being used again") {
  AnswerReader reader;
  const HttpRequest request = request_of("GET");
  auto answer = read(reader, request, std::string(kOk) + "Content-Length: 1\r\n\r\nxHTTP/1.1 200 OK\r\n");
  REQUIRE(answer);
  CHECK(answer->body.view() == "x");
  CHECK(!reader.nothing_left());
  CHECK(!reader.reusable());
}

TEST_CASE("a hundred thousand chunks of one byte are one body") {
  std::string bytes = std::string(kOk) + "Transfer-Encoding: chunked\r\n\r\n";
  for (int i = 0; i < 100'000; ++i) bytes += "1\r\nx\r\n";
  bytes += "0\r\n\r\n";
  AnswerReader reader;
  const HttpRequest request = request_of("GET");
  auto answer = read(reader, request, bytes, 1000);
  REQUIRE(answer);
  CHECK(answer->body.view() == std::string(100'000, 'x'));
}

}  // namespace
