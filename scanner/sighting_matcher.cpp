#include "scanner/sighting_matcher.hpp"

#include <utility>

#include "base/wiped_text.hpp"
#include "identity/without_values.hpp"
#include "scanner/endings.hpp"
#include "scanner/package_settings.hpp"

namespace tokensweep {
namespace {

constexpr std::string_view kNamedRule = "npm-secret-name";
constexpr std::string_view kNamedKind = "named-secret";

std::string_view last_part(std::string_view name) { return name.substr(name.rfind('/') + 1); }  // npos + 1 is 0

}  // namespace

FileFormat format_of(std::string_view name) {
  const auto known = default_format(last_part(name), {}, {});
  return known ? known->format : FileFormat::text;
}

Result<std::vector<Hit>> SightingMatcher::match(const Scope& scope, Sighting sighting) {
  std::vector<Located> all;
  if (sighting.value) {
    TRY(all, locate_in_value(sighting));
  } else {
    all = locate_name(sighting);
  }
  std::vector<Hit> hits;
  Ordinals ordinals;
  for (const Located& located : all) hits.push_back(make_hit(scope, sighting, located, ordinals));
  return hits;
}

Result<std::vector<Located>> SightingMatcher::locate_in_value(const Sighting& sighting) {
  const std::string_view text = sighting.value->reveal();
  std::vector<Finding> findings;
  search_.literals(text, literals_);
  TRY_VOID(search_.search({.bytes = text, .path = sighting.name, .is_whole = true}, literals_, findings));
  std::vector<Located> all = locate_all(detector_, std::move(findings), text, 1);
  const FileFormat format = format_of(sighting.name);
  if (auto reading = read_settings(format, text)) {
    std::vector<LocatedSetting> settings = locate_settings(detector_, format, std::move(*reading), std::move(all));
    all.clear();
    for (LocatedSetting& setting : settings) all.push_back(std::move(setting.located));
  }
  if (!all.empty()) return all;
  if (sighting.is_setting) return locate_in_setting(sighting);
  // A bare value without a shape that stands for itself: its name vouches for it.
  const auto rule = detector_.rules.named(sighting.name);
  if (!rule || !detector_.rules.shape_of(text)) return all;
  Located bare{.line = 1, .rule = detector_.rules.rules()[*rule].id, .kind = "registry-token", .value = Secret(text)};
  if (take_shape(detector_, bare)) all.push_back(std::move(bare));
  return all;
}

/// A value of which nothing was known by itself, behind its name: as a line of a file.
Result<std::vector<Located>> SightingMatcher::locate_in_setting(const Sighting& sighting) {
  const std::string_view value = sighting.value->reveal();
  if (value.find('\n') != std::string_view::npos) return std::vector<Located>();
  WipedText line(last_part(sighting.name));
  line.append("=");
  line.append(value);
  std::vector<Finding> findings;
  search_.literals(line.view(), literals_);
  TRY_VOID(search_.search({.bytes = line.view(), .path = sighting.name, .is_whole = true}, literals_, findings));
  return locate_all(detector_, std::move(findings), line.view(), 1);
}

std::vector<Located> SightingMatcher::locate_name(const Sighting& sighting) const {
  const auto rule = detector_.rules.named(sighting.is_setting ? last_part(sighting.name) : sighting.name);
  std::vector<Located> all;
  if (!rule && !sighting.registry) return all;
  const Rule* named = rule ? &detector_.rules.rules()[*rule] : nullptr;
  all.push_back(
      {.rule = named ? named->id : std::string(kNamedRule), .kind = named ? named->kind : std::string(kNamedKind)});
  return all;
}

/// A workflow's words may be anything. A name that the whole world downloads is no value, however long its words are.
void SightingMatcher::clean(Evidence& evidence) const {
  evidence.from = without_values(evidence.from);
  const bool is_ranked =
      evidence.kind == EvidenceKind::package && classification_.ranks().rank_of(evidence.value).has_value();
  if (!is_ranked) evidence.value = without_values(evidence.value);
}

Hit SightingMatcher::make_hit(const Scope& scope, const Sighting& sighting, const Located& located,
                              Ordinals& ordinals) const {
  // Some people write a token where its name belongs.
  std::optional<std::string> registry = located.registry ? located.registry : sighting.registry;
  if (registry) registry = without_values(registry->substr(0, registry->find_first_of("?#")));
  Hit hit{.rule = located.rule,
          .kind = located.kind,
          .source = scope.source,
          .store = scope.store,
          .place = sighting.place,
          .locator = without_values(sighting.locator),
          .name = without_values(located.name.empty() ? sighting.name : located.name),
          .registry = std::move(registry),
          .checksum = located.checksum,
          .created_at = sighting.created_at,
          .updated_at = sighting.updated_at,
          .age_basis = sighting.age_basis,
          .scope = sighting.flags,
          .evidence = sighting.evidence};
  for (Evidence& evidence : hit.evidence) clean(evidence);
  if (!sighting.ending.empty()) hit.evidence.push_back(ending_evidence(sighting.ending, keys_.fingerprinter));
  if (!located.reference.empty()) hit.name = without_values(located.reference);
  if (sighting.value && (located.line > 1 || !located.inner.empty())) {
    hit.locator +=
        (located.line > 1 ? ":" + std::to_string(located.line) : std::string()) + without_values(located.inner);
  }
  hit.scope.add(located.flags);
  if (!located.remark.empty()) hit.evidence.push_back({EvidenceKind::note, located.remark, {}});
  identify(hit, located, scope.realm, keys_, ordinals);
  classification_.judge(hit, hit.fingerprint ? token_id(*hit.fingerprint) : std::string(), scope.name);
  if (hit.kind == kLegacyKind && is_public(hit.registry)) hit.scope.add(ScopeFlag::classic);
  return hit;
}

}  // namespace tokensweep
