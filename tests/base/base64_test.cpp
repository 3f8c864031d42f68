#include "base/base64.hpp"

#include <doctest/doctest.h>

#include <optional>
#include <string>

namespace {

using namespace tokensweep;

std::string encoded(std::string_view bytes) {
  WipedText out;
  append_base64(out, bytes);
  return std::string(out.view());
}

std::optional<std::string> decoded(std::string_view text) {
  const auto bytes = from_base64(text);
  return bytes ? std::optional(std::string(bytes->view())) : std::nullopt;
}

TEST_CASE("base64 of RFC 4648, section 10, there and back") {
  const struct {
    const char* bytes;
    const char* text;
  } cases[] = {{"", ""},
               {"f", "Zg=="},
               {"fo", "Zm8="},
               {"foo", "Zm9v"},
               {"foob", "Zm9vYg=="},
               {"fooba", "Zm9vYmE="},
               {"foobar", "Zm9vYmFy"},
               {"\xff\xfe\xfd", "//79"}};
  for (const auto& c : cases) {
    CAPTURE(c.bytes);
    CHECK(encoded(c.bytes) == c.text);
    CHECK(decoded(c.text) == c.bytes);
  }
}

TEST_CASE("base64 of any length, there and back") {
  std::string bytes;
  for (std::size_t i = 0; i < 10'000; ++i) bytes.push_back(static_cast<char>(i * 7));
  for (const std::size_t size : {3071U, 3072U, 3073U, 9215U, 9216U, 10'000U}) {
    CAPTURE(size);
    const std::string_view text(bytes.data(), size);
    CHECK(decoded(encoded(text)) == text);
  }
}

TEST_CASE("what is no base64 from end to end is none") {
  CHECK(decoded("Zm9v\nYmFy\r\n") == "foobar");
  for (const char* const text : {"Z", "Zg", "Zg=", "Zg===", "=", "====", "Z===", "Zg==Zg==", "Zm9v=", "Zm 9", "Zm9-",
                                 "Zh==", "Zm9=", "Zm9v\nY", "Zg=g"}) {
    CAPTURE(text);
    CHECK(!decoded(text));
  }
}

}  // namespace
