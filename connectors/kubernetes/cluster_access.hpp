#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "connectors/connector.hpp"
#include "connectors/settings.hpp"
#include "net/client.hpp"
#include "net/url.hpp"

/// How clusters are reached, and as whom: kubeconfig files as kubectl reads them, or the pod that we run in. What is
/// asked there is not the business of this header.
namespace tokensweep::kubernetes {

/// One cluster that the settings name.
struct Cluster {
  std::string context;  ///< the kubeconfig's name for it, the first of several; "in-cluster" for the pod's own
  std::vector<std::string> other_contexts;  ///< that mean the same server, authority and user
  Url server;                               ///< its target is `/`, or a path without a slash at its end
  std::string authority;  ///< SHA-256 in hex of the PEM text that vouches for it; empty: ca_file or the system does
  std::vector<std::string> namespaces;  ///< what its contexts work in by default, each once; empty: they do not say

  /// An address of its API: `path` begins with a slash, is encoded, and goes behind the server's own path.
  [[nodiscard]] Url at(std::string_view path) const;
};

/// One cluster, and as whom it is asked.
class ClusterAccess {
 public:
  explicit ClusterAccess(Cluster cluster) : cluster_(std::move(cluster)) {}
  ClusterAccess(const ClusterAccess&) = delete;
  ClusterAccess& operator=(const ClusterAccess&) = delete;
  virtual ~ClusterAccess() = default;

  [[nodiscard]] const Cluster& cluster() const { return cluster_; }

  /// A client with its credential, certificate, proxy and authorities. Reads the files that the kubeconfig names for
  /// them, and runs its plugin, off the network thread; sends nothing to the cluster. What ages is renewed while the
  /// client is used: token files are read again, plugins run again, certificates exchanged. The client's errors begin
  /// with the context's name.
  ///
  /// `misconfigured` where the credential cannot be had; the text names the kubeconfig and the context, quotes nothing
  /// that could be secret, and does not name the source. This object and its Services have to outlive the client.
  virtual Task<Result<std::unique_ptr<HttpClient>>> connect(Limits limits) = 0;

 private:
  Cluster cluster_;
};

/// A context that cannot be asked: its cluster or user is missing, or something there is not to be had or refused.
struct UnusableContext {
  std::string context;
  Error why;  ///< `misconfigured`; names the kubeconfig and the context
};

/// What the settings name: in the order of `contexts`, of the files where all are meant.
struct ClusterAccesses {
  std::vector<std::unique_ptr<ClusterAccess>> usable;
  std::vector<UnusableContext> unusable;  ///< these cost the others nothing
};

/// Finds the clusters: `kubeconfig` or `kubeconfigs` of the settings; else $KUBECONFIG, else ~/.kube/config; where none
/// of these is there, or `in_cluster` is set, the pod's own. Without `contexts` it is the current one.
///
/// Reads kubeconfig files, runs and asks nothing. `misconfigured` for a file that is missing where it was named, that
/// others may read or that cannot be read, for a context that is named and not there, and for nothing at all.
Result<ClusterAccesses> cluster_accesses(const Settings& settings, const Services& services);

/// The keys of `tokensweep.toml` that say which clusters and as whom: `kubeconfig`, `kubeconfigs`, `in_cluster`,
/// `contexts`, `allow_exec`. For TypeSpec::keys. `ca_file` and `proxy` of network_keys() count where a
/// kubeconfig names neither authority nor proxy.
std::span<const KeySpec> access_keys();

}  // namespace tokensweep::kubernetes
