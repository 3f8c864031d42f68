#pragma once

#include <string_view>

#include "connectors/kubernetes/helm_texts.hpp"

namespace tokensweep::kubernetes {

/// Takes rendered YAML apart, as `helm get manifest` shows it: one text for each document, `<Kind>/<name>`; of Secrets
/// and ConfigMaps one for each value that stands in them, `Secret/npm/data/NPM_TOKEN`, decoded where it is base64.
/// Tolerant of any bytes: a document that is no YAML, or too large for a tree, is one text.
void read_manifest(std::string_view manifest, HelmTexts& texts);

}  // namespace tokensweep::kubernetes
