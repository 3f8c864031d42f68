#include "connectors/kubernetes/sightings.hpp"

#include <utility>

#include "connectors/kubernetes/namespace_scopes.hpp"
#include "net/url.hpp"

namespace tokensweep::kubernetes {
namespace {

/// What is true of the whole object, in words.
std::string note_of(const SecretObject& secret) {
  std::string note = secret.type.empty() ? "a secret" : "a secret of type " + secret.type;
  if (secret.immutable) note += ", immutable";
  if (!secret.owner.empty()) note += ", kept by a " + secret.owner;
  return note;
}

Sighting sighting_of(const SecretObject& secret, std::string_view part) {
  Sighting sighting;
  sighting.place = place_of(secret) + "/" + percent_encoded(part);
  sighting.locator = secret.name + "#" + std::string(part);
  sighting.name = name_of(secret, part);
  sighting.created_at = secret.created_at;
  sighting.flags.add(ScopeFlag::name_space);
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
  return NamespaceScopes::prefix_of(secret.name_space) + "/" + percent_encoded(secret.uid);
}

std::string name_of(const SecretObject& secret, std::string_view key) { return secret.name + "/" + std::string(key); }

Sighting sighting_of_key(const SecretObject& secret, SecretKey& key) {
  Sighting sighting = sighting_of(secret, key.name);
  set_bounds(sighting, key.written_before);
  sighting.value = std::exchange(key.value, std::nullopt);
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
