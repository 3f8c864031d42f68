#include "scanner/config_policy.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>

#include "base/time.hpp"

namespace tokensweep {
namespace {

using std::chrono::days;
using std::chrono::hours;

constexpr std::int64_t kMostDays = 3650;
constexpr std::int64_t kMostHours = 24 * 365;
// Before that nobody can have meant it: tokens with an end came later.
constexpr Date kFirstEnd{std::chrono::year{2020} / 1 / 1};

constexpr KeySpec count(std::string_view name, std::string_view summary, std::int64_t least, std::int64_t most) {
  return {.name = name, .kind = KeyKind::count, .summary = summary, .least = least, .most = most};
}

constexpr std::array kRotateDays = {
    count("a_top", "class A that can publish one of the `top_ranks` most downloaded packages; default 7", 1, kMostDays),
    count("a", "class A; default 30", 1, kMostDays),
    count("b", "class B; default 90", 1, kMostDays),
    count("c", "class C; default 90", 1, kMostDays),
    count("d", "class D; default 365", 1, kMostDays),
};

constexpr std::array kOverlapHours = {
    count("ci", "how long the old token of a pipeline stays valid after a rotation; default 24", 0, kMostHours),
    count("developer", "the same for what developers have; default 168", 0, kMostHours),
};

constexpr KeySpec text(std::string_view name, std::string_view summary, bool required = false) {
  return {.name = name, .kind = KeyKind::text, .summary = summary, .required = required};
}

// Which hits a rule or an exception is about: at least one of these.
constexpr std::array kPattern = {
    text("id", "of a hit or of a token, in full"),
    text("source", "a source's name or type"),
    text("store", "the container: `*` stands for any characters, `?` for one, `[…]` for one of these"),
    text("locator", "the place in it, in the same way"),
    text("name", "of the secret or variable, in the same way"),
};

constexpr std::array kRule = {
    kPattern[0],
    kPattern[1],
    kPattern[2],
    kPattern[3],
    kPattern[4],
    text("class", "`\"A\"`, `\"B\"`, `\"C\"` or `\"D\"`: what they are, in place of what their place shows", true),
    text("reason", "how the company knows", true),
};

constexpr std::array kException = {
    kPattern[0],
    kPattern[1],
    kPattern[2],
    kPattern[3],
    kPattern[4],
    text("owner", "who answers for it", true),
    text("reason", "why it has to wait", true),
    KeySpec{.name = "until", .kind = KeyKind::date, .summary = "the last day on which it holds", .required = true},
};

constexpr std::array kPolicy = {
    KeySpec{.name = "publishes",
            .kind = KeyKind::texts,
            .summary = "the packages that the company publishes: `name`, `name-*`, `@scope/name`, `@scope/*`"},
    KeySpec{.name = "rotate_days",
            .kind = KeyKind::table,
            .summary = "how often a token of each class has to be rotated, in days",
            .keys = kRotateDays},
    count("top_ranks", "so many of the most downloaded packages are rotated as `a_top`; default 100", 1, 1'000'000),
    count("ranks", "publishing one of so many most downloaded packages makes class A; default 1000", 1, 1'000'000),
    KeySpec{.name = "overlap_hours",
            .kind = KeyKind::table,
            .summary = "how long an old token stays valid after a rotation, in hours",
            .keys = kOverlapHours},
    count("unused_days", "a token that the registry has not seen for so long is unused; default 90", 1, kMostDays),
    KeySpec{.name = "rule", .kind = KeyKind::tables, .summary = "a class that the company knows", .keys = kRule},
    KeySpec{.name = "exception",
            .kind = KeyKind::tables,
            .summary = "somebody answers for a token that is not rotated in time",
            .keys = kException},
};

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("-._~").find(c) != std::string_view::npos;
}

/// `name`, `name-*`; in a scope also `*` alone.
bool is_name_pattern(std::string_view text, bool in_scope) {
  const bool open_end = text.ends_with('*');
  if (open_end) text.remove_suffix(1);
  if (text.empty()) return open_end && in_scope;
  return std::all_of(text.begin(), text.end(), is_name_character) &&
         (in_scope || (text.front() != '.' && text.front() != '_'));
}

bool is_package_pattern(std::string_view text) {
  constexpr std::size_t kLongest = 214;  // npm's own limit
  if (text.size() > kLongest) return false;
  if (!text.starts_with('@')) return is_name_pattern(text, false);
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return false;
  const std::string_view scope = text.substr(1, slash - 1);
  return !scope.ends_with('*') && is_name_pattern(scope, false) && is_name_pattern(text.substr(slash + 1), true);
}

void check_publishes(const Policy& policy, const Settings& file, Problems& problems) {
  for (std::size_t i = 0; i < policy.publishes.size(); ++i) {
    if (is_package_pattern(policy.publishes[i])) continue;
    problems.add(
        file.line_of("policy.publishes"),
        fmt::format("policy.publishes: number {} is no package: a name, name-*, @scope/name or @scope/*", i + 1));
  }
}

/// A figure of the policy with where it stands.
struct Figure {
  std::string_view name;
  std::int64_t value;
};

/// `later` must not be below `earlier`.
void check_order(const Figure& earlier, const Figure& later, std::string_view why, const Settings& file,
                 Problems& problems) {
  if (earlier.value <= later.value) return;
  const auto key = [](const Figure& figure) { return fmt::format("policy.{}", figure.name); };
  const auto spot = [&](const Figure& figure) {
    if (!file.has(key(figure))) return fmt::format("{} ({} by default)", figure.name, figure.value);
    return fmt::format("{} (line {})", figure.name, file.line_of(key(figure)));
  };
  const bool at_later = file.line_of(key(later)) > file.line_of(key(earlier));
  problems.add(file.line_of(key(at_later ? later : earlier)),
               fmt::format("{} is more than {}: {}", spot(earlier), spot(later), why));
}

void check_cadences(const Cadences& cadences, const Settings& file, Problems& problems) {
  const Figure in_order[] = {{"rotate_days.a_top", cadences.a_top.count()},
                             {"rotate_days.a", cadences.a.count()},
                             {"rotate_days.b", cadences.b.count()},
                             {"rotate_days.c", cadences.c.count()},
                             {"rotate_days.d", cadences.d.count()}};
  for (std::size_t i = 1; i < std::size(in_order); ++i) {
    check_order(in_order[i - 1], in_order[i], "a stricter class is not rotated later than the next one", file,
                problems);
  }
  check_order({"top_ranks", cadences.top_ranks}, {"ranks", cadences.ranks}, "the top is a part of class A", file,
              problems);
}

HitPattern pattern_of(const Settings& table) {
  return {.id = table.text("id"),
          .source = table.text("source"),
          .store = table.text("store"),
          .locator = table.text("locator"),
          .name = table.text("name")};
}

void check_pattern(const HitPattern& pattern, const Settings& table, std::string_view what, Problems& problems) {
  if (pattern != HitPattern{}) return;
  problems.add(table.line(),
               fmt::format("{} has to say which hits it is about: id, source, store, locator or name", what));
}

void read_rule(const Settings& table, Policy& policy, Problems& problems) {
  PolicyRule rule{.hits = pattern_of(table), .reason = table.text("reason"), .line = table.line()};
  check_pattern(rule.hits, table, "a [[policy.rule]]", problems);
  const auto klass = parse_class(table.text("class"));
  if (!klass && !table.text("class").empty()) {
    problems.add(table.line_of("class"), "class has to be \"A\", \"B\", \"C\" or \"D\"");
  }
  rule.klass = klass.value_or(Class::A);
  const auto same = std::find_if(policy.rules.begin(), policy.rules.end(), [&rule](const PolicyRule& other) {
    return other.hits == rule.hits && other.klass != rule.klass;
  });
  if (klass && same != policy.rules.end()) {
    problems.add(
        rule.line,
        fmt::format("this rule and the one at line {} give the same hits different classes: keep one", same->line));
  }
  policy.rules.push_back(std::move(rule));
}

void read_exception(const Settings& table, Policy& policy, Problems& problems) {
  PolicyException exception{.hits = pattern_of(table),
                            .owner = table.text("owner"),
                            .reason = table.text("reason"),
                            .until = table.date("until").value_or(kFirstEnd),
                            .line = table.line()};
  check_pattern(exception.hits, table, "a [[policy.exception]]", problems);
  if (exception.until < kFirstEnd) problems.add(table.line_of("until"), "until lies before 2020: a slip of the pen");
  const auto same = std::find_if(policy.exceptions.begin(), policy.exceptions.end(),
                                 [&exception](const PolicyException& other) { return other.hits == exception.hits; });
  if (same != policy.exceptions.end()) {
    problems.add(exception.line,
                 fmt::format("this exception and the one at line {} are about the same hits: keep one", same->line));
  }
  policy.exceptions.push_back(std::move(exception));
}

}  // namespace

