#include "rules/rule_set.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>
#include <set>
#include <utility>

#include "base/text.hpp"
#include "rules/allowlist.hpp"
#include "rules/checksum.hpp"
#include "rules/entropy.hpp"
#include "rules/expression.hpp"
#include "rules/templates.hpp"
#include "rules/utf8.hpp"

namespace tokensweep {
namespace {

// One expression's share of the set's memory: less thrashes its cache, more than RE2's own default is no use.
constexpr std::int64_t kLeastMemory = std::int64_t{1} << 20;
constexpr std::int64_t kMostMemory = std::int64_t{8} << 20;

/// How far a "line" reaches on either side of a match: gitleaks reads files in pieces of this size, and a line of 512
/// MB may hold many matches.
constexpr std::size_t kLineReach = 100'000;

std::string_view line_around(std::string_view text, std::size_t begin, std::size_t end) {
  const std::size_t from = begin > kLineReach ? begin - kLineReach : 0;
  const std::size_t newline = text.substr(from, begin - from).rfind('\n');
  const std::size_t first = newline == std::string_view::npos ? from : from + newline + 1;
  const std::string_view behind = text.substr(end, kLineReach);
  return text.substr(first, end - first + std::min(behind.find('\n'), behind.size()));
}

/// gitleaks trims line breaks off a match, whatever the expression says.
std::string_view trimmed(std::string_view match) {
  const std::size_t first = match.find_first_not_of('\n');
  if (first == std::string_view::npos) return match.substr(0, 0);
  return match.substr(first, match.find_last_not_of('\n') + 1 - first);
}

class Digester {
 public:
  Digester() : context_(EVP_MD_CTX_new(), &EVP_MD_CTX_free) {
    EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr);
  }

  void add(std::string_view text) {
    const std::string framed = fmt::format("{}:{}", text.size(), text);  // "ab","c" is not "a","bc"
    EVP_DigestUpdate(context_.get(), framed.data(), framed.size());
  }
  void add(const std::vector<std::string>& texts) {
    add(std::to_string(texts.size()));
    for (const std::string& text : texts) add(text);
  }
  void add(const Allowlist& list) {
    add(fmt::format("{} {}", list.all_conditions, static_cast<int>(list.target)));
    add(list.paths), add(list.regexes), add(list.stopwords), add(list.target_rules);
  }
  void add(const Rule& rule) {
    add(rule.id), add(rule.regex), add(rule.path), add(rule.kind), add(rule.shape), add(rule.keywords),
        add(rule.literals);
    add(fmt::format("{} {} {} {}", rule.secret_group, rule.entropy, static_cast<int>(rule.checksum), rule.max_length));
    add(fmt::format("{} {} {} {}", rule.base64_layers, rule.max_lead, rule.single_line, rule.of_names));
    add(std::to_string(rule.allowlists.size()));
    for (const Allowlist& list : rule.allowlists) add(list);
  }

  std::string hex() {
    unsigned char bytes[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    EVP_DigestFinal_ex(context_.get(), bytes, &size);
    std::string hex;
    for (const unsigned char byte : std::span(bytes, size)) hex += fmt::format("{:02x}", byte);
    return hex;
  }

 private:
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context_;
};

std::string digest_of(const RuleFile& file) {
  Digester digester;
  for (const Rule& rule : file.rules) digester.add(rule);
  for (const Allowlist& list : file.allowlists) digester.add(list);
  return digester.hex();
}

std::int64_t memory_share(const RuleFile& file, std::int64_t memory) {
  const auto rules = static_cast<std::int64_t>(file.rules.size());
  return std::clamp(memory / std::max<std::int64_t>(rules, 1), std::min(kLeastMemory, memory), kMostMemory);
}

struct CompiledRule {
  std::optional<Expression> regex;
  std::optional<Expression> path;
  std::optional<Expression> shape;
  std::vector<AllowlistMatcher> own;
  std::vector<const AllowlistMatcher*> targeted;  ///< the file's lists that name this rule
  bool generic = false;                           ///< gives way to other rules, see drop_generic
  bool needs_line = false;                        ///< some allow list looks at the line
};

CompiledRule compile_rule(const Rule& rule, std::int64_t memory) {
  CompiledRule compiled;
  if (!rule.regex.empty()) compiled.regex.emplace(rule.regex, memory);
  if (!rule.path.empty()) compiled.path.emplace(rule.path, memory);
  if (!rule.shape.empty()) compiled.shape.emplace(rule.shape, memory);
  for (const Allowlist& list : rule.allowlists) compiled.own.emplace_back(list, memory);
  compiled.generic = lower_ascii(rule.id).find("generic") != std::string::npos;
  return compiled;
}

/// A match, with the line that it begins on: the rules that give way look at their neighbours on the same one.
struct Found {
  Match match;
  std::size_t line = 0;
};

}  // namespace

struct RuleSet::Impl {
  RuleFile file;
  std::string digest;
  std::vector<AllowlistMatcher> lists;              ///< of the file
  std::vector<const AllowlistMatcher*> everywhere;  ///< those of them that are for every rule
  std::vector<CompiledRule> rules;

