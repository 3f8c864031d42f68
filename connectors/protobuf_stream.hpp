#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/wiped_text.hpp"

/// Protocol buffers that are looked at while they come and never held: for pages that show secrets
/// (https://protobuf.dev/programming-guides/encoding).
namespace tokensweep {

/// Where a field stands: the field numbers that lead to it, a byte each, the innermost one last. The document is 0.
using ProtobufPath = std::uint64_t;

constexpr ProtobufPath below(ProtobufPath path, std::uint8_t number) { return path << 8U | number; }

template <class... Numbers>
constexpr ProtobufPath protobuf_path(Numbers... numbers) {
  ProtobufPath path = 0;
  ((path = below(path, static_cast<std::uint8_t>(numbers))), ...);
  return path;
}

/// What the bytes of a field are: the wire does not tell a message from a text.
enum class ProtobufField : std::uint8_t { unwanted, message, text };

/// Is told what stands in a document, in its order.
class ProtobufListener {
 public:
  virtual ~ProtobufListener() = default;
  /// What the bytes at `path` are. Asked when they begin, so that the answer may follow from what came before.
  [[nodiscard]] virtual ProtobufField field_at(ProtobufPath path) const = 0;
  /// An error of one of these ends the reading, and is its error.
  virtual Result<> begin(ProtobufPath path) = 0;  ///< a message
  virtual Result<> end(ProtobufPath path) = 0;
  /// `bytes` lie in memory that is wiped when the call returns.
  virtual Result<> text(ProtobufPath path, std::string_view bytes) = 0;
  virtual Result<> number(ProtobufPath path, std::uint64_t value) = 0;  ///< a varint
};

/// Reads one document that comes in pieces of any size. Messages are nested 7 deep at most, so that each field has a
/// path; one whose number is above 255 is unwanted. Errors (`malformed`) quote nothing. Groups, which nobody writes any
/// more, are errors.
class ProtobufStream {
 public:
  /// `listener` has to outlive it. A text longer than `longest_text` bytes is an error.
  ProtobufStream(ProtobufListener& listener, std::size_t longest_text)
      : listener_(listener), longest_text_(longest_text) {}

  Result<> read(std::string_view bytes);
  /// The document is over: an error where it is not complete.
  [[nodiscard]] Result<> finish() const;

 private:
  enum class State : std::uint8_t { tag, number, length, skipping, text };
  /// A message that is open.
  struct Level {
    ProtobufPath path;
    std::uint64_t left;  ///< of its bytes
  };

  Result<> step(std::string_view& bytes);
  Result<> read_varint(std::string_view& bytes);
  Result<> varint_read(std::uint64_t value);
  Result<> tag_read(std::uint64_t tag);
  Result<> length_read(std::uint64_t length);
  Result<> read_text(std::string_view& bytes);
  Result<> skip(std::string_view& bytes);
  Result<> spend(std::uint64_t count);
  Result<> leave_messages();

  ProtobufListener& listener_;
  std::size_t longest_text_;
  std::vector<Level> levels_;
  State state_ = State::tag;
  std::uint64_t varint_ = 0;
  unsigned varint_bits_ = 0;  ///< that came
  bool wanted_ = false;       ///< whether the field's number fits into a path
  ProtobufPath path_ = 0;     ///< the field's
  std::uint64_t left_ = 0;    ///< of a text, or of what is skipped
  WipedText text_;            ///< of a text that comes in pieces
};

}  // namespace tokensweep
