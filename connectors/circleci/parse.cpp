#include "connectors/circleci/parse.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <utility>

#include "base/time.hpp"
#include "connectors/json_document.hpp"

namespace tokensweep::circleci {
namespace {

using boost::json::object;
using boost::json::value;

constexpr std::size_t kLongestName = 1024;
constexpr std::size_t kLongestNext = 4096;
constexpr std::size_t kShown = 4;  ///< of a value

Error malformed(std::string what) { return {ErrorKind::malformed, std::move(what)}; }

Error unexpected(std::string_view field, std::string_view expected) {
  return malformed(std::string(field) + ": expected " + std::string(expected));
}

/// A field that is there and not null.
const value* field_of(const object& element, std::string_view name) {
  const value* field = element.if_contains({name.data(), name.size()});
  return field == nullptr || field->is_null() ? nullptr : field;
}

std::string_view view(const value& text) { return {text.get_string().data(), text.get_string().size()}; }

Result<std::string> text_of(const object& element, std::string_view name) {
  const value* field = field_of(element, name);
  if (field == nullptr || !field->is_string()) return unexpected(name, "a text");
  const std::string_view text = view(*field);
  if (text.empty() || text.size() > kLongestName) return unexpected(name, "a text of 1 to 1024 bytes");
  return std::string(text);
}

/// What stands in the addresses of other requests and in places: a UUID as far as is known.
Result<std::string> id_of(const object& element) {
  TRY(std::string id, text_of(element, "id"));
  const bool fits = std::ranges::all_of(id, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
  if (!fits) return unexpected("id", "letters, digits and hyphens");
  return id;
}

Result<std::optional<Time>> time_of(const object& element, std::string_view name) {
  const value* field = field_of(element, name);
  if (field == nullptr) return std::optional<Time>();
  const auto time = field->is_string() ? parse_time(view(*field)) : std::nullopt;
  if (!time) return unexpected(name, "a time such as 2026-11-22T05:40:38.000Z");
  return time;
}

/// The last characters that a mask shows: `xxxx1234`, or they alone. What shows more is no mask, and none of it is
/// kept; fewer say nothing, for there are only short values behind them.
Result<std::string> ending_of(const object& element, std::string_view name) {
  constexpr std::string_view kMask = "xxxx";
  const value* field = field_of(element, name);
  if (field == nullptr) return std::string();
  if (!field->is_string()) return unexpected(name, "a text");
  std::string_view shown = view(*field);
  if (shown.size() == kMask.size() + kShown && shown.starts_with(kMask)) shown.remove_prefix(kMask.size());
  const bool fits = shown.size() == kShown && shown != kMask &&
                    std::ranges::all_of(shown, [](char c) { return c > ' ' && c <= '~'; });
  return std::string(fits ? shown : std::string_view());
}

/// Each element of a list, read by `read_one`. Errors name its number, counted from 1.
template <class Item>
Result<std::vector<Item>> list_in(const value& list, std::string_view name, Result<Item> (*read_one)(const object&)) {
  if (!list.is_array()) return unexpected(name, "a list");
  std::vector<Item> items;
  items.reserve(list.get_array().size());
  for (const value& element : list.get_array()) {
    auto item = element.is_object() ? read_one(element.get_object()) : malformed("expected an object");
    if (!item) return std::move(item).error().within(std::string(name) + " " + std::to_string(items.size() + 1));
    items.push_back(std::move(*item));
  }
  return items;
}

template <class Item>
Result<std::optional<std::vector<Item>>> optional_list_of(const object& element, std::string_view name,
                                                          Result<Item> (*read_one)(const object&)) {
  const value* list = element.if_contains({name.data(), name.size()});
  if (list == nullptr) return std::optional<std::vector<Item>>();
  TRY(std::vector<Item> items, list_in(*list, name, read_one));
  return std::optional(std::move(items));
}

Result<value> parse_object(std::string_view body) {
  TRY(value document, parse_json(body));
  if (!document.is_object()) return malformed("expected an object");
  return document;
}

/// `{items: […], next_page_token: …}`. Both have to be there: a page that was taken for the last one because it lacks
/// its end would have the rest called gone.
template <class Item>
Result<Page<Item>> parse_page(std::string_view body, Result<Item> (*read_one)(const object&)) {
  TRY(const value document, parse_object(body));
  const object& answer = document.get_object();
  const value* items = answer.if_contains("items");
  if (items == nullptr) return unexpected("items", "a list");
  Page<Item> page;
  TRY(page.items, list_in(*items, "items", read_one));
  const value* next = answer.if_contains("next_page_token");
  if (next == nullptr || (!next->is_null() && !next->is_string()))
    return unexpected("next_page_token", "a text or null");
  if (next->is_null()) return page;
  if (view(*next).empty() || view(*next).size() > kLongestNext) {
    return unexpected("next_page_token", "a text of 1 to 4096 bytes, or null");
  }
  page.next = view(*next);
  return page;
}

Result<Organisation> organisation_in(const object& element) {
  Organisation organisation;
  TRY(organisation.id, id_of(element));
  TRY(organisation.slug, text_of(element, "slug"));
  return organisation;
}

Result<Context> context_in(const object& element) {
  Context context;
  TRY(context.id, id_of(element));
  TRY(context.name, text_of(element, "name"));
  return context;
}

Result<Variable> context_variable_in(const object& element) {
  Variable variable;
  TRY(variable.name, text_of(element, "variable"));
  TRY(variable.ending, ending_of(element, "truncated_value"));
  TRY(variable.created_at, time_of(element, "created_at"));
  TRY(variable.updated_at, time_of(element, "updated_at"));
  return variable;
}

Result<Variable> project_variable_in(const object& element) {
  Variable variable;
  TRY(variable.name, text_of(element, "name"));
  TRY(variable.ending, ending_of(element, "value"));
  const bool older = field_of(element, "created_at") == nullptr;
  TRY(variable.created_at, time_of(element, older ? "created-at" : "created_at"));
  return variable;
}

Result<Restriction> restriction_in(const object& element) {
  TRY(const std::string type, text_of(element, "restriction_type"));
  if (type == "project") return Restriction::project;
  if (type == "expression") return Restriction::expression;
  if (type == "group") return Restriction::group;
  return Restriction::other;
}

}  // namespace

Result<std::string> parse_user(std::string_view body) {
  TRY(const value document, parse_object(body));
  return text_of(document.get_object(), "login");
}

Result<std::vector<Organisation>> parse_organisations(std::string_view body) {
  TRY(const value document, parse_json(body));
  return list_in(document, "organisations", organisation_in);
}

Result<Page<Context>> parse_contexts(std::string_view body) { return parse_page(body, context_in); }

Result<ContextDetail> parse_context(std::string_view body) {
  TRY(const value document, parse_object(body));
  TRY_VOID(id_of(document.get_object()));
  ContextDetail detail;
  TRY(detail.variables, optional_list_of(document.get_object(), "environment_variables", context_variable_in));
  TRY(detail.restrictions, optional_list_of(document.get_object(), "restrictions", restriction_in));
  return detail;
}

Result<Page<Variable>> parse_context_variables(std::string_view body) { return parse_page(body, context_variable_in); }
Result<Page<Restriction>> parse_restrictions(std::string_view body) { return parse_page(body, restriction_in); }
Result<Page<Variable>> parse_project_variables(std::string_view body) { return parse_page(body, project_variable_in); }

bool is_slug(std::string_view text, std::size_t parts) {
  for (; parts > 0; --parts) {
    const std::size_t end = parts == 1 ? text.size() : text.find('/');
    if (end == std::string_view::npos) return false;
    const std::string_view part = text.substr(0, end);
    const auto fits = [](char c) { return c > ' ' && c <= '~' && c != '/' && c != '\\'; };
    if (part.empty() || part == "." || part == ".." || !std::ranges::all_of(part, fits)) return false;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return true;
}

}  // namespace tokensweep::circleci
