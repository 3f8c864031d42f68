#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace re2 {
class RE2;
}

namespace tokensweep {

/// A regular expression that is compiled when it is first needed: most sweeps meet few of a set's rules, and a process
/// that only reads one file should not pay for all. Threads may share it.
///
/// RE2 itself never takes "out of memory" for "no match": a single expression whose automaton outgrows its memory is
/// matched by a slower engine. What can fail is compiling, and that is an Error of each function here.
class Expression {
 public:
  /// `memory` bounds the program and its caches, in bytes.
  Expression(std::string pattern, std::int64_t memory);
  Expression(Expression&&) noexcept;
  Expression& operator=(Expression&&) noexcept;
  ~Expression();

  /// Compiles it now. The error says why RE2 cannot take it, and does not quote it.
  [[nodiscard]] Result<> check() const;
  [[nodiscard]] Result<int> groups() const;

  /// Whether it matches somewhere in `text`, or the whole of it.
  [[nodiscard]] Result<bool> found_in(std::string_view text) const;
  [[nodiscard]] Result<bool> matches_all_of(std::string_view text) const;

  /// The next match in `text` at or behind `from`, with what stands before `from` as its context.
  [[nodiscard]] Result<std::optional<std::string_view>> next_in(std::string_view text, std::size_t from) const;

  /// The first match in `text` and its groups, the match first; groups that took no part have no data. Empty: no match.
  [[nodiscard]] Result<std::vector<std::string_view>> groups_in(std::string_view text) const;

 private:
  struct State;
  [[nodiscard]] Result<const re2::RE2*> compiled() const;
  std::unique_ptr<State> state_;
};

/// The alternation of `patterns`, joined as gitleaks joins them: a flag such as (?i) that opens one holds in those
/// behind it too.
std::string join_alternatives(const std::vector<std::string>& patterns);

}  // namespace tokensweep
