#include "scanner/settings_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <utility>
#include <vector>

#include "base/text.hpp"
#include "formats/toml.hpp"
#include "scanner/suggest.hpp"

namespace tokensweep {
namespace {

constexpr std::size_t kMostBytes = std::size_t{1} << 20U;
constexpr double kHighestRate = 1'000'000;

int line_of(const toml::source_region& source) { return static_cast<int>(source.begin.line); }
int line_of(const toml::node& node) { return line_of(node.source()); }

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Whether a key may be repeated: too short and too plain to be a secret.
bool may_be_shown(std::string_view key) {
  constexpr std::size_t kLongest = 24;
  return !key.empty() && key.size() <= kLongest &&
         std::all_of(key.begin(), key.end(), [](char c) { return is_letter(c) || c == '_' || c == '-'; });
}

/// Whether a key that nobody knows is meant to hold a secret's value.
bool is_for_a_secret(std::string_view key) {
  constexpr std::array<std::string_view, 12> kWords = {"token",      "tokens",      "password",   "passwd",
                                                       "passphrase", "secret",      "credential", "auth",
                                                       "authtoken",  "credentials", "apikey",     "pat"};
  constexpr std::array<std::string_view, 3> kOfKeys = {"api", "access", "private"};  // with "key" behind it
  const auto is_one_of = [](const auto& words, std::string_view word) {
    return std::find(words.begin(), words.end(), word) != words.end();
  };
  std::string before;
  std::string word;
  bool found = false;
  const auto end_word = [&] {
    found = found || is_one_of(kWords, word) || (word == "key" && is_one_of(kOfKeys, before));
    before = std::exchange(word, {});
  };
  for (const char c : key) {
    if (!is_letter(c) && !is_digit(c)) {
      end_word();
      continue;
    }
    word.push_back(c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c);
  }
  end_word();
  return found;
}

bool has_control_character(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) { return (c >= 0 && c < ' ') || c == '\x7F'; });
}

/// In words, what a key's value has to be.
std::string expected(const KeySpec& key, const std::string& name) {
  switch (key.kind) {
    case KeyKind::text:
      return "a string, not empty";
    case KeyKind::texts:
      return "an array of strings, neither it nor one of them empty";
    case KeyKind::path:
      return "a path: a string, not empty";
    case KeyKind::paths:
      return "an array of paths, neither it nor one of them empty";
    case KeyKind::flag:
      return "true or false";
    case KeyKind::count:
      return fmt::format("a whole number from {} to {}", key.least, key.most);
    case KeyKind::rate:
      return "a number of requests a second above 0, or \"service\"";
    case KeyKind::date:
      return "a day that exists, such as 2027-03-31, without quotes";
    case KeyKind::url:
      return "an address that begins with http:// or https://, without user and password";
    case KeyKind::proxy:
      return "an address that begins with http:// or socks5://, without user and password";
    case KeyKind::variable:
      return "the name of an environment variable, such as GH_TOKEN";
    case KeyKind::command:
      return "a program and its arguments, an array of strings";
    case KeyKind::table:
      return fmt::format("a table, [{}]", name);
    case KeyKind::tables:
    case KeyKind::typed:
      return fmt::format("an array of tables, [[{}]] each", name);
  }
  return {};
}

std::optional<std::string> text_in(const toml::node& value) {
  const auto* text = value.as_string();
  if (text == nullptr || text->get().empty() || has_control_character(text->get())) return std::nullopt;
  return text->get();
}

std::optional<std::vector<std::string>> texts_in(const toml::node& value) {
  const auto* array = value.as_array();
  if (array == nullptr || array->empty()) return std::nullopt;
  std::vector<std::string> texts;
  for (const toml::node& element : *array) {
    auto text = text_in(element);
    if (!text) return std::nullopt;
    texts.push_back(std::move(*text));
  }
  return texts;
}

std::optional<double> rate_in(const toml::node& value) {
  if (const auto* word = value.as_string(); word != nullptr && word->get() == "service") return 0;
  const auto number = value.is_number() ? value.value<double>() : std::nullopt;
  if (!number || !std::isfinite(*number) || *number <= 0 || *number > kHighestRate) return std::nullopt;
  return number;
}

std::optional<Date> date_in(const toml::node& value) {
  const auto* date = value.as_date();
  if (date == nullptr) return std::nullopt;
  const std::chrono::year_month_day day{std::chrono::year{date->get().year}, std::chrono::month{date->get().month},
                                        std::chrono::day{date->get().day}};
  if (!day.ok()) return std::nullopt;
  return Date{day};
}

