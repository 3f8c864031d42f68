#include "connectors/protobuf_stream.hpp"

#include <doctest/doctest.h>

#include <array>
#include <string>

#include "tests/support/protobuf_writer.hpp"

namespace {

using namespace tokensweep;
using testing::bytes_field;
using testing::number_field;
using testing::varint;

/// Writes down what stands in a document. Fields 1 and 2 are messages, 3 to 9 texts; the rest is unwanted.
class Recorder final : public ProtobufListener {
 public:
  std::string told;

  [[nodiscard]] ProtobufField field_at(ProtobufPath path) const override {
    const auto number = path & 0xFFU;
    if (number <= 2) return ProtobufField::message;
    return number < 10 ? ProtobufField::text : ProtobufField::unwanted;
  }
  Result<> begin(ProtobufPath path) override { return note("{", path); }
  Result<> end(ProtobufPath path) override { return note("}", path); }
  Result<> text(ProtobufPath path, std::string_view bytes) override {
    if (bytes == "refused") return Error{ErrorKind::malformed, "refused"};
    return note("'" + std::string(bytes) + "'", path);
  }
  Result<> number(ProtobufPath path, std::uint64_t value) override { return note(std::to_string(value), path); }

 private:
  Result<> note(const std::string& what, ProtobufPath path) {
    std::string numbers;
    for (; path > 0; path >>= 8U) numbers = "." + std::to_string(path & 0xFFU) + numbers;
    told += what + "@" + numbers.substr(1) + " ";
    return {};
  }
};

std::string read(std::string_view document, std::size_t piece) {
  Recorder recorder;
  ProtobufStream stream(recorder, 100);
  Result<> result;
  for (std::size_t i = 0; i < document.size() && result; i += piece) result = stream.read(document.substr(i, piece));
  if (result) result = stream.finish();
  return recorder.told + (result ? "" : "! " + result.error().what);
}

std::string nested(std::size_t depth) {
  std::string document = number_field(4, 1);
  for (std::size_t i = 0; i < depth; ++i) document = bytes_field(1, document);
  return document;
}

TEST_CASE("a document is told as it stands on the wire") {
  const struct {
    const char* what;
    std::string document;
    const char* told;
  } cases[] = {
      {"nothing", "", ""},
      {"a number", number_field(4, 300), "300@4 "},
      {"the largest number", number_field(4, ~std::uint64_t{0}), "18446744073709551615@4 "},
      {"a text", bytes_field(3, "abc"), "'abc'@3 "},
      {"an empty text", bytes_field(3, ""), "''@3 "},
      {"an empty message", bytes_field(1, ""), "{@1 }@1 "},
      {"messages in messages", bytes_field(1, bytes_field(2, bytes_field(3, "x")) + number_field(4, 1)),
       "{@1 {@1.2 'x'@1.2.3 }@1.2 1@1.4 }@1 "},
      {"messages that end at once", bytes_field(1, bytes_field(2, "")) + number_field(4, 1),
       "{@1 {@1.2 }@1.2 }@1 1@4 "},
      {"what nobody wants", bytes_field(10, "no") + bytes_field(1, bytes_field(11, "")) + number_field(4, 1),
       "{@1 }@1 1@4 "},
      {"fields of fixed size", varint(4U << 3U | 1U) + "12345678" + varint(4U << 3U | 5U) + "1234" + number_field(4, 1),
       "1@4 "},
      {"a field number that no path has", bytes_field(256, "no") + number_field(300, 7) + number_field(4, 1), "1@4 "},
      {"as deep as a path goes", nested(7),
       "{@1 {@1.1 {@1.1.1 {@1.1.1.1 {@1.1.1.1.1 {@1.1.1.1.1.1 {@1.1.1.1.1.1.1 1@1.1.1.1.1.1.1.4 "
       "}@1.1.1.1.1.1.1 }@1.1.1.1.1.1 }@1.1.1.1.1 }@1.1.1.1 }@1.1.1 }@1.1 }@1 "},
      {"deeper", nested(8),
       "{@1 {@1.1 {@1.1.1 {@1.1.1.1 {@1.1.1.1.1 {@1.1.1.1.1.1 {@1.1.1.1.1.1.1 ! it is nested too deep"},
      {"a text that is too long", bytes_field(3, std::string(101, 'x')),
       "! a text is longer than any that belongs there"},
      {"what nobody wants may be long", bytes_field(10, std::string(101, 'x')), ""},
      {"a field number of 0", varint(0), "! a field has no number"},
      {"a group", varint(4U << 3U | 3U), "! a field is of no known kind"},
      {"a number of eleven bytes", varint(4U << 3U) + std::string(10, '\x80') + '\1', "! a number is too large"},
      {"a number of 65 bits", varint(4U << 3U) + std::string(9, '\x80') + '\2', "! a number is too large"},
      {"a field longer than its message", varint(1U << 3U | 2U) + varint(3) + bytes_field(3, "abc"),
       "{@1 ! a field is longer than the message that it is in"},
      {"a number that its message cuts", varint(1U << 3U | 2U) + varint(2) + varint(4U << 3U) + varint(300),
       "{@1 ! a field is longer than the message that it is in"},
      {"a document that ends in a message", varint(1U << 3U | 2U) + varint(3), "{@1 ! it ends too early"},
      {"in a text", varint(3U << 3U | 2U) + varint(3) + "ab", "! it ends too early"},
      {"in a number", varint(4U << 3U) + "\x80", "! it ends too early"},
      {"behind a tag", varint(4U << 3U), "! it ends too early"},
      {"what the listener refuses", bytes_field(3, "refused") + number_field(4, 1), "! refused"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.what);
    for (const std::size_t piece : std::array<std::size_t, 4>{1000, 7, 2, 1}) {
      CAPTURE(piece);
      CHECK(read(c.document, piece) == c.told);
    }
  }
}

}  // namespace
