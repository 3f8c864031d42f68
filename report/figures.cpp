#include "report/figures.hpp"

#include <algorithm>
#include <functional>

namespace tokensweep {
namespace {

/// What a place says of its token.
enum Mark : std::uint16_t {
  kOverdue = 1U << 0,
  kClassic = 1U << 1,
  kDead = 1U << 2,
  kAllPackages = 1U << 3,
  kRepeated = 1U << 4,
  kUnused = 1U << 5,
  kBypass = 1U << 6,
  kNoIpLimit = 1U << 7,
  kSharedExpiry = 1U << 8,
  kExempt = 1U << 9,
  kListed = 1U << 10,         ///< a registry's list tells of it
  kCannotWriteAll = 1U << 11  ///< read-only, stage-only, or of a registry that knows no package scopes
};

struct FlagMark {
  ScopeFlag flag;
  Mark mark;
};
constexpr FlagMark kFlagMarks[] = {{ScopeFlag::classic, kClassic},
                                   {ScopeFlag::dead, kDead},
                                   {ScopeFlag::all_packages, kAllPackages},
                                   {ScopeFlag::repeated, kRepeated},
                                   {ScopeFlag::unused, kUnused},
                                   {ScopeFlag::bypass_2fa, kBypass},
                                   {ScopeFlag::no_ip_limit, kNoIpLimit},
                                   {ScopeFlag::shared_expiry, kSharedExpiry},
                                   {ScopeFlag::exempt, kExempt},
                                   {ScopeFlag::read_only, kCannotWriteAll},
                                   {ScopeFlag::stage_only, kCannotWriteAll}};

struct MarkFigure {
  Mark mark;
  std::int64_t Figures::*figure;
};
constexpr MarkFigure kMarkFigures[] = {
    {kClassic, &Figures::classic},
    {kDead, &Figures::dead},
    {kAllPackages, &Figures::all_packages},
    {kRepeated, &Figures::repeated},
    {kUnused, &Figures::unused},
    {kBypass, &Figures::bypass_2fa},
    {kNoIpLimit, &Figures::no_ip_limit},
    {kSharedExpiry, &Figures::shared_expiry},
    {kExempt, &Figures::exempt},
};

bool without_package_scope(std::uint16_t marks) {
  if ((marks & kAllPackages) != 0) return true;
  return (marks & (kListed | kCannotWriteAll | kDead)) == 0;
}

std::optional<std::int64_t> median(const std::map<std::int64_t, std::int64_t>& counts) {
  std::int64_t total = 0;
  for (const auto& [value, number] : counts) total += number;
  if (total == 0) return std::nullopt;
  const auto at = [&counts](std::int64_t index) {
    auto entry = counts.begin();
    while (index >= entry->second) index -= (entry++)->second;
    return entry->first;
  };
  return (at((total - 1) / 2) + at(total / 2)) / 2;
}

template <std::int64_t Figures::*Member>
constexpr FigureColumn column(std::string_view name, std::string_view description, std::string_view unit,
                              bool lower_is_better) {
  return {.name = name,
          .description = description,
          .unit = unit,
          .lower_is_better = lower_is_better,
          .klass = {},
          .get = [](const Figures& figures) { return std::optional(figures.*Member); },
          .set = [](Figures& figures, std::int64_t value) { figures.*Member = value; }};
}

template <std::array<std::int64_t, 4> Figures::*Member, Class Klass>
constexpr FigureColumn class_column(std::string_view name, std::string_view description) {
  constexpr auto kIndex = static_cast<std::size_t>(Klass);
  return {.name = name,
          .description = description,
          .unit = "tokens",
          .lower_is_better = true,
          .klass = Klass,
          .get = [](const Figures& figures) { return std::optional((figures.*Member)[kIndex]); },
          .set = [](Figures& figures, std::int64_t value) { (figures.*Member)[kIndex] = value; }};
}

constexpr FigureColumn kColumns[] = {
    column<&Figures::tokens>("tokens", "tokens that are stored, each counted once", "tokens", true),
    column<&Figures::places>("places", "places that hold them", "places", true),
    class_column<&Figures::by_class, Class::A>("tokens_a", "tokens of class A"),
    class_column<&Figures::by_class, Class::B>("tokens_b", "tokens of class B"),
    class_column<&Figures::by_class, Class::C>("tokens_c", "tokens of class C"),
    class_column<&Figures::by_class, Class::D>("tokens_d", "tokens of class D"),
    class_column<&Figures::overdue_by_class, Class::A>("overdue_a", "tokens of class A past their date"),
    class_column<&Figures::overdue_by_class, Class::B>("overdue_b", "tokens of class B past their date"),
    class_column<&Figures::overdue_by_class, Class::C>("overdue_c", "tokens of class C past their date"),
    class_column<&Figures::overdue_by_class, Class::D>("overdue_d", "tokens of class D past their date"),
    {.name = "median_age_days",
     .description = "age that half of the tokens have not reached; nothing without a token",
     .unit = "days",
     .lower_is_better = true,
     .klass = {},
     .get = [](const Figures& figures) { return figures.median_age_days; },
     .set = [](Figures& figures, std::int64_t value) { figures.median_age_days = value; }},
    column<&Figures::classic>("classic", "classic tokens, dead since 2025-12-09 and still stored", "tokens", true),
    column<&Figures::dead>("dead", "tokens that are stored, but revoked, expired or classic", "tokens", true),
    column<&Figures::without_package_scope>(
        "without_package_scope", "tokens that may write every package, or nobody can tell which", "tokens", true),
    column<&Figures::all_packages>("all_packages", "tokens that may write every package, as the registry says",
                                   "tokens", true),
    column<&Figures::unfound>("unfound", "tokens alive at the registry, and stored nowhere that was looked", "tokens",
                              true),
    column<&Figures::repeated>("repeated", "tokens held in more than one place", "tokens", true),
    column<&Figures::unused>("unused", "tokens not used for 90 days, or as long as the policy says", "tokens", true),
    column<&Figures::bypass_2fa>("bypass_2fa", "tokens that bypass two-factor authentication", "tokens", true),
    column<&Figures::no_ip_limit>("no_ip_limit", "tokens that may be used from every address", "tokens", true),
    column<&Figures::shared_expiry>("shared_expiry", "tokens that expire on the same day as another", "tokens", true),
    column<&Figures::exempt>("exempt", "tokens under an exception of the policy", "tokens", true),
    column<&Figures::references>("references", "names that stand in place of a token, as they should", "places", false),
    column<&Figures::scopes>("scopes", "scopes that the sweep was to cover", "scopes", false),
    column<&Figures::scopes_complete>("scopes_complete", "scopes that it read from end to end", "scopes", false),
    column<&Figures::places_missed>("places_missed", "places that could not be read", "places", true),
};

}  // namespace

FigureCounter::Token FigureCounter::told_by(const ExportRow& row) {
  Token token;
  token.klass = row.row->hit.klass;
  if (row.age_days) token.age_days = static_cast<std::int32_t>(*row.age_days);
  unsigned marks = 0;
  if (row.overdue) marks |= kOverdue;
  for (const FlagMark& entry : kFlagMarks) {
    if (row.scope.has(entry.flag)) marks |= entry.mark;
  }
  if (row.row->listing) marks |= kListed;
  if (row.row->hit.kind == "registry-token") marks |= kCannotWriteAll;
  token.marks = static_cast<std::uint16_t>(marks);
  return token;
}

void FigureCounter::count(const Token& token, Figures& figures, Ages& ages) {
  const auto klass = static_cast<std::size_t>(token.klass);
  ++figures.tokens;
  ++figures.by_class[klass];
  if ((token.marks & kOverdue) != 0) ++figures.overdue_by_class[klass];
  if (token.age_days >= 0) ++ages[token.age_days];
  for (const MarkFigure& entry : kMarkFigures) {
    if ((token.marks & entry.mark) != 0) ++(figures.*entry.figure);
  }
  if (without_package_scope(token.marks)) ++figures.without_package_scope;
}

void FigureCounter::add(const ExportRow& row) {
  if (row.row->state == State::gone) return;
  if (row.scope.has(ScopeFlag::unfound)) {
    ++sums_.unfound;
    return;
  }
  if (is_reference(*row.row)) {
    ++sums_.references;
    return;
  }
  ++sums_.places;
  const Token told = told_by(row);
  if (!row.row->token) return count(told, sums_, ages_);
  const auto [entry, added] = tokens_.try_emplace(std::hash<std::string_view>{}(*row.row->token), told);
  if (added) return;
  Token& token = entry->second;
  token.klass = std::min(token.klass, told.klass);
  token.age_days = std::max(token.age_days, told.age_days);
  token.marks |= told.marks;
}

void FigureCounter::add(const CoverageRow& row) {
  sums_.places_missed += row.missed;
  if (row.state == ScopeState::skipped) return;
  ++sums_.scopes;
  if (row.state == ScopeState::complete) ++sums_.scopes_complete;
}

Figures FigureCounter::finish(Time at) const {
  Figures figures = sums_;
  Ages ages = ages_;
  for (const auto& [hash, token] : tokens_) count(token, figures, ages);
  figures.median_age_days = median(ages);
  figures.at = at;
  return figures;
}

std::span<const FigureColumn> figure_columns() { return kColumns; }

const FigureColumn* figure_column(std::string_view name) {
  const auto* const found =
      std::find_if(std::begin(kColumns), std::end(kColumns), [name](const FigureColumn& c) { return c.name == name; });
  return found == std::end(kColumns) ? nullptr : found;
}

bool set_figure(Figures& figures, std::string_view name, std::int64_t value) {
  const FigureColumn* const known = figure_column(name);
  if (known == nullptr) return false;
  known->set(figures, value);
  return true;
}

}  // namespace tokensweep
