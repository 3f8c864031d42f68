#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace tokensweep {

/// What the caller can do about a failure: one value per reaction, not per cause.
enum class ErrorKind : std::uint8_t {
  denied,         ///< we may not look there: record a gap, do not retry
  throttled,      ///< the far side said when to come back
  transient,      ///< a retry may help
  malformed,      ///< an answer or a file that we cannot read
  misconfigured,  ///< the user has to change something first
  storage,        ///< the inventory cannot be written: the run stops
  internal,       ///< a bug in tokensweep
};

/// A failure as one line for a person: what happened, where, what to do. It never quotes foreign input.
struct Error {
  ErrorKind kind = ErrorKind::internal;
  std::string what;

  /// The same failure, with where it happened put in front: `within("rules.toml")` gives "rules.toml: <what>".
  [[nodiscard]] Error within(std::string_view place) && {
    what.insert(0, ": ").insert(0, place);
    return std::move(*this);
  }
};

/// A `T` or the `Error` that kept us from it. Member names follow std::expected, which clang 14 cannot see.
template <class T = std::monostate>
class [[nodiscard]] Result {
 public:
  using value_type = T;

  Result() requires std::is_same_v<T, std::monostate> : state_(std::in_place_index<0>) {}
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}      // NOLINT(google-explicit-constructor)
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT(google-explicit-constructor)

  [[nodiscard]] bool has_value() const noexcept { return state_.index() == 0; }
  explicit operator bool() const noexcept { return has_value(); }

  [[nodiscard]] T& value() & { return std::get<0>(state_); }
  [[nodiscard]] const T& value() const& { return std::get<0>(state_); }
  [[nodiscard]] T&& value() && { return std::get<0>(std::move(state_)); }
  [[nodiscard]] T& operator*() & { return value(); }
  [[nodiscard]] const T& operator*() const& { return value(); }
  [[nodiscard]] T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  [[nodiscard]] Error& error() & { return std::get<1>(state_); }
  [[nodiscard]] const Error& error() const& { return std::get<1>(state_); }
  [[nodiscard]] Error&& error() && { return std::get<1>(std::move(state_)); }

 private:
  std::variant<T, Error> state_;
};

}  // namespace tokensweep

#define TOKENSWEEP_JOIN_(a, b) a##b
#define TOKENSWEEP_JOIN(a, b) TOKENSWEEP_JOIN_(a, b)

/// `TRY(auto page, parse(body));` declares `page`, or returns the failure to our own caller.
#define TRY(declaration, expression)                                                               \
  auto TOKENSWEEP_JOIN(try_, __LINE__) = (expression);                                             \
  if (!TOKENSWEEP_JOIN(try_, __LINE__)) return std::move(TOKENSWEEP_JOIN(try_, __LINE__)).error(); \
  declaration = std::move(*TOKENSWEEP_JOIN(try_, __LINE__))

/// The same for calls that return nothing.
#define TRY_VOID(expression)                                                \
  do {                                                                      \
    if (auto tried = (expression); !tried) return std::move(tried).error(); \
  } while (false)