/// `other_scheme` beside http://.
std::optional<std::string> address_in(const toml::node& value, std::string_view other_scheme) {
  auto url = text_in(value);
  if (!url || !(url->starts_with("http://") || url->starts_with(other_scheme))) return std::nullopt;
  const bool has_user = url->find('@') != std::string::npos;
  if (has_user || url->ends_with("//") || url->find(' ') != std::string::npos) return std::nullopt;
  return url;
}

std::optional<std::string> variable_in(const toml::node& value) {
  auto name = text_in(value);
  if (!name || is_digit(name->front())) return std::nullopt;
  const bool plain =
      std::all_of(name->begin(), name->end(), [](char c) { return is_letter(c) || is_digit(c) || c == '_'; });
  return plain ? name : std::nullopt;
}

/// The keys that one table may have.
using Keys = std::vector<const KeySpec*>;

void append(Keys& to, std::span<const KeySpec> keys) {
  for (const KeySpec& key : keys) to.push_back(&key);
}

std::vector<std::string> names_of(const Keys& keys) {
  std::vector<std::string> names;
  for (const KeySpec* key : keys) names.emplace_back(key->name);
  return names;
}

/// A key where it was met.
struct Met {
  const KeySpec& key;
  std::string name;  // with the tables that it stands in
  int line;
};

/// Goes through the tables of one file.
class Reader {
 public:
  Reader(const PathBase& base, Problems& problems) : base_(base), problems_(problems) {}

  /// `prefix` is put in front of the keys' names, `place` is what messages call the table.
  void read(const toml::table& table, const Keys& keys, const std::string& prefix, const std::string& place,
            Settings& to);

 private:
  void unknown(const toml::key& key, const Keys& keys, const std::string& place);
  void read_key(const Met& met, const toml::node& value, Settings& to);
  std::optional<SettingValue> value_of(const Met& met, const toml::node& value);
  std::optional<std::string> path_in(const Met& met, std::string text);
  std::optional<std::vector<std::string>> paths_in(const Met& met, const toml::node& value);
  std::optional<std::vector<std::string>> command_in(const Met& met, const toml::node& value);
  std::optional<std::vector<Settings>> tables_in(const Met& met, const toml::node& value);
  std::optional<Settings> typed(const KeySpec& key, const toml::table& table);
  void check_presence(const Keys& keys, const std::string& prefix, const std::string& place, int line,
                      const Settings& settings);
  std::optional<std::string> refuse(int line, std::string what) {
    problems_.add(line, std::move(what));
    return std::nullopt;
  }

  const PathBase& base_;
  Problems& problems_;
};

void Reader::read(const toml::table& table, const Keys& keys, const std::string& prefix, const std::string& place,
                  Settings& to) {
  const std::size_t problems_before = problems_.count();
  for (const auto& [key, value] : table) {
    const auto known =
        std::find_if(keys.begin(), keys.end(), [&key = key](const KeySpec* one) { return one->name == key.str(); });
    if (known == keys.end()) {
      unknown(key, keys, place);
    } else {
      read_key({**known, prefix + std::string(key.str()), line_of(key.source())}, value, to);
    }
  }
  // A key that is misspelt is missing as well, and stands further down.
  if (problems_.count() == problems_before) check_presence(keys, prefix, place, line_of(table), to);
}

void Reader::unknown(const toml::key& key, const Keys& keys, const std::string& place) {
  const int line = line_of(key.source());
  if (is_for_a_secret(key.str())) {
    return problems_.add(line,
                         "no key takes a secret's value: say where it is, by token_env, token_file or token_command of "
                         "the source that needs it");
  }
  const std::vector<std::string> names = names_of(keys);
  const std::string meant = nearest(key.str(), names);
  problems_.add(line, fmt::format("unknown key{}{}: {} takes {}",
                                  may_be_shown(key.str()) ? fmt::format(" '{}'", key.str()) : std::string(),
                                  meant.empty() ? "" : fmt::format(", perhaps {}", meant), place, listed(names)));
}

