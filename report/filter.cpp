#include "report/filter.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "base/time.hpp"

namespace tokensweep {
namespace {

Error usage(std::string what) { return {ErrorKind::misconfigured, std::move(what)}; }

/// The next word of `text`, which it takes off; words are separated by any of `separators`.
std::string_view take_word(std::string_view& text, std::string_view separators) {
  text.remove_prefix(std::min(text.find_first_not_of(separators), text.size()));
  const std::string_view word = text.substr(0, text.find_first_of(separators));
  text.remove_prefix(word.size());
  return word;
}

Result<> add_classes(std::vector<Class>& classes, std::string_view value) {
  bool any = false;
  while (true) {
    const std::string_view word = take_word(value, ", ");
    if (word.empty()) break;
    const std::optional<Class> klass = parse_class(word);
    if (!klass) return usage("class: known are A, B, C and D");
    if (std::find(classes.begin(), classes.end(), *klass) == classes.end()) classes.push_back(*klass);
    any = true;
  }
  if (!any) return usage("class: name one or more of A, B, C and D");
  return {};
}

Result<> add_flags(ScopeFlags& flags, std::string_view value) {
  bool any = false;
  while (true) {
    const std::string_view word = take_word(value, ", ");
    if (word.empty()) break;
    const std::optional<ScopeFlag> flag = parse_scope_flag(word);
    if (!flag) {
      return usage("scope: no such flag; " + scope_flag_help());
    }
    flags.add(*flag);
    any = true;
  }
  if (!any) return usage("scope: name a flag");
  return {};
}

Result<> set_state(std::optional<State>& state, std::string_view value) {
  if (value == "all") return state.reset(), Result<>();
  if (value != "present" && value != "gone") return usage("state: known are present, gone and all");
  state = parse_state(value);
  return {};
}

Result<> set_source(std::string& source, std::string_view value) {
  const auto fits = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_'; };
  if (value.empty() || !std::all_of(value.begin(), value.end(), fits))
    return usage("source: expects a name such as filesystem");
  source = value;
  return {};
}

/// What follows from the clock, the policy and the other hits: make_row adds them.
constexpr ScopeFlags kComputedFlags = ScopeFlags()
                                          .add(ScopeFlag::dead)
                                          .add(ScopeFlag::repeated)
                                          .add(ScopeFlag::unused)
                                          .add(ScopeFlag::shared_expiry)
                                          .add(ScopeFlag::exempt);

constexpr std::string_view kSeparators = ", \t\n";

struct Term {
  std::string_view option;
  std::string_view value;
};

/// A bare word behind `class=A,` is one more class, as long as it is one.
Term read_term(std::string_view word, std::string_view list) {
  const std::size_t equals = word.find('=');
  if (equals != std::string_view::npos) return {word.substr(0, equals), word.substr(equals + 1)};
  if (list == "class" && parse_class(word)) return {list, word};
  if (list == "scope" && parse_scope_flag(word)) return {list, word};
  return {word, {}};
}

Result<> restrict_by_terms(Filter& filter, std::string_view text) {
  bool any_term = false;
  std::string_view list;  // a comma is also what separates class=A,B
  for (std::string_view word = take_word(text, kSeparators); !word.empty(); word = take_word(text, kSeparators)) {
    any_term = true;
    const Term term = read_term(word, list);
    list = term.option == "class" || term.option == "scope" ? term.option : std::string_view();
    if (term.option == "any" && term.value.empty()) continue;
    if (Result<> done = filter.restrict_by(term.option, term.value); !done) return done;
  }
  if (!any_term) return usage("name what to fail on, such as any, overdue or class=A,B");
  return {};
}

}  // namespace

std::string scope_flag_help() {
  constexpr ScopeFlag kMostAskedFor[] = {ScopeFlag::classic,        ScopeFlag::dead,        ScopeFlag::unfound,
                                         ScopeFlag::repeated,       ScopeFlag::unused,      ScopeFlag::shared_expiry,
                                         ScopeFlag::all_packages,   ScopeFlag::no_ip_limit, ScopeFlag::bypass_2fa,
                                         ScopeFlag::stage_only,     ScopeFlag::ambiguous,   ScopeFlag::exempt,
                                         ScopeFlag::world_readable, ScopeFlag::publish,     ScopeFlag::read_only,
                                         ScopeFlag::git_tracked,    ScopeFlag::reference};
  std::string text = "among the known are";
  const char* separator = " ";
  for (const ScopeFlag flag : kMostAskedFor) text.append(std::exchange(separator, ", ")).append(to_string(flag));
  return text;
}

Result<> Filter::restrict_by(std::string_view option, std::string_view value) {
  if (option == "class") return add_classes(classes, value);
  if (option == "source") return set_source(source, value);
  if (option == "state") return set_state(state, value);
  if (option == "scope") return add_flags(flags, value);
  if (option == "older-than") {
    older_than = parse_age(value);
    if (!older_than) return usage("older-than: expects an age such as 90d, 12h or 3w");
    return {};
  }
  if (option == "overdue" && value.empty()) return overdue = true, Result<>();
  return usage("known filters are class=A,B source=NAME state=present|gone|all older-than=90d scope=FLAG overdue any");
}

bool Filter::matches(const ExportRow& row) const {
  const Hit& hit = row.row->hit;
  if (!classes.empty() && std::find(classes.begin(), classes.end(), hit.klass) == classes.end()) return false;
  if (!source.empty() && hit.source != source && row.row->source_name != source) return false;
  if (state && (*state == State::gone) != (row.row->state == State::gone)) return false;
  if ((row.scope.bits() & flags.bits()) != flags.bits()) return false;
  if (older_than && (!row.age || *row.age < *older_than)) return false;
  if (overdue && !row.overdue) return false;
  if (row.scope.has(ScopeFlag::unfound) && !flags.has(ScopeFlag::unfound)) return false;
  return references || !is_reference(*row.row);
}

HitQuery Filter::query() const {
  HitQuery query;
  query.classes = classes;
  query.source = source;
  query.state = state;
  // The inventory takes one flag, of those that it keeps; with several, one of them already leaves few rows.
  for (std::size_t i = 0; i < static_cast<std::size_t>(ScopeFlag::count_); ++i) {
    const auto flag = static_cast<ScopeFlag>(i);
    if (flags.has(flag) && !kComputedFlags.has(flag)) query.flag = flag;
  }
  return query;
}

Result<Filter> parse_filter(std::string_view text) {
  Filter filter;
  TRY_VOID(restrict_by_terms(filter, text));
  filter.references = filter.flags.has(ScopeFlag::reference);
  return filter;
}

}  // namespace tokensweep
