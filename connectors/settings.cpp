#include "connectors/settings.hpp"

#include <algorithm>
#include <utility>

namespace tokensweep {
namespace {

template <class Value>
const Value* value_of(const Settings& settings, std::string_view name) {
  const Setting* found = settings.find(name);
  return found == nullptr ? nullptr : std::get_if<Value>(&found->value);
}

}  // namespace

void Settings::add(Setting setting) { all_.push_back(std::move(setting)); }

const Setting* Settings::find(std::string_view name) const {
  const auto found = std::find_if(all_.begin(), all_.end(), [name](const Setting& one) { return one.name == name; });
  return found == all_.end() ? nullptr : &*found;
}

int Settings::line_of(std::string_view name) const {
  const Setting* found = find(name);
  return found == nullptr ? line_ : found->line;
}

bool Settings::flag(std::string_view name, bool fallback) const {
  const bool* value = value_of<bool>(*this, name);
  return value == nullptr ? fallback : *value;
}

std::int64_t Settings::count(std::string_view name, std::int64_t fallback) const {
  const auto* value = value_of<std::int64_t>(*this, name);
  return value == nullptr ? fallback : *value;
}

std::optional<double> Settings::rate(std::string_view name) const {
  const auto* value = value_of<double>(*this, name);
  if (value == nullptr || *value == 0) return std::nullopt;
  return *value;
}

std::optional<Date> Settings::date(std::string_view name) const {
  const auto* value = value_of<Date>(*this, name);
  if (value == nullptr) return std::nullopt;
  return *value;
}

std::string Settings::text(std::string_view name) const {
  const auto* value = value_of<std::string>(*this, name);
  return value == nullptr ? std::string() : *value;
}

std::vector<std::string> Settings::texts(std::string_view name) const {
  const auto* value = value_of<std::vector<std::string>>(*this, name);
  return value == nullptr ? std::vector<std::string>() : *value;
}

std::optional<std::filesystem::path> Settings::path(std::string_view name) const {
  const auto* value = value_of<std::string>(*this, name);
  if (value == nullptr) return std::nullopt;
  return *value;
}

std::vector<std::filesystem::path> Settings::paths(std::string_view name) const {
  const auto* value = value_of<std::vector<std::string>>(*this, name);
  if (value == nullptr) return {};
  return {value->begin(), value->end()};
}

std::span<const Settings> Settings::tables(std::string_view name) const {
  const auto* value = value_of<std::vector<Settings>>(*this, name);
  if (value == nullptr) return {};
  return *value;
}

std::optional<CredentialRef> Settings::credential() const {
  if (has("token_env")) return EnvironmentCredential{text("token_env")};
  if (has("token_file")) return FileCredential{*path("token_file")};
  if (has("token_command")) return CommandCredential{texts("token_command")};
  return std::nullopt;
}

namespace {

struct PlanText {
  std::string operator()(bool value) const { return value ? "true" : "false"; }
  std::string operator()(std::int64_t value) const { return std::to_string(value); }
  std::string operator()(double value) const { return std::to_string(value); }
  std::string operator()(Date value) const { return std::to_string(value.time_since_epoch().count()); }
  std::string operator()(const std::string& value) const { return std::to_string(value.size()) + ":" + value; }
  std::string operator()(const std::vector<std::string>& values) const {
    std::string text;
    for (const std::string& value : values) text += (*this)(value) + ",";
    return text;
  }
  std::string operator()(const std::vector<Settings>& tables) const {
    std::string text;
    for (const Settings& table : tables) text += "{" + table.plan_text() + "}";
    return text;
  }
};

}  // namespace

std::string Settings::plan_text() const {
  std::vector<std::string> parts;
  for (const Setting& setting : all_) parts.push_back(setting.name + "=" + std::visit(PlanText{}, setting.value));
  std::sort(parts.begin(), parts.end());
  std::string text;
  for (const std::string& part : parts) text.append(part).append(" ");
  return text;
}

}  // namespace tokensweep