void Reader::read_key(const Met& met, const toml::node& value, Settings& to) {
  if (met.key.kind == KeyKind::table && value.is_table()) {
    Keys keys;
    append(keys, met.key.keys);
    to.add({.name = met.name, .value = true, .line = met.line});
    return read(*value.as_table(), keys, met.name + ".", fmt::format("[{}]", met.name), to);
  }
  const std::size_t problems_before = problems_.count();
  if (auto fine = value_of(met, value)) {
    to.add({.name = met.name, .value = std::move(*fine), .line = met.line});
    return;
  }
  if (problems_.count() > problems_before) return;
  problems_.add(met.line, fmt::format("{} has to be {}", met.name, expected(met.key, met.name)));
}

template <class T>
std::optional<SettingValue> wrapped(std::optional<T> value) {
  if (!value) return std::nullopt;
  return SettingValue(std::move(*value));
}

std::optional<SettingValue> Reader::value_of(const Met& met, const toml::node& value) {
  const KeySpec& key = met.key;
  switch (key.kind) {
    case KeyKind::text:
      return wrapped(text_in(value));
    case KeyKind::texts:
      return wrapped(texts_in(value));
    case KeyKind::path:
      if (auto text = text_in(value)) return wrapped(path_in(met, std::move(*text)));
      return std::nullopt;
    case KeyKind::paths:
      return wrapped(paths_in(met, value));
    case KeyKind::flag:
      return wrapped(value.is_boolean() ? value.value<bool>() : std::nullopt);
    case KeyKind::count: {
      const auto number = value.is_integer() ? value.value<std::int64_t>() : std::nullopt;
      return wrapped(number && *number >= key.least && *number <= key.most ? number : std::nullopt);
    }
    case KeyKind::rate:
      return wrapped(rate_in(value));
    case KeyKind::date:
      return wrapped(date_in(value));
    case KeyKind::url:
      return wrapped(address_in(value, "https://"));
    case KeyKind::proxy:
      return wrapped(address_in(value, "socks5://"));
    case KeyKind::variable:
      return wrapped(variable_in(value));
    case KeyKind::command:
      return wrapped(command_in(met, value));
    case KeyKind::table:
      return std::nullopt;
    case KeyKind::tables:
    case KeyKind::typed:
      return wrapped(tables_in(met, value));
  }
  return std::nullopt;
}

/// The path that a text stands for. What a shell would expand, and we do not, is refused and not taken as a name.
std::optional<std::string> Reader::path_in(const Met& met, std::string text) {
  if (text.find("${") != std::string::npos) {
    return refuse(met.line, fmt::format("{} holds ${{, and nothing is expanded here: write it out, or begin it with ~/",
                                        met.name));
  }
  std::filesystem::path path = text;
  if (text == "~" || text.starts_with("~/")) {
    if (!base_.home) return refuse(met.line, fmt::format("{} begins with ~, and HOME is not set", met.name));
    path = std::filesystem::path(*base_.home) / text.substr(std::min<std::size_t>(2, text.size()));
  } else if (text.front() == '~') {
    return refuse(met.line,
                  fmt::format("{} begins with ~ and a name: only ~/ is known, the home that HOME names; a file "
                              "of such a name is ./~…",
                              met.name));
  }
  return (base_.directory / path).lexically_normal().native();
}

std::optional<std::vector<std::string>> Reader::paths_in(const Met& met, const toml::node& value) {
  auto paths = texts_in(value);
  if (!paths) return std::nullopt;
  for (std::string& path : *paths) {
    auto resolved = path_in(met, path);
    if (!resolved) return std::nullopt;
    path = std::move(*resolved);
  }
  return paths;
}

/// The program is a path where it holds a slash, and is looked for in PATH else; its arguments stay as they are.
std::optional<std::vector<std::string>> Reader::command_in(const Met& met, const toml::node& value) {
  auto words = texts_in(value);
  if (!words || words->front().find('/') == std::string::npos) return words;
  auto program = path_in(met, words->front());
  if (!program) return std::nullopt;
  // Without a directory in front, the program beside a file in the working directory would be looked for in PATH.
  words->front() = program->find('/') == std::string::npos ? "./" + *program : std::move(*program);
  return words;
}

std::optional<std::vector<Settings>> Reader::tables_in(const Met& met, const toml::node& value) {
  const auto* array = value.as_array();
  if (array == nullptr || array->empty() || !array->is_homogeneous(toml::node_type::table)) return std::nullopt;
  std::vector<Settings> all;
  for (const toml::node& element : *array) {
    const toml::table& table = *element.as_table();
    if (met.key.kind == KeyKind::typed) {
      if (auto one = typed(met.key, table)) all.push_back(std::move(*one));
      continue;
    }
    Keys keys;
    append(keys, met.key.keys);
    Settings one(line_of(table));
    read(table, keys, "", fmt::format("a [[{}]]", met.name), one);
    all.push_back(std::move(one));
  }
  return all;
}

