#include "connectors/kubernetes/sightings.hpp"

#include <utility>

#include "connectors/kubernetes/namespace_scopes.hpp"
#include "net/url.hpp"

namespace tokensweep::kubernetes {
namespace {

/// What is true of the whole object, in words.
std::string note_of(const SecretObject& secret) {
  std::string note = secret.kind == ObjectKind::config_map ? "a ConfigMap" : "a secret";
  if (!secret.type.empty()) note += " of type " + secret.type;
  if (secret.immutable) note += ", immutable";
  if (!secret.owner.empty()) note += ", kept by a " + secret.owner;
  return note;
}

Sighting sighting_of(const SecretObject& secret, std::string_view part) {
  const bool is_secret = secret.kind == ObjectKind::secret;
  Sighting sighting;
  sighting.place = place_of(secret) + "/" + percent_encoded(part);
  sighting.locator = (is_secret ? "" : "configmap/") + secret.name + "#" + std::string(part);
  sighting.name = name_of(secret, part);
  sighting.created_at = secret.created_at;
  sighting.flags.add(ScopeFlag::name_space);
  // Clusters encrypt secrets where they encrypt anything, and more people may read a ConfigMap.
  if (!is_secret) sighting.flags.add(ScopeFlag::unencrypted);
  sighting.is_setting = !is_secret;
  sighting.evidence.push_back({.kind = EvidenceKind::infrastructure});
  sighting.evidence.push_back({.kind = EvidenceKind::note, .value = note_of(secret)});
  return sighting;
}

/// The value is as old as the object at the most, and was not written since its owners last wrote anything.
void set_bounds(Sighting& sighting, const std::optional<Time>& written_before) {
  sighting.updated_at = written_before;
  if (written_before) sighting.age_basis = AgeBasis::bounds;
}

}  // namespace

std::string place_of(const SecretObject& secret) {
  return NamespaceScopes::prefix_of(secret.name_space, secret.kind) + "/" + percent_encoded(secret.uid);
}

std::string name_of(const SecretObject& secret, std::string_view key) { return secret.name + "/" + std::string(key); }

Sighting sighting_of_key(const SecretObject& secret, SecretKey& key) {
  Sighting sighting = sighting_of(secret, key.name);
  set_bounds(sighting, key.written_before);
  sighting.value = std::exchange(key.value, std::nullopt);
  return sighting;
}

Sighting sighting_of_release(const SecretObject& secret, HelmText& text, const std::optional<Time>& written_before) {
  Sighting sighting = sighting_of(secret, "release/" + text.path);
  sighting.place = place_of(secret) + "/" + std::string(kReleasePart) + "/" + text.place;
  sighting.name = std::move(text.name);
  sighting.is_setting = text.is_setting;
  set_bounds(sighting, written_before);
  sighting.value = std::move(text.value);
  return sighting;
}

Sighting sighting_of_last_applied(SecretObject& secret) {
  Sighting sighting = sighting_of(secret, kLastApplied);
  sighting.name = kLastApplied;
  set_bounds(sighting, secret.written_at);
  sighting.evidence.push_back({.kind = EvidenceKind::note,
                               .value = "in the annotation where kubectl apply keeps what it sent last, which outlives "
                                        "a rotation by other means"});
  sighting.value = std::exchange(secret.last_applied, std::nullopt);
  return sighting;
}

}  // namespace tokensweep::kubernetes
