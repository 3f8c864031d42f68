#include "formats/npm_token_list.hpp"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

#include "base/time.hpp"
#include "formats/layers.hpp"
#include "formats/npm_output.hpp"

namespace tokensweep {
namespace {

using boost::json::array;
using boost::json::object;
using boost::json::value;

constexpr std::string_view kCommand = "npm token list --json";
constexpr std::size_t kMostShown = 16;  // of a token: npm shows 12
constexpr Date kLastClassicDay = std::chrono::year(2025) / 11 / 5;

Error malformed(std::string what) { return {ErrorKind::malformed, std::move(what)}; }

Error unexpected(std::string_view field, std::string_view expected) {
  return malformed(std::string(field) + ": expected " + std::string(expected));
}

std::string_view view(const boost::json::string& text) { return {text.data(), text.size()}; }

/// A field that is there and not null.
const value* field_of(const object& element, std::string_view name) {
  const value* field = element.if_contains({name.data(), name.size()});
  return field == nullptr || field->is_null() ? nullptr : field;
}

Result<std::string> text_in(const value& field) {
  if (!field.is_string()) return malformed("expected a text");
  std::string text(view(field.get_string()));
  if (holds_npm_token(text)) return malformed("holds a whole token, as no list of npm's does");
  return text;
}

/// Empty where it is absent.
Result<std::string> text_of(const object& element, std::string_view name) {
  const value* field = field_of(element, name);
  if (field == nullptr) return std::string();
  auto text = text_in(*field);
  if (!text) return std::move(text).error().within(name);
  return text;
}

Result<std::optional<bool>> flag_of(const object& element, std::string_view name) {
  const value* field = field_of(element, name);
  if (field == nullptr) return std::optional<bool>();
  if (!field->is_bool()) return unexpected(name, "true or false");
  return std::optional(field->get_bool());
}

/// A time as a text, as npm spells it, or as milliseconds since 1970, as verdaccio did until 2025.
std::optional<Time> time_in(const value& field) {
  if (const auto* text = field.if_string()) return parse_time(view(*text));
  constexpr std::int64_t kYear10000 = 253'402'300'800'000;
  const auto* milliseconds = field.if_int64();
  if (milliseconds == nullptr || *milliseconds < 0 || *milliseconds >= kYear10000) return std::nullopt;
  return std::chrono::floor<std::chrono::seconds>(
      std::chrono::sys_time<std::chrono::milliseconds>(std::chrono::milliseconds(*milliseconds)));
}

Result<std::optional<Time>> time_of(const object& element, std::string_view name) {
  const value* field = field_of(element, name);
  if (field == nullptr) return std::optional<Time>();
  const auto time = time_in(*field);
  if (!time) return unexpected(name, "a time such as 2026-11-22T05:40:38.000Z");
  return time;
}

/// A list of things, each read by `read_one`; absent: an empty one.
template <class T>
Result<std::vector<T>> list_of(const object& element, std::string_view name, std::string_view expected,
                               Result<T> (*read_one)(const value&)) {
  std::vector<T> list;
  const value* field = field_of(element, name);
  if (field == nullptr) return list;
  if (!field->is_array()) return unexpected(name, expected);
  for (const value& entry : field->get_array()) {
    auto one = read_one(entry);
    if (!one) return std::move(one).error().within(std::string(name) + " " + std::to_string(list.size() + 1));
    list.push_back(std::move(*one));
  }
  return list;
}

Result<std::vector<std::string>> ip_ranges_of(const object& element) {
  TRY(std::vector<std::string> ranges, list_of(element, "cidr", "a list of texts", text_in));
  TRY(const std::vector<std::string> older, list_of(element, "cidr_whitelist", "a list of texts", text_in));
  for (const std::string& range : older) {
    if (std::ranges::find(ranges, range) == ranges.end()) ranges.push_back(range);
  }
  return ranges;
}

struct Permission {
  std::string on;
  std::string action;
};

Result<Permission> permission_in(const value& entry) {
  if (!entry.is_object()) return malformed("expected an object");
  TRY(std::string on, text_of(entry.get_object(), "name"));
  TRY(std::string action, text_of(entry.get_object(), "action"));
  return Permission{std::move(on), std::move(action)};
}

/// A scope as it is listed: its type may be one that we do not know.
struct ListedScope {
  std::optional<RegistryScope::Type> type;
  std::string name;
};

std::optional<RegistryScope::Type> scope_type(std::string_view word, std::string_view name) {
  using Type = RegistryScope::Type;
  const bool is_scope = name.starts_with('@') && name.find('/') == std::string_view::npos;
  if (word == "package") return is_scope ? Type::scope : Type::package;
  if (word == "scope") return Type::scope;
  if (word == "org" || word == "organization") return Type::organisation;
  return std::nullopt;
}

Result<ListedScope> scope_in(const value& entry) {
  if (!entry.is_object()) return malformed("expected an object");
  TRY(const std::string word, text_of(entry.get_object(), "type"));
  TRY(std::string name, text_of(entry.get_object(), "name"));
  const auto type = scope_type(word, name);
  if (type == RegistryScope::Type::scope && !name.starts_with('@') && name != "*") name.insert(0, "@");
  if (type == RegistryScope::Type::organisation && name.starts_with('@')) name.erase(0, 1);
  return ListedScope{type, std::move(name)};
}

PackageAccess access_in(std::string_view word) {
  struct Word {
    std::string_view spelling;
    PackageAccess access;
  };
  using enum PackageAccess;
  constexpr std::array<Word, 9> kWords = {{{"read", read},
                                           {"read-only", read},
                                           {"write", write},
                                           {"read-write", write},
                                           {"stage", stage},
                                           {"stage-only", stage},
                                           {"read-write-stage-only", stage},
                                           {"none", none},
                                           {"no-access", none}}};
  const auto* known = std::ranges::find(kWords, word, &Word::spelling);
  return known == kWords.end() ? unknown : known->access;
}

/// How much somebody has to fear of an access; what we do not know may be staging, but not less.
int strength(PackageAccess access) {
  using enum PackageAccess;
  constexpr std::array kWeakestFirst = {none, read, stage, unknown, write};
  return static_cast<int>(std::ranges::find(kWeakestFirst, access) - kWeakestFirst.begin());
}

PackageAccess access_by(const std::vector<Permission>& permissions) {
  std::optional<PackageAccess> strongest;
  bool all_known = !permissions.empty();
  for (const auto& [on, action] : permissions) {
    if (on == "package" || on == "packages") {
      const PackageAccess access = access_in(action);
      if (!strongest || strength(access) > strength(*strongest)) strongest = access;
    } else if (on != "org" && on != "orgs" && on != "organization") {
      all_known = false;
    }
  }
  if (strongest) return *strongest;
  return all_known ? PackageAccess::none : PackageAccess::unknown;
}

/// Reads one element into one token; a step for each group of fields.
class TokenReader {
 public:
  TokenReader(const object& element, std::string_view account) : element_(element) { token_.account = account; }

