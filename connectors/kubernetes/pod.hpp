#pragma once

#include <filesystem>
#include <optional>

#include "base/environment.hpp"
#include "base/result.hpp"
#include "connectors/kubernetes/kubeconfig.hpp"

namespace tokensweep::kubernetes {

/// Where the kubelet puts what a pod proves itself by.
inline constexpr const char* kServiceAccount = "/var/run/secrets/kubernetes.io/serviceaccount";

/// The cluster of the pod that we run in, in the form of a kubeconfig with one context, "in-cluster". Nothing where we
/// run in none: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set. `misconfigured` where the service
/// account's files are not there: a pod may go without.
Result<std::optional<Kubeconfig>> pod_kubeconfig(const Environment& environment,
                                                 const std::filesystem::path& service_account = kServiceAccount);

}  // namespace tokensweep::kubernetes
