#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "rules/rule.hpp"

namespace tokensweep {

/// Reads a rule file named by another's `[extend] path`. Injected: parsing itself touches no file.
using ReadFile = std::function<Result<std::string>(const std::string& path)>;

/// Parses a rule file in the gitleaks format. What we do not support (`required`, `extend.url`, an unknown key) is refused
/// by name, with the rule's id and the line. `name` is how messages call the file.
Result<RuleFile> parse_rule_file(std::string_view text, std::string_view name, const ReadFile& read_file);

/// The rules that are compiled in (rules/builtin/*.toml).
const RuleFile& builtin_rules();

}  // namespace tokensweep
