#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string_view>
#include <unordered_map>

#include "db/coverage.hpp"
#include "model/figures.hpp"
#include "report/row.hpp"

namespace tokensweep {

/// Counts the figures of an inventory, or of a part of it, from its rows in any order.
///
/// A token is counted once, by its id, wherever it is held. Its class is the strictest of its places, its age the
/// oldest; it is overdue, dead, unused and so on if it is in any of them. A hit without a readable value is a token of
/// its own, and has to come once. References are only counted as such, rows with the flag `unfound` as nothing else,
/// and rows that are gone not at all.
///
/// `without_package_scope` counts the tokens of which either the registry's list says that they may write all packages
/// (`all-packages`), or no list that was imported says anything (`row.listing`) and nothing known forbids them to
/// write: the ones that are not dead, neither `read-only` nor `stage-only`, and not another registry's own (kind
/// `registry-token`), for those know no package scopes. That a build only installs with a token forbids it nothing.
///
/// Memory follows from the tokens with a value: some 40 bytes for each of them, however many places hold it.
class FigureCounter {
 public:
  void add(const ExportRow& row);
  /// Of the sweep that the figures are about. A scope that it was told to skip was not to be covered.
  void add(const CoverageRow& row);

  /// `at` is kept in the figures and changes nothing else. The median of an even number of tokens is the mean of the
  /// two in the middle, in whole days, rounded down.
  [[nodiscard]] Figures finish(Time at) const;

 private:
  struct Token {
    std::int32_t age_days = -1;  ///< -1: none is known
    Class klass = Class::D;
    std::uint16_t marks = 0;  ///< what is so in at least one place: bits of `Mark`
  };
  using Ages = std::map<std::int64_t, std::int64_t>;  ///< how many tokens are so many days old

  static Token told_by(const ExportRow& row);
  static void count(const Token& token, Figures& figures, Ages& ages);

  Figures sums_;  ///< of what needs no look at a token's other places
  Ages ages_;     ///< the same
  /// By a 64-bit hash of the token's id: with a million tokens, the chance that two are taken for one is 1 in 30
  /// million.
  std::unordered_map<std::size_t, Token> tokens_;
};

/// A figure as the outside knows it: a column of the view `figures`, a metric, a key in JSON.
struct FigureColumn {
  std::string_view name;  ///< snake_case; never changes its meaning
  std::string_view description;
  std::string_view unit;         ///< tokens, places, days, ...
  bool lower_is_better = false;  ///< false: more of it is neither good nor bad, or good
  std::optional<Class> klass;    ///< of a figure that is told for each class: `tokens_a`
  std::optional<std::int64_t> (*get)(const Figures& figures) = nullptr;
  void (*set)(Figures& figures, std::int64_t value) = nullptr;
};

/// All of them: the one place that knows their names. Every member of Figures but `at` is here.
std::span<const FigureColumn> figure_columns();

/// The column with that name; null where there is none.
const FigureColumn* figure_column(std::string_view name);

/// For whoever reads a stored series. A name that is not known (a newer version wrote it) is false, and changes
/// nothing.
bool set_figure(Figures& figures, std::string_view name, std::int64_t value);

}  // namespace tokensweep
