#include "connectors/kubernetes/helm_sightings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>

#include "connectors/kubernetes/helm_release.hpp"
#include "connectors/kubernetes/sightings.hpp"

namespace tokensweep::kubernetes {
namespace {

std::string note_of(const HelmRelease& release) {
  return fmt::format(
      "in revision {} ({}) of the Helm release {}: each revision keeps what it was given, whatever is rotated, until "
      "Helm's history drops it",
      release.revision, release.status.empty() ? "of no status" : release.status, release.name);
}

}  // namespace

bool is_release(const SecretObject& object) {
  if (object.kind == ObjectKind::secret) return object.type == kReleaseType;
  return object.name.starts_with(kReleaseName);
}

void hand_on_release(SecretObject& object, ScopeNumber scope, Sink& sink) {
  const auto key = std::ranges::find(object.keys, kReleaseKey, &SecretKey::name);
  HelmRelease release;
  HelmTexts texts([&sink](std::string_view name, std::string_view bytes, Spelling spelling) {
    return sink.may_matter(name, bytes, spelling);
  });
  Result<> read = Error{ErrorKind::malformed, "it holds none"};
  std::optional<Time> written_before;
  if (key != object.keys.end() && key->value) {
    read = read_helm_release(key->value->reveal(), release, texts);
    written_before = key->written_before;
    object.keys.erase(key);
  }
  for (HelmText& text : texts.take()) {
    Sighting sighting = sighting_of_release(object, text, written_before);
    sighting.evidence.push_back({.kind = EvidenceKind::note, .value = note_of(release)});
    sink.found(scope, std::move(sighting));
  }
  if (read) return;
  Gap gap{.place = place_of(object), .reason = object.name + ": no release of Helm to be read: " + read.error().what};
  sink.gap(scope, std::move(gap));
}

}  // namespace tokensweep::kubernetes
