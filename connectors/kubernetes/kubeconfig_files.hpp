#pragma once

#include <optional>

#include "base/environment.hpp"
#include "base/result.hpp"
#include "connectors/kubernetes/kubeconfig.hpp"
#include "connectors/settings.hpp"

namespace tokensweep::kubernetes {

/// The kubeconfig files that are meant, merged, the first one first:
/// 1. `kubeconfig` or `kubeconfigs` of the settings, which have to be there;
/// 2. else those of $KUBECONFIG, separated by colons, where missing ones are passed over;
/// 3. else ~/.kube/config.
///
/// Nothing where none of them is there. Each is a file for its owner alone. An error (`misconfigured`) begins with the
/// file's name and quotes nothing of it.
Result<std::optional<Kubeconfig>> read_kubeconfigs(const Settings& settings, const Environment& environment);

}  // namespace tokensweep::kubernetes