/// A table whose keys depend on its `type`. Without a type that is known, its other keys cannot be judged.
std::optional<Settings> Reader::typed(const KeySpec& key, const toml::table& table) {
  std::vector<std::string> built;
  std::vector<std::string> all;
  for (const TypeSpec& type : key.types) {
    all.emplace_back(type.id);
    if (type.is_built()) built.emplace_back(type.id);
  }
  const toml::node* value = table.get("type");
  if (value == nullptr) {
    problems_.add(line_of(table), fmt::format("a {} needs type: {}", key.name, listed(built, "or")));
    return std::nullopt;
  }
  const auto id = text_in(*value).value_or("");
  const auto type = std::find_if(key.types.begin(), key.types.end(), [&](const TypeSpec& one) { return one.id == id; });
  if (type == key.types.end()) {
    const std::string meant = nearest(id, all);
    problems_.add(line_of(*value),
                  fmt::format("unknown type{}: known {} {}", meant.empty() ? "" : fmt::format(", perhaps {}", meant),
                              built.size() == 1 ? "is" : "are", listed(built)));
    return std::nullopt;
  }
  if (!type->is_built()) {
    problems_.add(line_of(*value),
                  fmt::format("this build has no connector for {}, only for {}", type->id, listed(built)));
    return std::nullopt;
  }
  Keys keys;
  for (const auto& group : {key.keys, type->keys, type->network, type->credential}) append(keys, group);
  Settings settings(line_of(table));
  read(table, keys, "", fmt::format("a {} {}", type->id, key.name), settings);
  return settings;
}

/// Whether what has to be there is, and whether nothing that excludes each other is.
void Reader::check_presence(const Keys& keys, const std::string& prefix, const std::string& place, int line,
                            const Settings& settings) {
  const auto is_there = [&](const KeySpec* key) { return settings.has(prefix + std::string(key->name)); };
  const auto line_there = [&](const KeySpec* key) { return settings.line_of(prefix + std::string(key->name)); };
  std::map<std::string_view, Keys> groups;
  for (const KeySpec* key : keys) {
    if (!key->one_of.empty()) {
      groups[key->one_of].push_back(key);
    } else if (key->required && !is_there(key)) {
      problems_.add(line, fmt::format("{} needs {}: {}", place, key->name, key->summary));
    }
  }
  for (const auto& [group, members] : groups) {
    Keys there;
    std::copy_if(members.begin(), members.end(), std::back_inserter(there), is_there);
    std::sort(there.begin(), there.end(), [&](auto* a, auto* b) { return line_there(a) < line_there(b); });
    if (there.size() > 1) {
      problems_.add(line_there(there[1]), fmt::format("{} and {} (line {}) exclude each other: keep one",
                                                      there[1]->name, there[0]->name, line_there(there[0])));
    } else if (there.empty() && members.front()->required) {
      problems_.add(line, fmt::format("{} needs {}", place, listed(names_of(members), "or")));
    }
  }
}

}  // namespace

void Problems::add(int line, std::string what) {
  ++count_;
  if (first_ && first_->line <= line) return;
  first_ = {line, std::move(what)};
}

Error Problems::first() const {
  return {ErrorKind::misconfigured, fmt::format("{}:{}: {}", file_, first_->line, first_->what)};
}

Settings read_settings(std::string_view text, std::span<const KeySpec> keys, const PathBase& base, Problems& problems) {
  Settings settings(1);
  if (text.size() > kMostBytes) return problems.add(1, "larger than 1 MiB: no configuration"), settings;
  if (has_overlong_keys(text)) return problems.add(1, "a key of too many parts"), settings;
  const toml::parse_result toml = toml::parse(text);
  if (!toml) {
    // Not toml++'s own words: they may quote the file.
    const toml::source_position at = toml.error().source().begin;
    problems.add(static_cast<int>(at.line), fmt::format("not valid TOML at column {}", at.column));
    return settings;
  }
  Keys top;
  append(top, keys);
  Reader(base, problems).read(toml.table(), top, "", "the file", settings);
  return settings;
}

std::string listed(std::span<const std::string> words, std::string_view last_joint) {
  std::string out;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) out += i + 1 == words.size() ? fmt::format(" {} ", last_joint) : std::string(", ");
    out += words[i];
  }
  return out;
}

}  // namespace tokensweep
