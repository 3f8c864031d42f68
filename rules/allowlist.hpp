#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "rules/expression.hpp"
#include "rules/rule.hpp"

namespace tokensweep {

/// What an allow list judges: a found secret and what stands around it, as SearchableText shows it.
struct Candidate {
  std::string_view secret;
  std::string_view match;
  std::string_view line;
};

/// One allow list, ready to be asked. Meaning and order of the questions are gitleaks' (detect.go, 8.30): paths first,
/// for a text as a whole; then each finding.
class AllowlistMatcher {
 public:
  AllowlistMatcher(const Allowlist& list, std::int64_t memory);

  /// Compiles its expressions now.
  [[nodiscard]] Result<> check() const;

  /// Whether everything at `path` is allowed, whatever its text holds. An empty path is never allowed.
  [[nodiscard]] Result<bool> allows_path(std::string_view path) const;

  /// Whether this finding is allowed.
  [[nodiscard]] Result<bool> allows(const Candidate& candidate, std::string_view path) const;

  /// Whether it judges the secret alone, so that it can be asked about a value without a text around it.
  [[nodiscard]] bool judges_secret() const { return target_ == AllowTarget::secret; }

  /// Whether it looks at the line: for others nobody needs to find where that begins and ends.
  [[nodiscard]] bool judges_line() const { return target_ == AllowTarget::line; }

 private:
  [[nodiscard]] Result<bool> path_matches(std::string_view path) const;
  [[nodiscard]] Result<bool> text_matches(const Candidate& candidate) const;
  [[nodiscard]] bool has_stopword(std::string_view secret) const;

  bool all_conditions_;
  AllowTarget target_;
  std::optional<Expression> paths_;
  std::optional<Expression> regexes_;
  std::vector<std::string> stopwords_;
};

/// ASCII letters in lower case; other bytes as they are.
std::string lower_ascii(std::string_view text);

}  // namespace tokensweep
