#include "connectors/protobuf_stream.hpp"

#include <algorithm>
#include <utility>

namespace tokensweep {
namespace {

/// Of messages: a field of the innermost one still has a path.
constexpr std::size_t kDeepest = sizeof(ProtobufPath) - 1;
constexpr std::uint64_t kHighestNumber = 255;
constexpr unsigned kVarintBits = 64;

enum WireType : std::uint8_t { varint = 0, fixed64 = 1, bytes_of_a_length = 2, fixed32 = 5 };

Error malformed(std::string_view what) { return {ErrorKind::malformed, std::string(what)}; }

}  // namespace

Result<> ProtobufStream::read(std::string_view bytes) {
  while (!bytes.empty()) TRY_VOID(step(bytes));
  return {};
}

Result<> ProtobufStream::finish() const {
  if (state_ == State::tag && varint_bits_ == 0 && levels_.empty()) return {};
  return malformed("it ends too early");
}

Result<> ProtobufStream::step(std::string_view& bytes) {
  switch (state_) {
    case State::skipping:
      return skip(bytes);
    case State::text:
      return read_text(bytes);
    default:
      return read_varint(bytes);
  }
}

Result<> ProtobufStream::read_varint(std::string_view& bytes) {
  const auto byte = static_cast<std::uint8_t>(bytes.front());
  bytes.remove_prefix(1);
  TRY_VOID(spend(1));
  const std::uint64_t bits = byte & 0x7FU;
  // The tenth byte has room for one bit.
  if (varint_bits_ >= kVarintBits || (varint_bits_ == 63 && bits > 1)) return malformed("a number is too large");
  varint_ |= bits << varint_bits_;
  varint_bits_ += 7;
  if ((byte & 0x80U) != 0) return {};
  varint_bits_ = 0;
  return varint_read(std::exchange(varint_, 0));
}

Result<> ProtobufStream::varint_read(std::uint64_t value) {
  if (state_ == State::tag) return tag_read(value);
  if (state_ == State::length) return length_read(value);
  state_ = State::tag;
  if (wanted_) TRY_VOID(listener_.number(path_, value));
  return leave_messages();
}

Result<> ProtobufStream::tag_read(std::uint64_t tag) {
  const std::uint64_t number = tag >> 3U;
  if (number == 0) return malformed("a field has no number");
  wanted_ = number <= kHighestNumber;
  if (wanted_) path_ = below(levels_.empty() ? 0 : levels_.back().path, static_cast<std::uint8_t>(number));
  switch (tag & 7U) {
    case WireType::varint:
      state_ = State::number;
      return {};
    case WireType::bytes_of_a_length:
      state_ = State::length;
      return {};
    case WireType::fixed64:
    case WireType::fixed32:
      state_ = State::skipping;
      left_ = (tag & 7U) == WireType::fixed64 ? 8 : 4;
      return spend(left_);
    default:
      return malformed("a field is of no known kind");
  }
}

Result<> ProtobufStream::length_read(std::uint64_t length) {
  TRY_VOID(spend(length));
  const ProtobufField field = wanted_ ? listener_.field_at(path_) : ProtobufField::unwanted;
  if (field == ProtobufField::message) {
    if (levels_.size() == kDeepest) return malformed("it is nested too deep");
    levels_.push_back({.path = path_, .left = length});
    state_ = State::tag;
    TRY_VOID(listener_.begin(path_));
    return leave_messages();
  }
  left_ = length;
  state_ = field == ProtobufField::text ? State::text : State::skipping;
  if (state_ == State::text) {
    if (length > longest_text_) return malformed("a text is longer than any that belongs there");
    text_.clear();
  }
  if (length > 0) return {};
  std::string_view nothing;
  return step(nothing);
}

Result<> ProtobufStream::read_text(std::string_view& bytes) {
  const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size()));
  const std::string_view part = bytes.substr(0, count);
  bytes.remove_prefix(count);
  left_ -= count;
  if (left_ > 0 || !text_.empty()) {
    if (text_.empty()) text_.reserve(count + static_cast<std::size_t>(left_));
    text_.append(part);
    if (left_ > 0) return {};
  }
  state_ = State::tag;
  TRY_VOID(listener_.text(path_, text_.empty() ? part : text_.view()));
  text_.clear();
  return leave_messages();
}

Result<> ProtobufStream::skip(std::string_view& bytes) {
  const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size()));
  bytes.remove_prefix(count);
  left_ -= count;
  if (left_ > 0) return {};
  state_ = State::tag;
  return leave_messages();
}

/// Takes bytes from the message that they are in.
Result<> ProtobufStream::spend(std::uint64_t count) {
  if (levels_.empty()) return {};
  if (count > levels_.back().left) return malformed("a field is longer than the message that it is in");
  levels_.back().left -= count;
  return {};
}

Result<> ProtobufStream::leave_messages() {
  while (!levels_.empty() && levels_.back().left == 0) {
    const ProtobufPath path = levels_.back().path;
    levels_.pop_back();
    TRY_VOID(listener_.end(path));
  }
  return {};
}

}  // namespace tokensweep
