#include "connectors/ssm/sightings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "base/time.hpp"

namespace tokensweep::ssm {
namespace {

std::string_view words_of(Type type) {
  switch (type) {
    case Type::string:
      return "a String, which is not encrypted";
    case Type::string_list:
      return "a StringList, which is not encrypted";
    case Type::secure_string:
      break;
  }
  return "a SecureString";
}

/// How it is kept, for the hit's reason.
std::string note_of(const Parameter& parameter) {
  std::string note(words_of(parameter.type));
  if (parameter.type == Type::secure_string && !parameter.key.empty()) note += ", its key is " + parameter.key;
  if (!parameter.tier.empty() && parameter.tier != "Standard") note += ", tier " + parameter.tier;
  if (parameter.expires_at) {
    note += ", deleted by its policy on " + format_date(std::chrono::floor<std::chrono::days>(*parameter.expires_at));
  }
  return note;
}

}  // namespace

Scope scope_of(const Store& store, bool shared) {
  return {.source = "ssm",
          .store = store.account + "/" + store.region,
          .realm = "aws:" + store.account,
          .prefix = fmt::format("arn:{}:ssm:{}:{}:{}", store.partition, store.region, store.account,
                                shared ? "shared" : "parameter")};
}

std::string place_of(const std::string& prefix, const Parameter& parameter) {
  const bool is_path = parameter.name.starts_with('/') && std::ranges::count(parameter.name, '/') > 1;
  return prefix + (is_path ? "" : "/") + parameter.name;
}

std::string version_of(const Parameter& parameter) {
  const auto seconds = parameter.modified_at.value_or(Time()).time_since_epoch().count();
  return fmt::format("{}@{}", parameter.version, seconds);
}

Sighting sighting_of(const std::string& place, const Parameter& parameter) {
  Sighting sighting{
      .place = place, .locator = parameter.name, .name = parameter.name, .updated_at = parameter.modified_at};
  if (parameter.version == 1) sighting.created_at = parameter.modified_at;
  if (parameter.modified_at) sighting.age_basis = AgeBasis::updated_at;
  if (parameter.type != Type::secure_string) sighting.flags.add(ScopeFlag::unencrypted);
  sighting.evidence.push_back({.kind = EvidenceKind::infrastructure});
  sighting.evidence.push_back({.kind = EvidenceKind::note, .value = note_of(parameter)});
  return sighting;
}

}  // namespace tokensweep::ssm