  Result<RegistryToken> read() {
    TRY_VOID(read_names());
    TRY_VOID(read_shown_characters());
    TRY_VOID(read_times());
    TRY_VOID(read_access());
    TRY_VOID(read_scopes());
    TRY(token_.ip_ranges, ip_ranges_of(element_));
    return std::move(token_);
  }

 private:
  Result<> read_names() {
    TRY(token_.key, text_of(element_, "key"));
    TRY(const std::string id, text_of(element_, "id"));
    if (is_masked(token_.key)) token_.key = is_masked(id) ? "" : id;
    TRY(token_.name, text_of(element_, "name"));
    return {};
  }

  static bool is_masked(std::string_view key) { return key.empty() || key.find('*') != std::string_view::npos; }

  Result<> read_shown_characters() {
    const value* field = field_of(element_, "token");
    if (field == nullptr || !field->is_string()) return unexpected("token", "a text, such as npm_aBcD...7890");
    const std::string_view shown = view(field->get_string());
    const auto is_mask = [](char character) {
      return character <= ' ' || character > '~' || character == '*' || character == '[';
    };
    std::size_t gap_size = 0;
    std::size_t gap = std::string_view::npos;
    for (const std::string_view dots : {std::string_view("..."), std::string_view("…")}) {
      if (gap == std::string_view::npos) gap = shown.find(dots), gap_size = dots.size();
    }
    const std::string_view first = shown.substr(0, gap);
    const std::string_view last = gap == std::string_view::npos ? std::string_view() : shown.substr(gap + gap_size);
    if (first.size() + last.size() > kMostShown) {
      return malformed("token: not shortened to its first 8 and last 4 characters, as it is in each list of npm's");
    }
    if (std::ranges::any_of(shown.substr(0, gap), is_mask) || std::ranges::any_of(last, is_mask)) return {};
    token_.first = first;
    token_.last = last;
    return {};
  }

  Result<> read_times() {
    TRY(token_.created_at, time_of(element_, "created"));
    TRY(token_.updated_at, time_of(element_, "updated"));
    TRY(token_.accessed_at, time_of(element_, "accessed"));
    TRY(token_.expires_at, time_of(element_, "expiry"));
    const value* revoked = field_of(element_, "revoked");
    if (revoked == nullptr) return {};
    if (!revoked->is_bool() && !time_in(*revoked)) return unexpected("revoked", "true, false or a time");
    token_.revoked = !revoked->is_bool() || revoked->get_bool();
    return {};
  }

