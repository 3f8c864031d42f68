#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "rules/rule.hpp"

namespace tokensweep {

/// Reads a rule file named by another's `[extend] path`. Injected: parsing itself touches no file.
using ReadFile = std::function<Result<std::string>(const std::string& path)>;

/// Parses a rule file in the gitleaks format (8.30). Keys are read without regard to case, as there. What we do not
/// support
/// (`required`, `skipReport = true`, `extend.url`), a key that nobody knows and a value of the wrong type are refused
/// by name, with the rule's id and the line. `name` is how messages call the file.
///
/// `[extend]`: `useDefault` stands for the rules that are compiled in here, not for gitleaks' own; `path` is read with
/// `read_file` as it is written, at most two files deep; `disabledRules` has to name rules that are there. A rule with
/// the id of an inherited one overrides the fields that it sets, tags, keywords and allow lists are appended, and with
/// a new `regex` the inherited literals, examples and length go, since they were about the old one. New rules come
/// before the inherited ones.
///
/// `commits` of an allow list has gitleaks' meaning for texts without a commit: it never allows.
Result<RuleFile> parse_rule_file(std::string_view text, std::string_view name, const ReadFile& read_file);

/// The rules that are compiled in (rules/builtin/*.toml).
const RuleFile& builtin_rules();

}  // namespace tokensweep
