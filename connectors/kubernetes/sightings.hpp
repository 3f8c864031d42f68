#pragma once

#include <string>
#include <string_view>

#include "connectors/connector.hpp"
#include "connectors/kubernetes/helm_texts.hpp"
#include "connectors/kubernetes/secret_list.hpp"

/// What a secret or a ConfigMap tells, as sightings. Its place is `<namespace>/<uid>` or
/// `<namespace>/@configmaps/<uid>`, those of its keys and annotations are below it, and so is `@release`, with what it
/// holds of a release of Helm.
namespace tokensweep::kubernetes {

/// In place of a key: the object that `kubectl apply` sent last. No key of a secret holds an @, and the name of the
/// secret is left out: it does not vouch for a whole object.
inline constexpr std::string_view kLastApplied = "@last-applied";

/// Where a secret is: it stays while the object lives.
std::string place_of(const SecretObject& secret);

/// What a key is called, for the rules that look at names and paths: `npm-publish/NPM_TOKEN`, `build/.npmrc`.
std::string name_of(const SecretObject& secret, std::string_view key);

/// A key, with its value where there is one: it moves on.
Sighting sighting_of_key(const SecretObject& secret, SecretKey& key);

/// A text of the release that the object holds: it moves on. `written_before` as in SecretKey.
Sighting sighting_of_release(const SecretObject& secret, HelmText& text, const std::optional<Time>& written_before);

/// The object that `kubectl apply` sent last; it has to be there, and moves on.
Sighting sighting_of_last_applied(SecretObject& secret);

}  // namespace tokensweep::kubernetes
