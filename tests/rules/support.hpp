#pragma once

#include <cstdint>
#include <numeric>
#include <string>
#include <string_view>
#include <vector>

#include "rules/rule_file.hpp"
#include "rules/rule_set.hpp"

namespace tokensweep::test {

inline Result<RuleFile> parse(std::string_view text) {
  const ReadFile none = [](const std::string&) -> Result<std::string> {
    return Error{ErrorKind::denied, "no such file"};
  };
  return parse_rule_file(text, "rules.toml", none);
}

/// The first error of parsing and compiling, or "ok".
inline std::string verdict(std::string_view text) {
  auto file = parse(text);
  if (!file) return file.error().what;
  auto rules = RuleSet::compile(std::move(*file));
  return rules ? "ok" : rules.error().what;
}

inline std::vector<std::uint32_t> every_rule(const RuleSet& rules) {
  std::vector<std::uint32_t> all(rules.rules().size());
  std::iota(all.begin(), all.end(), 0U);
  return all;
}

/// What the rules find, each as "rule:secret", by position.
inline std::vector<std::string> found(const RuleSet& rules, std::string_view text, std::string_view path = {}) {
  auto matches = rules.match(text, path, every_rule(rules));
  if (!matches) return {matches.error().what};
  std::vector<std::string> names;
  for (const Match& match : *matches) {
    const std::string_view secret = text.substr(match.secret_begin, match.secret_end - match.secret_begin);
    names.push_back(rules.rules()[match.rule].id + ":" + std::string(secret));
  }
  return names;
}

}  // namespace tokensweep::test
