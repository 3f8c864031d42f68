#pragma once

#include "connectors/connector.hpp"
#include "connectors/kubernetes/secret_list.hpp"

/// What a release of Helm tells, as sightings.
namespace tokensweep::kubernetes {

/// Whether an object is one revision of a release: a secret by its type, a ConfigMap, which has none, by its name.
bool is_release(const SecretObject& object);

/// Decodes the release in an object, with its values, and hands on what in it may matter; it is taken out of the
/// object. What cannot be read is a gap at the object's place.
void hand_on_release(SecretObject& object, ScopeNumber scope, Sink& sink);

}  // namespace tokensweep::kubernetes
