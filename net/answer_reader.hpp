#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include "base/result.hpp"
#include "net/http.hpp"

namespace tokensweep {

/// Reads the answers of one connection, one after the other, out of bytes that come in any pieces (RFC 9112). Strict:
/// where two programs could disagree on where an answer ends, it is an error. Knows no socket.
class AnswerReader {
 public:
  AnswerReader();
  AnswerReader(AnswerReader&&) noexcept;
  AnswerReader& operator=(AnswerReader&&) noexcept;
  ~AnswerReader();

  /// The next answer is the one to `request`, which has to outlive it.
  void begin(const HttpRequest& request);
  /// Where the next bytes go; never empty.
  [[nodiscard]] std::span<char> room();
  /// So many bytes came to `room()`. True when the answer is there as a whole. They are wiped once they are read.
  /// `malformed` says what is wrong, and quotes nothing; a BodyReader's error is passed on.
  Result<bool> received(std::size_t count);
  /// No more bytes will come: right for an answer that goes on to the connection's end, else an error (`transient`).
  Result<> ended();
  /// The answer, once it is there as a whole.
  HttpResponse take();

  /// Whether any byte of the answer has come.
  [[nodiscard]] bool got_any() const;
  /// After a whole answer: whether the connection may carry another one, and nothing has come that nobody asked for.
  [[nodiscard]] bool reusable() const;
  /// After a whole answer to CONNECT: whether nothing came behind it.
  [[nodiscard]] bool nothing_left() const;

 private:
  struct Impl;  // keeps Beast, 26 s of compiling, in one translation unit
  std::unique_ptr<Impl> impl_;
};

}  // namespace tokensweep
