#include "connectors/kubernetes/pod.hpp"

#include <cstddef>
#include <string>
#include <system_error>
#include <utility>

#include "connectors/private_file.hpp"

namespace tokensweep::kubernetes {
namespace {

constexpr std::size_t kLongestNamespace = 64;

/// Without it, nothing is lost but a default.
std::string namespace_in(const std::filesystem::path& file) {
  const auto text = read_private_file(file, kLongestNamespace, Sharing::may_be_read);
  if (!text || !*text) return {};
  const std::string_view name = (*text)->view();
  return std::string(name.substr(0, name.find_first_of(" \r\n")));
}

}  // namespace

Result<std::optional<Kubeconfig>> pod_kubeconfig(const Environment& environment,
                                                 const std::filesystem::path& service_account) {
  const std::string host = environment("KUBERNETES_SERVICE_HOST").value_or("");
  const std::string port = environment("KUBERNETES_SERVICE_PORT").value_or("");
  if (host.empty() || port.empty()) return std::optional<Kubeconfig>();
  std::error_code failed;
  if (!std::filesystem::exists(service_account / "token", failed)) {
    return Error{ErrorKind::misconfigured,
                 "in-cluster: this pod has no service account's token: set automountServiceAccountToken, or name a "
                 "kubeconfig"};
  }
  const std::string name = "in-cluster";
  const bool is_ipv6 = host.find(':') != std::string::npos;
  ClusterEntry cluster;
  cluster.name = name;
  cluster.server = (is_ipv6 ? "https://[" + host + "]:" : "https://" + host + ":") + port;
  cluster.authority.file = service_account / "ca.crt";
  UserEntry user;
  user.name = name;
  user.folder = service_account;
  user.token_file = service_account / "token";
  ContextEntry context;
  context.name = name;
  context.cluster = name;
  context.user = name;
  context.default_namespace = namespace_in(service_account / "namespace");
  Kubeconfig config;
  config.current_context = name;
  config.contexts.push_back(std::move(context));
  config.clusters.push_back(std::move(cluster));
  config.users.push_back(std::move(user));
  return std::optional(std::move(config));
}

}  // namespace tokensweep::kubernetes
