#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "connectors/connector.hpp"
#include "connectors/kubernetes/cluster_access.hpp"
#include "connectors/kubernetes/kubeconfig.hpp"

namespace tokensweep::kubernetes {

/// What a context leads to, and what the settings add to it.
struct ContextMeans {
  std::string context;
  std::string place;  ///< begins errors: the kubeconfig and the context
  std::string default_namespace;
  std::shared_ptr<const ClusterEntry> cluster;
  std::shared_ptr<const UserEntry> user;
  std::optional<std::filesystem::path> ca_file;  ///< where the cluster names no authority
  std::optional<std::string> proxy;              ///< where the cluster names none
  std::optional<std::chrono::seconds> timeout;   ///< as ClientOptions has it
  std::vector<std::string> allowed_commands;     ///< plugin_run
};

/// A context whose way to the cluster has been looked at.
struct ContextTarget {
  Cluster cluster;        ///< with this context alone
  std::string authority;  ///< PEM; empty: those of ca_file, or the system's
  ContextMeans means;
};

/// Checks what leads to the cluster, and reads its authority's file. An error (`misconfigured`) begins with the place.
Result<ContextTarget> context_target(ContextMeans means);

/// `services` has to outlive it.
std::unique_ptr<ClusterAccess> context_access(ContextTarget target, const Services& services);

}  // namespace tokensweep::kubernetes