  Impl(RuleFile from, std::int64_t memory);

  Result<> check() const;
  Result<> check_rule(std::uint32_t index) const;
  Result<> run_examples(std::uint32_t index) const;
  Result<bool> matches_example(std::uint32_t index, const std::string& text, bool expected) const;

  Result<bool> path_allowed(std::string_view path) const;
  Result<bool> takes_path(std::uint32_t index, std::string_view path) const;
  Result<> match_rule(std::uint32_t index, std::string_view text, std::string_view original, std::string_view path,
                      std::vector<Match>& to) const;
  Result<std::optional<Match>> judge(std::uint32_t index, std::string_view text, std::string_view original,
                                     std::string_view whole, std::string_view path) const;
  Result<std::string_view> secret_in(std::uint32_t index, std::string_view match) const;
  Result<bool> allowed(std::uint32_t index, const Candidate& candidate, std::string_view path, bool proven) const;
  Result<std::optional<Shape>> shape(std::uint32_t index, std::string_view value, std::string_view path) const;
  void drop_generic(std::string_view text, std::vector<Match>& matches) const;
};

RuleSet::Impl::Impl(RuleFile from, std::int64_t memory) : file(std::move(from)), digest(digest_of(file)) {
  const std::int64_t share = memory_share(file, memory);
  for (const Allowlist& list : file.allowlists) lists.emplace_back(list, share);
  for (const Rule& rule : file.rules) rules.push_back(compile_rule(rule, share));
  const auto judges_line = [](const AllowlistMatcher& list) { return list.judges_line(); };
  for (CompiledRule& rule : rules) {
    // The file's lists are few: one that looks at lines makes all rules look for them.
    rule.needs_line = std::any_of(rule.own.begin(), rule.own.end(), judges_line) ||
                      std::any_of(lists.begin(), lists.end(), judges_line);
  }
  for (std::size_t at = 0; at < lists.size(); ++at) {
    const std::vector<std::string>& targets = file.allowlists[at].target_rules;
    if (targets.empty()) everywhere.push_back(&lists[at]);
    for (std::size_t index = 0; index < rules.size(); ++index) {
      const bool named = std::find(targets.begin(), targets.end(), file.rules[index].id) != targets.end();
      if (named) rules[index].targeted.push_back(&lists[at]);
    }
  }
}

// ---- proof: what compile() asks of a rule ----

Result<> RuleSet::Impl::check() const {
  for (const AllowlistMatcher& list : lists) {
    if (auto checked = list.check(); !checked) return std::move(checked).error().within("allow list");
  }
  for (std::uint32_t index = 0; index < rules.size(); ++index) {
    const std::string place = "rule " + printable(file.rules[index].id);
    if (auto checked = check_rule(index); !checked) return std::move(checked).error().within(place);
    if (auto run = run_examples(index); !run) return std::move(run).error().within(place);
  }
  return {};
}

Result<> RuleSet::Impl::check_rule(std::uint32_t index) const {
  const CompiledRule& rule = rules[index];
  if (rule.regex) {
    auto groups = rule.regex->groups();
    if (!groups) return std::move(groups).error().within("regex");
    if (file.rules[index].secret_group > *groups) {
      return Error{ErrorKind::misconfigured,
                   fmt::format("secretGroup {} of {}", file.rules[index].secret_group, *groups)};
    }
  }
  for (const auto& [name, expression] : {std::pair("path", &rule.path), std::pair("shape", &rule.shape)}) {
    if (!*expression) continue;
    if (auto checked = (*expression)->check(); !checked) return std::move(checked).error().within(name);
  }
  for (const AllowlistMatcher& list : rule.own) {
    if (auto checked = list.check(); !checked) return std::move(checked).error().within("allow list");
  }
  return {};
}

Result<> RuleSet::Impl::run_examples(std::uint32_t index) const {
  const Rule& rule = file.rules[index];
  for (const auto& [examples, expected] : {std::pair(&rule.examples, true), std::pair(&rule.counterexamples, false)}) {
    for (std::size_t at = 0; at < examples->size(); ++at) {
      const std::string place = fmt::format("{} {}", expected ? "example" : "counterexample", at + 1);
      auto agrees = matches_example(index, fill_template((*examples)[at]), expected);
      if (!agrees) return std::move(agrees).error().within(place);
      if (!*agrees) return Error{ErrorKind::misconfigured, place + (expected ? ": does not match" : ": matches")};
    }
  }
  return {};
}

/// Whether the rule does with an example what it should; an error where it matches in a way that the prefilter would
/// miss.
Result<bool> RuleSet::Impl::matches_example(std::uint32_t index, const std::string& text, bool expected) const {
  const Rule& rule = file.rules[index];
  if (!rules[index].regex) {
    TRY(const bool matches, rules[index].path->found_in(text));
    return matches == expected;
  }
  std::vector<Match> matches;
  const SearchableText searchable(text);
  TRY_VOID(match_rule(index, searchable.view(), text, {}, matches));
  for (const Match& match : matches) {
    const std::string_view matched = std::string_view(text).substr(match.begin, match.end - match.begin);
    if (rule.max_length != 0 && matched.size() > rule.max_length) {
      return Error{ErrorKind::misconfigured, "a match that is longer than max_length"};
    }
    if (rule.single_line && trimmed(matched).find('\n') != std::string_view::npos) {
      return Error{ErrorKind::misconfigured, "a match over a line break, of a rule that is single_line"};
    }
    std::size_t lead = std::string_view::npos;
    for (const std::string& literal : rule.literals) lead = std::min(lead, matched.find(literal));
    if (!rule.literals.empty() && lead == std::string_view::npos) {
      return Error{ErrorKind::misconfigured, "a match without any of the literals"};
    }
    if (!rule.literals.empty() && rule.max_lead != 0 && lead > rule.max_lead) {
      return Error{ErrorKind::misconfigured, "a match with more than max_lead in front of its first literal"};
    }
  }
  return matches.empty() != expected;
}

// ---- matching, in the order of gitleaks' detect.go ----

Result<bool> RuleSet::Impl::path_allowed(std::string_view path) const {
  for (const AllowlistMatcher* list : everywhere) {
    TRY(const bool allowed, list->allows_path(path));
    if (allowed) return true;
  }
  return false;
}

Result<bool> RuleSet::Impl::takes_path(std::uint32_t index, std::string_view path) const {
  const CompiledRule& rule = rules[index];
  for (const AllowlistMatcher& list : rule.own) {
    TRY(const bool allowed, list.allows_path(path));
    if (allowed) return false;
  }
  for (const AllowlistMatcher* list : rule.targeted) {
    TRY(const bool allowed, list->allows_path(path));
    if (allowed) return false;
  }
  return rule.path ? rule.path->found_in(path) : true;
}

/// Go's FindAll: matches that do not overlap, and no empty one right behind another match.
Result<> RuleSet::Impl::match_rule(std::uint32_t index, std::string_view text, std::string_view original,
                                   std::string_view path, std::vector<Match>& to) const {
  std::size_t at = 0;
  std::size_t last_end = std::string_view::npos;
  while (at <= text.size()) {
    TRY(const auto whole, rules[index].regex->next_in(text, at));
    if (!whole) break;
    const auto begin = static_cast<std::size_t>(whole->data() - text.data());
    const std::size_t end = begin + whole->size();
    const bool accepted = end > at || begin != last_end;
    at = end > at ? end : at < text.size() ? at + decode_rune(text.substr(at)).size : at + 1;
    last_end = end;
    if (!accepted) continue;
    TRY(const auto match, judge(index, text, original, *whole, path));
    if (match) to.push_back(*match);
  }
  return {};
}

/// What a match of the expression is worth. `text` is what RE2 sees of `original`, byte for byte at the same place.
Result<std::optional<Match>> RuleSet::Impl::judge(std::uint32_t index, std::string_view text, std::string_view original,
                                                  std::string_view whole, std::string_view path) const {
  const Rule& rule = file.rules[index];
  const auto place = [&](std::string_view part) { return static_cast<std::size_t>(part.data() - text.data()); };
  const std::string_view match = trimmed(whole);
  TRY(const std::string_view secret, secret_in(index, match));
  Match found{.rule = index, .begin = place(match), .end = place(match) + match.size()};
  found.secret_begin = secret.data() == nullptr ? found.begin : place(secret);
  found.secret_end = found.secret_begin + secret.size();

  const std::string_view bytes = original.substr(found.secret_begin, secret.size());
  found.checksum = verify_checksum(rule.checksum, bytes);
  const bool proven = found.checksum == Checksum::valid;
  if (!proven && rule.entropy != 0 && entropy_of(bytes) <= rule.entropy) return std::optional<Match>();
  const std::string_view line = rules[index].needs_line ? line_around(text, found.begin, found.end) : match;
  const Candidate candidate{.secret = secret, .match = match, .line = line};
  TRY(const bool is_allowed, allowed(index, candidate, path, proven));
  if (is_allowed) return std::optional<Match>();
  return std::optional(found);
}

/// gitleaks runs the expression again, on the trimmed match alone, to learn its groups: without what stood around it
/// they may come out differently, or not at all.
Result<std::string_view> RuleSet::Impl::secret_in(std::uint32_t index, std::string_view match) const {
  TRY(const auto groups, rules[index].regex->groups_in(match));
  if (groups.size() < 2) return match;
  const auto wanted = static_cast<std::size_t>(file.rules[index].secret_group);
  if (wanted > 0) return wanted < groups.size() ? groups[wanted] : match;
  const auto first =
      std::find_if(groups.begin() + 1, groups.end(), [](std::string_view group) { return !group.empty(); });
  return first == groups.end() ? match : *first;
}

/// `proven`: its checksum is right, so it is no placeholder, whatever it looks like; only the user's lists can allow
/// it.
Result<bool> RuleSet::Impl::allowed(std::uint32_t index, const Candidate& candidate, std::string_view path,
                                    bool proven) const {
  for (const auto* lists_of_file : {&everywhere, &rules[index].targeted}) {
    for (const AllowlistMatcher* list : *lists_of_file) {
      TRY(const bool is_allowed, list->allows(candidate, path));
      if (is_allowed) return true;
    }
  }
  if (proven) return false;
  for (const AllowlistMatcher& list : rules[index].own) {
    TRY(const bool is_allowed, list.allows(candidate, path));
    if (is_allowed) return true;
  }
  return false;
}

/// A rule called generic gives way where another rule found the same secret, or one around it, on the same line.
void RuleSet::Impl::drop_generic(std::string_view text, std::vector<Match>& matches) const {
  const auto is_generic = [&](const Match& match) { return rules[match.rule].generic; };
  if (std::none_of(matches.begin(), matches.end(), is_generic)) return;
  if (std::all_of(matches.begin(), matches.end(), is_generic)) return;

  std::vector<Found> found;
  std::size_t line = 0;
  std::size_t counted = 0;
  for (const Match& match : matches) {
    line += static_cast<std::size_t>(std::count(text.begin() + static_cast<std::ptrdiff_t>(counted),
                                                text.begin() + static_cast<std::ptrdiff_t>(match.begin), '\n'));
    counted = match.begin;
    found.push_back({match, line});
  }
  const auto secret_of = [&](const Match& match) {
    return text.substr(match.secret_begin, match.secret_end - match.secret_begin);
  };
  matches.clear();
  for (const Found& one : found) {
    const auto same_line = std::equal_range(found.begin(), found.end(), one,
                                            [](const Found& a, const Found& b) { return a.line < b.line; });
    const bool better =
        is_generic(one.match) && std::any_of(same_line.first, same_line.second, [&](const Found& other) {
          return !is_generic(other.match) &&
                 secret_of(other.match).find(secret_of(one.match)) != std::string_view::npos;
        });
    if (!better) matches.push_back(one.match);
  }
}

Result<std::optional<RuleSet::Shape>> RuleSet::Impl::shape(std::uint32_t index, std::string_view value,
                                                           std::string_view path) const {
  const CompiledRule& rule = rules[index];
  const SearchableText searchable(value);
  if (!rule.shape) return std::optional<Shape>();
  TRY(const bool taken, rule.shape->matches_all_of(searchable.view()));
  if (!taken) return std::optional<Shape>();

  Shape shape{.rule = index, .checksum = verify_checksum(file.rules[index].checksum, value)};
  const bool proven = shape.checksum == Checksum::valid;
  // Without a checksum a value's low entropy proves nothing here: a weak password in its place is still a password.
  if (shape.checksum == Checksum::invalid) shape.allowed = entropy_of(value) <= file.rules[index].entropy;
  const Candidate candidate{.secret = searchable.view(), .match = {}, .line = {}};
  const auto ask = [&](const AllowlistMatcher& list, bool about_text) -> Result<> {
    TRY(const bool by_path, list.allows_path(path));
    if (by_path) shape.allowed = true;
    if (!about_text || !list.judges_secret()) return {};
    TRY(const bool by_value, list.allows(candidate, path));
    if (by_value) shape.allowed = true;
    return {};
  };
  for (const AllowlistMatcher* list : everywhere) TRY_VOID(ask(*list, true));
  for (const AllowlistMatcher* list : rule.targeted) TRY_VOID(ask(*list, true));
  for (const AllowlistMatcher& list : rule.own) TRY_VOID(ask(list, !proven));
  return std::optional(shape);
}

// ---- the interface ----

RuleSet::RuleSet(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
RuleSet::RuleSet(RuleSet&&) noexcept = default;
RuleSet& RuleSet::operator=(RuleSet&&) noexcept = default;
RuleSet::~RuleSet() = default;

Result<RuleSet> RuleSet::compile(RuleFile file, CompileOptions options) {
  auto impl = std::make_unique<Impl>(std::move(file), options.memory);
  if (!options.proven) TRY_VOID(impl->check());
  return RuleSet(std::move(impl));
}

std::span<const Rule> RuleSet::rules() const { return impl_->file.rules; }
const std::string& RuleSet::digest() const { return impl_->digest; }

Result<std::vector<Match>> RuleSet::match(std::string_view text, std::string_view path,
                                          std::span<const std::uint32_t> candidates) const {
  std::vector<Match> matches;
  if (candidates.empty()) return matches;
  TRY(const bool allowed, impl_->path_allowed(path));
  if (allowed) return matches;
  const SearchableText searchable(text);
  for (const std::uint32_t index : candidates) {
    if (impl_->file.rules[index].of_names) continue;
    TRY(const bool taken, impl_->takes_path(index, path));
    if (!taken) continue;
    if (impl_->rules[index].regex)
      TRY_VOID(impl_->match_rule(index, searchable.view(), text, path, matches));
    else
      matches.push_back({.rule = index});
  }
  std::stable_sort(matches.begin(), matches.end(), [](const Match& a, const Match& b) { return a.begin < b.begin; });
  impl_->drop_generic(searchable.view(), matches);
  return matches;
}

std::optional<std::uint32_t> RuleSet::named(std::string_view name) const {
  for (std::uint32_t index = 0; index < impl_->rules.size(); ++index) {
    if (!impl_->file.rules[index].of_names) continue;
    const SearchableText searchable(name);
    std::vector<Match> matches;
    if (impl_->match_rule(index, searchable.view(), name, {}, matches) && !matches.empty()) return index;
  }
  return std::nullopt;
}

std::optional<RuleSet::Shape> RuleSet::shape_of(std::string_view value, std::string_view path) const {
  for (std::uint32_t index = 0; index < impl_->rules.size(); ++index) {
    // Expressions that cannot be compiled were refused by compile(), or are ours and tested.
    if (auto shape = impl_->shape(index, value, path); shape && *shape) return *shape;
  }
  return std::nullopt;
}

}  // namespace tokensweep
