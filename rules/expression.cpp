#include "rules/expression.hpp"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <iterator>
#include <mutex>
#include <utility>

namespace tokensweep {
namespace {

constexpr std::int64_t kMostMemory = re2::RE2::Options::kDefaultMaxMem;

re2::RE2::Options options_for(std::int64_t memory) {
  re2::RE2::Options options;
  options.set_log_errors(false);  // it would print the expression, and text, to stderr
  options.set_max_mem(memory);
  return options;
}

std::string_view view_of(re2::StringPiece piece) { return {piece.data(), piece.size()}; }

/// Why, in words that quote nothing: an allow list's expression may hold a token.
std::string_view reason(re2::RE2::ErrorCode code) {
  switch (code) {
    case re2::RE2::ErrorBadEscape:
      return "an escape that RE2 does not know";
    case re2::RE2::ErrorBadCharClass:
      return "a bad character class";
    case re2::RE2::ErrorBadCharRange:
      return "a bad range in a character class";
    case re2::RE2::ErrorMissingBracket:
      return "a missing ]";
    case re2::RE2::ErrorMissingParen:
      return "a missing )";
    case re2::RE2::ErrorUnexpectedParen:
      return "a ) without its (";
    case re2::RE2::ErrorTrailingBackslash:
      return "a backslash at its end";
    case re2::RE2::ErrorRepeatArgument:
      return "a repetition of nothing";
    case re2::RE2::ErrorRepeatSize:
      return "a repetition above 1000";
    case re2::RE2::ErrorRepeatOp:
      return "a doubled repetition";
    case re2::RE2::ErrorBadPerlOp:
      return "a (?…) that RE2 does not know, such as look-around";
    case re2::RE2::ErrorBadUTF8:
      return "bytes that are no UTF-8";
    case re2::RE2::ErrorBadNamedCapture:
      return "a bad name of a group";
    case re2::RE2::ErrorPatternTooLarge:
      return "too large";
    case re2::RE2::NoError:
    case re2::RE2::ErrorInternal:
      break;
  }
  return "an internal error of RE2";
}

}  // namespace

struct Expression::State {
  std::string pattern;
  std::int64_t memory = 0;
  std::once_flag once;
  std::unique_ptr<re2::RE2> re2;
};

Expression::Expression(std::string pattern, std::int64_t memory) : state_(std::make_unique<State>()) {
  state_->pattern = std::move(pattern);
  state_->memory = memory;
}
Expression::Expression(Expression&&) noexcept = default;
Expression& Expression::operator=(Expression&&) noexcept = default;
Expression::~Expression() = default;

Result<const re2::RE2*> Expression::compiled() const {
  std::call_once(state_->once, [this] {
    state_->re2 = std::make_unique<re2::RE2>(state_->pattern, options_for(state_->memory));
    // A share of the set's memory can be too little for one large expression: it is worth RE2's own default.
    if (state_->re2->error_code() == re2::RE2::ErrorPatternTooLarge && state_->memory < kMostMemory) {
      state_->re2 = std::make_unique<re2::RE2>(state_->pattern, options_for(kMostMemory));
    }
  });
  const re2::RE2& re2 = *state_->re2;
  if (re2.ok()) return &re2;
  return Error{ErrorKind::misconfigured, fmt::format("RE2 cannot take the expression: {}", reason(re2.error_code()))};
}

Result<> Expression::check() const {
  TRY([[maybe_unused]] const re2::RE2* re2, compiled());
  return {};
}

Result<int> Expression::groups() const {
  TRY(const re2::RE2* re2, compiled());
  return re2->NumberOfCapturingGroups();
}

Result<bool> Expression::found_in(std::string_view text) const {
  TRY(const re2::RE2* re2, compiled());
  return re2->Match(text, 0, text.size(), re2::RE2::UNANCHORED, nullptr, 0);
}

Result<bool> Expression::matches_all_of(std::string_view text) const {
  TRY(const re2::RE2* re2, compiled());
  return re2->Match(text, 0, text.size(), re2::RE2::ANCHOR_BOTH, nullptr, 0);
}

Result<std::optional<std::string_view>> Expression::next_in(std::string_view text, std::size_t from) const {
  TRY(const re2::RE2* re2, compiled());
  re2::StringPiece whole;
  if (!re2->Match(text, from, text.size(), re2::RE2::UNANCHORED, &whole, 1)) return std::optional<std::string_view>();
  return std::optional(view_of(whole));
}

Result<std::vector<std::string_view>> Expression::groups_in(std::string_view text) const {
  TRY(const re2::RE2* re2, compiled());
  const int count = re2->NumberOfCapturingGroups() + 1;
  std::vector<re2::StringPiece> pieces(static_cast<std::size_t>(count));
  std::vector<std::string_view> groups;
  if (!re2->Match(text, 0, text.size(), re2::RE2::UNANCHORED, pieces.data(), count)) return groups;
  std::transform(pieces.begin(), pieces.end(), std::back_inserter(groups), view_of);
  return groups;
}

std::string join_alternatives(const std::vector<std::string>& patterns) {
  std::string joined;
  for (const std::string& pattern : patterns) joined.append(joined.empty() ? "(?:" : "|").append(pattern);
  return joined + ")";
}

}  // namespace tokensweep