  Result<> read_access() {
    TRY(const auto readonly, flag_of(element_, "readonly"));
    TRY(const auto automation, flag_of(element_, "automation"));
    TRY(const auto bypass, flag_of(element_, "bypass_2fa"));
    TRY(const std::string combined, text_of(element_, "packages_and_scopes_permission"));
    TRY(const auto permissions, list_of(element_, "permissions", "a list of objects", permission_in));
    token_.classic = (readonly || automation) && has_classic_form();
    token_.bypass_2fa = bypass.value_or(false) || automation.value_or(false);
    token_.access = combined.empty() ? access_by(permissions) : access_in(combined);
    if (token_.access != PackageAccess::unknown) return {};
    if (readonly.value_or(false)) {
      token_.access = PackageAccess::read;
    } else if (token_.classic) {
      token_.access = PackageAccess::write;
    }
    return {};
  }

  [[nodiscard]] bool has_classic_form() const {
    constexpr std::array<std::string_view, 9> kNotClassic = {
        "expiry", "permissions", "scopes", "bypass_2fa", "accessed", "description", "packages_and_scopes_permission",
        "cidr",   "user"};
    const auto is_there = [this](std::string_view name) { return element_.contains({name.data(), name.size()}); };
    if (std::ranges::any_of(kNotClassic, is_there) || !token_.created_at) return false;
    return std::chrono::floor<std::chrono::days>(*token_.created_at) <= kLastClassicDay;
  }

  Result<> read_scopes() {
    TRY(const auto packages_all, flag_of(element_, "packages_all"));
    TRY(std::vector<ListedScope> listed, list_of(element_, "scopes", "a list of objects", scope_in));
    bool limited = field_of(element_, "scopes") == nullptr;
    bool everything = packages_all.value_or(false) || token_.classic;
    for (ListedScope& scope : listed) {
      if (scope.type != RegistryScope::Type::organisation) (scope.name == "*" ? everything : limited) = true;
      if (scope.type) token_.scopes.push_back({*scope.type, std::move(scope.name)});
    }
    token_.all_packages = token_.access == PackageAccess::write && (everything || !limited);
    return {};
  }

  const object& element_;
  RegistryToken token_;
};

/// The elements of what npm prints, or of what a registry answers.
Result<const array*> elements_of(const value& document) {
  if (const auto* list = document.if_array()) return list;
  const auto* answer = document.if_object();
  const value* objects = answer == nullptr ? nullptr : field_of(*answer, "objects");
  if (objects == nullptr) {
    const bool refused = answer != nullptr && (answer->contains("error") || answer->contains("message"));
    if (refused) return malformed("the registry's refusal instead of a list; log in with `npm login` and ask again");
    return malformed("no list of tokens; expected what `" + std::string(kCommand) + "` prints");
  }
  if (!objects->is_array()) return unexpected("objects", "a list");
  const array& list = objects->get_array();
  const value* urls = field_of(*answer, "urls");
  const value* next = urls != nullptr && urls->is_object() ? field_of(urls->get_object(), "next") : nullptr;
  const value* total = field_of(*answer, "total");
  const bool is_page = (next != nullptr && next->is_string() && !next->get_string().empty()) ||
                       (total != nullptr && total->is_int64() && std::cmp_greater(total->get_int64(), list.size()));
  if (is_page) return malformed("one page of a longer list; ask for all of it with ?perPage=9999");
  return &list;
}

Error no_json(std::string_view body) {
  constexpr std::array<std::string_view, 6> kTables = {
      "┌", "+--", "Token ", "Publish token ", "Read only token ", "key\ttoken"};
  const std::string_view line = body.substr(0, body.find('\n'));
  const auto is_in_line = [line](std::string_view sign) { return line.find(sign) != std::string_view::npos; };
  if (!std::ranges::any_of(kTables, is_in_line)) {
    return malformed("no JSON; expected what `" + std::string(kCommand) + "` prints");
  }
  return malformed("npm's table for people; add --json: `" + std::string(kCommand) + "`");
}

}  // namespace

Result<std::vector<RegistryToken>> read_npm_token_list(std::string_view text, std::string_view account) {
  TRY(const NpmOutput output, find_npm_output(text, kCommand));
  if (!may_be_json(output.body)) return no_json(output.body);
  TRY(const value document, parse_npm_json(output, kCommand));
  TRY(const array* elements, elements_of(document));

  std::vector<RegistryToken> tokens;
  std::unordered_map<std::string, std::size_t> numbers;  // of the elements, by key
  for (const value& element : *elements) {
    const std::size_t number = tokens.size() + 1;
    const std::string place = "element " + std::to_string(number);
    if (!element.is_object()) return malformed("expected an object").within(place);
    auto token = TokenReader(element.get_object(), account).read();
    if (!token) return std::move(token).error().within(place);
    const auto [first, is_new] = numbers.emplace(token->key, number);
    if (!is_new && !token->key.empty()) {
      return malformed("key: the same as of element " + std::to_string(first->second)).within(place);
    }
    tokens.push_back(std::move(*token));
  }
  return tokens;
}

}  // namespace tokensweep
