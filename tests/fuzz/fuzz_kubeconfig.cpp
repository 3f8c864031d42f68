#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "connectors/kubernetes/exec_plugin.hpp"
#include "connectors/kubernetes/kubeconfig.hpp"

using namespace tokensweep;
using namespace tokensweep::kubernetes;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

void require_one_line(const Error& error) {
  require(!error.what.empty() && error.what.size() < 200 && error.what.find('\n') == std::string::npos);
}

void check_paths(const DataOrFile& one) { require(one.file.empty() || one.file.is_absolute()); }

/// Laid over itself, a kubeconfig does not change.
void check_kubeconfig(std::string_view text) {
  auto config = parse_kubeconfig(text, "/kube/config");
  if (!config) return require_one_line(config.error());
  for (const ClusterEntry& cluster : config->clusters) {
    check_paths(cluster.authority);
    if (cluster.wrong) require_one_line(*cluster.wrong);
  }
  for (const UserEntry& user : config->users) {
    check_paths(user.certificate);
    check_paths(user.key);
    if (user.wrong) require_one_line(*user.wrong);
    require(user.wrong || user.certificate.empty() == user.key.empty());
    require(user.wrong || !user.exec || !user.exec->command.empty());
  }
  const std::size_t before = config->contexts.size() + config->clusters.size() + config->users.size();
  merge(*config, *parse_kubeconfig(text, "/kube/config"));
  require(config->contexts.size() + config->clusters.size() + config->users.size() == before);
}

void check_credential(std::string_view text) {
  const auto credential = parse_plugin_credential(text, "client.authentication.k8s.io/v1");
  if (!credential) return require_one_line(credential.error());
  require(!credential->token.empty() || credential->certificate.has_value());
}

}  // namespace

/// Kubeconfigs, and what their plugins print: whatever it is, an error is one line.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check_kubeconfig(text);
  check_credential(text);
  return 0;
}