std::span<const KeySpec> policy_keys() { return kPolicy; }

Policy policy_of(const Settings& file, Problems& problems) {
  Policy policy;
  policy.publishes = file.texts("policy.publishes");
  const auto read_days = [&file](std::string_view key, days& to) {
    to = days{file.count(fmt::format("policy.{}", key), to.count())};
  };
  read_days("rotate_days.a_top", policy.cadences.a_top);
  read_days("rotate_days.a", policy.cadences.a);
  read_days("rotate_days.b", policy.cadences.b);
  read_days("rotate_days.c", policy.cadences.c);
  read_days("rotate_days.d", policy.cadences.d);
  read_days("unused_days", policy.unused_after);
  policy.cadences.top_ranks = static_cast<int>(file.count("policy.top_ranks", policy.cadences.top_ranks));
  policy.cadences.ranks = static_cast<int>(file.count("policy.ranks", policy.cadences.ranks));
  policy.overlaps.ci = hours{file.count("policy.overlap_hours.ci", policy.overlaps.ci.count())};
  policy.overlaps.developer = hours{file.count("policy.overlap_hours.developer", policy.overlaps.developer.count())};
  check_publishes(policy, file, problems);
  check_cadences(policy.cadences, file, problems);
  for (const Settings& table : file.tables("policy.rule")) read_rule(table, policy, problems);
  for (const Settings& table : file.tables("policy.exception")) read_exception(table, policy, problems);
  return policy;
}

