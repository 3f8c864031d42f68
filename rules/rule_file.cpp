#include "rules/rule_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <cmath>
#include <initializer_list>
#include <limits>
#include <set>

#include "base/text.hpp"
#include "formats/toml.hpp"
#include "rules/allowlist.hpp"

namespace tokensweep {

extern const std::string_view kBuiltinNpm;  // rules/builtin/npm.toml

namespace {

constexpr int kMostExtensions = 2;
constexpr std::string_view kDefaultKind = "secret";
constexpr std::size_t kMostBytes = std::size_t{16} << 20;

using KeyReader = std::function<Result<>(const toml::node& value)>;

/// A key that a table may have. Names are in lower case: gitleaks reads keys without regard to case.
struct Key {
  std::string_view name;
  KeyReader read;
};

/// Where in a file we are, for messages.
struct Place {
  std::string_view file;
  std::string subject;  // "rule acme-token", "[extend]"

  [[nodiscard]] Error fail(const toml::source_region& where, std::string_view what) const {
    const std::string in = subject.empty() ? "" : printable(subject) + ": ";
    return {ErrorKind::misconfigured, fmt::format("{}: line {}: {}{}", file, where.begin.line, in, what)};
  }
  [[nodiscard]] Error fail(const toml::node& where, std::string_view what) const { return fail(where.source(), what); }
};

Result<> read_table(const toml::table& table, const Place& place, std::initializer_list<Key> keys) {
  for (const auto& [key, value] : table) {
    const std::string name = lower_ascii(key.str());
    const auto* known = std::find_if(keys.begin(), keys.end(), [&](const Key& one) { return one.name == name; });
    if (known == keys.end()) return place.fail(key.source(), fmt::format("unknown key '{}'", printable(key.str())));
    TRY_VOID(known->read(value));
  }
  return {};
}

// ---- readers of one value: each makes a Key of a name and the variable that the value goes to ----

Key text_key(std::string_view name, const Place& place, std::string& to) {
  return {name, [name, &place, &to](const toml::node& value) -> Result<> {
            const auto* text = value.as_string();
            if (text == nullptr) return place.fail(value, fmt::format("{} must be a string", name));
            to = text->get();
            return {};
          }};
}

Key texts_key(std::string_view name, const Place& place, std::vector<std::string>& to) {
  return {name, [name, &place, &to](const toml::node& value) -> Result<> {
            const Error wrong = place.fail(value, fmt::format("{} must be an array of strings", name));
            const auto* array = value.as_array();
            if (array == nullptr) return wrong;
            for (const toml::node& element : *array) {
              const auto* text = element.as_string();
              if (text == nullptr) return wrong;
              to.push_back(text->get());
            }
            return {};
          }};
}

Key flag_key(std::string_view name, const Place& place, bool& to) {
  return {name, [name, &place, &to](const toml::node& value) -> Result<> {
            const auto* flag = value.as_boolean();
            if (flag == nullptr) return place.fail(value, fmt::format("{} must be true or false", name));
            to = flag->get();
            return {};
          }};
}

template <class Integer>
Key count_key(std::string_view name, const Place& place, Integer& to) {
  return {name, [name, &place, &to](const toml::node& value) -> Result<> {
            const auto* count = value.as_integer();
            if (count == nullptr || count->get() < 0 || count->get() > std::numeric_limits<std::int32_t>::max()) {
              return place.fail(value, fmt::format("{} must be a number of 0 or more, without a fraction", name));
            }
            to = static_cast<Integer>(count->get());
            return {};
          }};
}

Key number_key(std::string_view name, const Place& place, double& to) {
  return {name, [name, &place, &to](const toml::node& value) -> Result<> {
            const auto number = value.value<double>();
            if (!value.is_number() || !number || !std::isfinite(*number)) {
              return place.fail(value, fmt::format("{} must be a number", name));
            }
            to = *number;
            return {};
          }};
}

Key table_key(std::string_view name, const Place& place, std::function<Result<>(const toml::table&)> read) {
  return {name, [name, &place, read = std::move(read)](const toml::node& value) -> Result<> {
            const auto* table = value.as_table();
            if (table == nullptr) return place.fail(value, fmt::format("{} must be a table", name));
            return read(*table);
          }};
}

Key tables_key(std::string_view name, const Place& place, std::function<Result<>(const toml::table&)> read) {
  return {name, [name, &place, read = std::move(read)](const toml::node& value) -> Result<> {
            const Error wrong = place.fail(value, fmt::format("{} must be an array of tables", name));
            const auto* array = value.as_array();
            if (array == nullptr) return wrong;
            for (const toml::node& element : *array) {
              const auto* table = element.as_table();
              if (table == nullptr) return wrong;
              TRY_VOID(read(*table));
            }
            return {};
          }};
}

Key unsupported_key(std::string_view name, const Place& place, std::string_view why) {
  return {name, [name, &place, why](const toml::node& value) -> Result<> {
            return place.fail(value, fmt::format("{} is not supported: {}", name, why));
          }};
}

// ---- the tables of a rule file ----

/// One file as it stands, before what it extends is merged in.
struct ParsedFile {
  RuleFile file;
  bool use_default = false;
  std::string path;
  std::vector<std::string> disabled;
};

Result<> read_condition(const std::string& text, const toml::table& table, const Place& place, bool& all_conditions) {
  const std::string condition = lower_ascii(text);
  all_conditions = condition == "and" || condition == "&&";
  if (all_conditions || condition.empty() || condition == "or" || condition == "||") return {};
  return place.fail(table, "condition must be OR or AND");
}

Result<> read_target(const std::string& text, const toml::table& table, const Place& place, AllowTarget& target) {
  if (text.empty() || text == "secret")
    target = AllowTarget::secret;
  else if (text == "match")
    target = AllowTarget::match;
  else if (text == "line")
    target = AllowTarget::line;
  else
    return place.fail(table, "regexTarget must be secret, match or line");
  return {};
}

/// `global`: a list of the file, which may name the rules that it is for.
Result<> read_allowlist(const toml::table& table, const Place& place, bool global, std::vector<Allowlist>& to) {
  Allowlist list;
  std::string condition;
  std::string target;
  std::vector<std::string> commits;
  std::vector<std::string> targets;
  const Key target_rules = global ? texts_key("targetrules", place, list.target_rules)
                                  : unsupported_key("targetrules", place, "a rule's own list is for that rule");
  TRY_VOID(read_table(table, place,
                      {text_key("description", place, list.description), text_key("condition", place, condition),
                       texts_key("commits", place, commits), texts_key("paths", place, list.paths),
                       text_key("regextarget", place, target), texts_key("regexes", place, list.regexes),
                       texts_key("stopwords", place, list.stopwords), target_rules}));
  TRY_VOID(read_condition(condition, table, place, list.all_conditions));
  TRY_VOID(read_target(target, table, place, list.target));
  if (commits.empty() && list.paths.empty() && list.regexes.empty() && list.stopwords.empty()) {
    return place.fail(table, "an allow list must have paths, regexes or stopwords");
  }
  // No text that we look at belongs to a commit, so a list that asks for one as well never allows.
  const bool never = !commits.empty() &&
                     (list.all_conditions || (list.paths.empty() && list.regexes.empty() && list.stopwords.empty()));
  if (!never) to.push_back(std::move(list));
  return {};
}

Result<> read_checksum(const std::string& text, const toml::table& table, const Place& place, ChecksumKind& checksum) {
  if (text == "crc32-base62")
    checksum = ChecksumKind::crc32_base62;
  else if (!text.empty())
    return place.fail(table, "checksum must be crc32-base62");
  return {};
}

Result<> read_extension(const toml::table& table, const Place& place, Rule& rule) {
  std::string checksum;
  TRY_VOID(read_table(
      table, place,
      {text_key("kind", place, rule.kind), text_key("checksum", place, checksum),
       texts_key("literals", place, rule.literals), count_key("max_length", place, rule.max_length),
       texts_key("encoded", place, rule.encoded), count_key("base64_layers", place, rule.base64_layers),
       count_key("max_lead", place, rule.max_lead), flag_key("single_line", place, rule.single_line),
       text_key("shape", place, rule.shape), flag_key("of_names", place, rule.of_names),
       texts_key("examples", place, rule.examples), texts_key("counterexamples", place, rule.counterexamples)}));
  const bool short_literal = std::any_of(rule.literals.begin(), rule.literals.end(),
                                         [](const std::string& literal) { return literal.size() < kShortestLiteral; });
  if (rule.base64_layers > kMostBase64Layers) return place.fail(table, "base64_layers must be 2 at most");
  if (short_literal) return place.fail(table, fmt::format("literals must have {} bytes or more", kShortestLiteral));
  return read_checksum(checksum, table, place, rule.checksum);
}

/// A rule's id, wherever in its table it stands: every message about the rule names it.
Result<std::string> read_id(const toml::table& table, Place& place) {
  for (const auto& [key, value] : table) {
    if (lower_ascii(key.str()) != "id") continue;
    const auto* id = value.as_string();
    if (id == nullptr) return place.fail(value, "id must be a string");
    if (id->get().find_first_not_of(" \t\r\n") == std::string::npos) break;
    place.subject = "rule " + id->get();
    return id->get();
  }
  return place.fail(table, "a rule without an id");
}

Result<> read_rule(const toml::table& table, Place place, std::vector<Rule>& to) {
  Rule rule;
  TRY(rule.id, read_id(table, place));
  std::string id;
  bool skip_report = false;
  std::vector<Allowlist> old_style;
  const auto into = [&place](std::vector<Allowlist>& lists) {
    return [&place, &lists](const toml::table& one) { return read_allowlist(one, place, false, lists); };
  };
  TRY_VOID(read_table(
      table, place,
      {text_key("id", place, id), text_key("description", place, rule.description),
       text_key("regex", place, rule.regex), text_key("path", place, rule.path),
       count_key("secretgroup", place, rule.secret_group), number_key("entropy", place, rule.entropy),
       texts_key("keywords", place, rule.keywords), texts_key("tags", place, rule.tags),
       flag_key("skipreport", place, skip_report), tables_key("allowlists", place, into(rule.allowlists)),
       table_key("allowlist", place, into(old_style)),
       unsupported_key("required", place, "rules are matched one by one"),
       table_key("tokensweep", place, [&](const toml::table& one) { return read_extension(one, place, rule); })}));
  if (skip_report) return place.fail(table, "skipReport is not supported: it only serves required");
  if (!old_style.empty() && !rule.allowlists.empty()) {
    return place.fail(table, "[rules.allowlist] cannot be used alongside [[rules.allowlists]]");
  }
  rule.allowlists.insert(rule.allowlists.end(), old_style.begin(), old_style.end());
  std::transform(rule.keywords.begin(), rule.keywords.end(), rule.keywords.begin(), lower_ascii);
  const bool known = std::any_of(to.begin(), to.end(), [&](const Rule& other) { return other.id == rule.id; });
  if (known) return place.fail(table, "defined twice");
  to.push_back(std::move(rule));
  return {};
}

Result<> read_extend(const toml::table& table, std::string_view file, ParsedFile& parsed) {
  const Place place{file, "[extend]"};
  TRY_VOID(read_table(table, place,
                      {flag_key("usedefault", place, parsed.use_default), text_key("path", place, parsed.path),
                       texts_key("disabledrules", place, parsed.disabled),
                       unsupported_key("url", place, "rules are not fetched, download the file and use path")}));
  if (parsed.use_default && !parsed.path.empty()) return place.fail(table, "useDefault and path exclude each other");
  return {};
}

Result<ParsedFile> read_file_table(const toml::table& table, std::string_view name) {
  ParsedFile parsed;
  const Place place{name, ""};
  const Place lists{name, "allow list"};
  std::string description;
  std::string version;
  std::vector<Allowlist> old_style;
  const auto into = [&lists](std::vector<Allowlist>& to) {
    return [&lists, &to](const toml::table& one) { return read_allowlist(one, lists, true, to); };
  };
  TRY_VOID(read_table(
      table, place,
      {text_key("title", place, parsed.file.title), text_key("description", place, description),
       text_key("minversion", place, version),  // gitleaks itself only warns
       table_key("extend", place, [&](const toml::table& one) { return read_extend(one, name, parsed); }),
       tables_key("rules", place, [&](const toml::table& one) { return read_rule(one, place, parsed.file.rules); }),
       tables_key("allowlists", place, into(parsed.file.allowlists)), table_key("allowlist", place, into(old_style))}));
  if (!old_style.empty() && !parsed.file.allowlists.empty()) {
    return place.fail(table, "[allowlist] cannot be used alongside [[allowlists]]");
  }
  parsed.file.allowlists.insert(parsed.file.allowlists.end(), old_style.begin(), old_style.end());
  return parsed;
}

// ---- what a file extends ----

template <class T>
void append(std::vector<T>& to, std::vector<T>& from) {
  std::move(from.begin(), from.end(), std::back_inserter(to));
}

void override_with(Rule& base, Rule& own) {
  const auto text = [](std::string& to, std::string& from) {
    if (!from.empty()) to = std::move(from);
  };
  if (!own.regex.empty())
    base.literals.clear(), base.encoded.clear(), base.examples.clear(), base.counterexamples.clear(),
        base.max_length = 0;
  text(base.regex, own.regex);
  text(base.description, own.description);
  text(base.path, own.path);
  text(base.kind, own.kind);
  text(base.shape, own.shape);
  if (own.entropy != 0) base.entropy = own.entropy;
  if (own.secret_group != 0) base.secret_group = own.secret_group;
  if (own.checksum != ChecksumKind::none) base.checksum = own.checksum;
  if (own.max_length != 0)
    base.max_length = own.max_length, base.max_lead = own.max_lead, base.single_line = own.single_line;
  if (!own.literals.empty()) base.literals = std::move(own.literals), base.encoded = std::move(own.encoded);
  append(base.tags, own.tags);
  append(base.keywords, own.keywords);
  append(base.allowlists, own.allowlists);
  append(base.examples, own.examples);
  append(base.counterexamples, own.counterexamples);
}

/// Takes a rule out of the lists that are for it. A list that was for no other goes: without targets it would be for
/// all.
void forget_target(std::vector<Allowlist>& lists, const std::string& id) {
  std::erase_if(lists,
                [&](Allowlist& list) { return std::erase(list.target_rules, id) != 0 && list.target_rules.empty(); });
}

Result<> extend(ParsedFile& parsed, RuleFile base, std::string_view name) {
  std::vector<Rule>& inherited = base.rules;
  for (const std::string& id : parsed.disabled) {
    forget_target(base.allowlists, id);
    if (std::erase_if(inherited, [&](const Rule& rule) { return rule.id == id; }) == 0) {
      return Error{
          ErrorKind::misconfigured,
          fmt::format("{}: [extend]: disabledRules names {}, which is no inherited rule", name, printable(id))};
    }
  }
  std::vector<Rule> fresh;
  for (Rule& own : parsed.file.rules) {
    const auto same =
        std::find_if(inherited.begin(), inherited.end(), [&](const Rule& rule) { return rule.id == own.id; });
    if (same == inherited.end())
      fresh.push_back(std::move(own));
    else
      override_with(*same, own);
  }
  append(fresh, inherited);
  parsed.file.rules = std::move(fresh);
  append(parsed.file.allowlists, base.allowlists);
  return {};
}

Result<RuleFile> parse_extended(std::string_view text, std::string_view name, const ReadFile& read_file, int depth) {
  if (text.size() > kMostBytes) return Error{ErrorKind::misconfigured, fmt::format("{}: more than 16 MiB", name)};
  if (has_overlong_keys(text)) return Error{ErrorKind::misconfigured, fmt::format("{}: a key of too many parts", name)};
  const toml::parse_result toml = toml::parse(text);
  if (!toml) {
    // Not toml++'s own words: they may quote the file.
    const toml::source_position at = toml.error().source().begin;
    return Error{ErrorKind::misconfigured,
                 fmt::format("{}: line {}, column {}: not valid TOML", name, at.line, at.column)};
  }
  TRY(ParsedFile parsed, read_file_table(toml.table(), name));
  if (parsed.use_default) TRY_VOID(extend(parsed, builtin_rules(), name));
  if (!parsed.path.empty()) {
    const std::string place = fmt::format("{}: [extend] path", name);
    if (depth == kMostExtensions) return Error{ErrorKind::misconfigured, place + ": more than two files deep"};
    auto content = read_file(parsed.path);
    if (!content) return std::move(content).error().within(place);
    TRY(RuleFile base, parse_extended(*content, printable(parsed.path), read_file, depth + 1));
    TRY_VOID(extend(parsed, std::move(base), name));
  } else if (!parsed.use_default && !parsed.disabled.empty()) {
    return Error{ErrorKind::misconfigured, fmt::format("{}: [extend]: disabledRules without useDefault or path", name)};
  }
  return std::move(parsed.file);
}

/// What can only be judged once every file is merged.
Result<> validate(RuleFile& file, std::string_view name) {
  std::set<std::string_view> ids;
  for (Rule& rule : file.rules) {
    if (rule.regex.empty() && rule.path.empty()) {
      return Error{ErrorKind::misconfigured,
                   fmt::format("{}: rule {}: neither regex nor path", name, printable(rule.id))};
    }
    if (rule.kind.empty()) rule.kind = kDefaultKind;
    ids.insert(rule.id);
  }
  for (const Allowlist& list : file.allowlists) {
    for (const std::string& id : list.target_rules) {
      if (ids.contains(id)) continue;
      return Error{ErrorKind::misconfigured,
                   fmt::format("{}: allow list: targetRules names {}, which is no rule", name, printable(id))};
    }
  }
  return {};
}

}  // namespace

Result<RuleFile> parse_rule_file(std::string_view text, std::string_view name, const ReadFile& read_file) {
  TRY(RuleFile file, parse_extended(text, name, read_file, 0));
  TRY_VOID(validate(file, name));
  return file;
}

const RuleFile& builtin_rules() {
  static const RuleFile kRules = [] {
    const ReadFile none = [](const std::string&) -> Result<std::string> {
      return Error{ErrorKind::internal, "no files"};
    };
    auto parsed = parse_rule_file(kBuiltinNpm, "built-in rules", none);
    assert(parsed);  // tests/rules parses the same text
    return std::move(*parsed);
  }();
  return kRules;
}

}  // namespace tokensweep
