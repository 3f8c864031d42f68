#include "base/secret.hpp"

#include <doctest/doctest.h>

#include <functional>
#include <ostream>
#include <string>
#include <type_traits>

namespace {

using tokensweep::Secret;
using tokensweep::WipedBuffer;

template <class T>
concept Streamable = requires(std::ostream& out, const T& value) {
  out << value;
};
template <class T>
concept Comparable = requires(const T& a, const T& b) {
  a == b;
};
template <class T>
concept Hashable = requires(const T& a) {
  std::hash<T>{}(a);
};

// The point of the type, held at compile time: nothing copies, prints, compares or hashes a live value.
static_assert(!std::is_copy_constructible_v<Secret> && !std::is_copy_assignable_v<Secret>);
static_assert(std::is_nothrow_move_constructible_v<Secret> && std::is_nothrow_move_assignable_v<Secret>);
static_assert(!Streamable<Secret> && !Comparable<Secret> && !Hashable<Secret>);
static_assert(!fmt::is_formattable<Secret>::value);
static_assert(!std::is_convertible_v<Secret, std::string> && !std::is_convertible_v<Secret, std::string_view>);
static_assert(!std::is_convertible_v<std::string_view, Secret> && !std::is_convertible_v<std::string, Secret>);
static_assert(!std::is_copy_constructible_v<WipedBuffer> && !std::is_copy_assignable_v<WipedBuffer>);
// The concepts themselves can say yes: a test that cannot fail is none.
static_assert(Streamable<std::string> && Comparable<std::string> && Hashable<std::string> &&
              fmt::is_formattable<std::string>::value);

TEST_CASE("a secret gives its bytes to reveal() alone, and moving empties the source") {
  const std::string bytes = "not-a-real-value";
  Secret first(bytes);
  CHECK(first.reveal() == bytes);
  Secret second(std::move(first));
  CHECK(first.empty());  // NOLINT(bugprone-use-after-move): what a moved-from secret holds is the point
  CHECK(second.reveal() == bytes);
  Secret third;
  third = std::move(second);
  CHECK(second.size() == 0);  // NOLINT(bugprone-use-after-move)
  CHECK(third.reveal() == bytes);
}

TEST_CASE("an empty secret is a secret") {
  Secret empty{std::string_view{}};
  CHECK(empty.empty());
  CHECK(empty.reveal().empty());
}

TEST_CASE("wipe leaves zeros") {
  char bytes[32];
  for (char& byte : bytes) byte = 'x';
  tokensweep::wipe(bytes, sizeof bytes);
  for (const char byte : bytes) CHECK(byte == 0);
}

}  // namespace