namespace {

/// A basic string of TOML: the reader of a policy lets no control character in.
std::string toml_string(std::string_view text) {
  std::string out = "\"";
  for (const char letter : text) {
    if (letter == '"' || letter == '\\') out += '\\';
    out += letter;
  }
  return out + '"';
}

void append_pattern(std::string& out, const HitPattern& hits) {
  const std::pair<std::string_view, const std::string*> parts[] = {{"id", &hits.id},
                                                                   {"source", &hits.source},
                                                                   {"store", &hits.store},
                                                                   {"locator", &hits.locator},
                                                                   {"name", &hits.name}};
  for (const auto& [key, value] : parts) {
    if (!value->empty()) out += fmt::format("{} = {}\n", key, toml_string(*value));
  }
}

}  // namespace

std::string policy_text(const Policy& policy) {
  const Cadences& cadences = policy.cadences;
  std::string out = "[policy]\n";
  std::string names;
  for (const std::string& name : policy.publishes) names.append(names.empty() ? "" : ", ").append(toml_string(name));
  if (!names.empty()) out += fmt::format("publishes = [{}]\n", names);
  out += fmt::format("top_ranks = {}\nranks = {}\nunused_days = {}\n", cadences.top_ranks, cadences.ranks,
                     policy.unused_after.count());
  out += fmt::format("[policy.rotate_days]\na_top = {}\na = {}\nb = {}\nc = {}\nd = {}\n", cadences.a_top.count(),
                     cadences.a.count(), cadences.b.count(), cadences.c.count(), cadences.d.count());
  out += fmt::format("[policy.overlap_hours]\nci = {}\ndeveloper = {}\n", policy.overlaps.ci.count(),
                     policy.overlaps.developer.count());
  for (const PolicyRule& rule : policy.rules) {
    out += "[[policy.rule]]\n";
    append_pattern(out, rule.hits);
    out += fmt::format("class = \"{}\"\nreason = {}\n", to_string(rule.klass), toml_string(rule.reason));
  }
  for (const PolicyException& exception : policy.exceptions) {
    out += "[[policy.exception]]\n";
    append_pattern(out, exception.hits);
    out += fmt::format("owner = {}\nreason = {}\nuntil = {}\n", toml_string(exception.owner),
                       toml_string(exception.reason), format_date(exception.until));
  }
  return out;
}

}  // namespace tokensweep
