#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "db/inventory.hpp"
#include "report/row.hpp"

namespace tokensweep {

/// Which hits an export lists, or a `--fail-on` looks for. Every part has to hold; an empty part does not restrict.
struct Filter {
  std::vector<Class> classes;                   ///< any of these
  std::string source;                           ///< the connector's id or the configured source's name
  std::optional<State> state = State::present;  ///< `present` takes `unknown` in (it was not seen gone); empty: all
  std::optional<std::chrono::hours> older_than;
  ScopeFlags flags;  ///< all of these; a token that is stored nowhere appears only if `unfound` is among them
  bool overdue = false;
  bool references = true;  ///< whether hits that only name a token count

  /// Restricts by one of the option names `class`, `source`, `state`, `older-than`, `scope`, `overdue` (without a
  /// value). The error names the words that are known and never repeats the value.
  Result<> restrict_by(std::string_view option, std::string_view value);

  [[nodiscard]] bool matches(const ExportRow& row) const;

  /// What the inventory can filter by itself; `matches` does the rest.
  [[nodiscard]] HitQuery query() const;
};

/// Reads what follows `--fail-on`: terms separated by commas or spaces, all of which have to hold for one hit. A term
/// is one of export's filters without its dashes (`class=A,B`, `source=NAME`, `state=gone`, `older-than=90d`,
/// `scope=FLAG`, `overdue`), or `any`, which restricts nothing. A hit that only names a token fails a run only if the
/// filter says `scope=reference`: a reference is what is wanted in place of a token.
Result<Filter> parse_filter(std::string_view text);

/// What `--help` and an error say of the flags that `scope` takes: `among the known are classic, dead, ...`.
std::string scope_flag_help();

}  // namespace tokensweep
