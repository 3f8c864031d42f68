#pragma once

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/environment.hpp"
#include "base/process.hpp"
#include "base/result.hpp"
#include "base/secret.hpp"
#include "connectors/kubernetes/kubeconfig.hpp"
#include "net/tls_options.hpp"

/// Credential plugins as kubectl runs them (client.authentication.k8s.io/v1 and v1beta1), and whom we let run what.
/// Nothing here runs anything. Errors (`misconfigured`) quote nothing that a plugin printed or is told.
namespace tokensweep::kubernetes {

/// How a plugin is run for a cluster. `authority` is the PEM text of those who vouch for it.
///
/// A kubeconfig may be somebody else's work, and a command can do anything. So of those that it names, only the usual
/// plugins of cloud providers run unasked: found in PATH, told to get a credential, and given no variables but those
/// that choose an account or a region. Any other has to be in `allowed`, by the name or the absolute path that the
/// kubeconfig has for it (a relative one belongs to its folder). Whatever runs is a file of root's or of ours that
/// nobody else can change. PATH's relative folders are passed over.
///
/// Fails where that does not hold, where the plugin is not there (with what its author says of installing it), where
/// it wants to talk to somebody, and where its version of the protocol is unknown.
Result<ProcessRun> plugin_run(const ExecPlugin& plugin, const ClusterEntry& cluster, std::string_view authority,
                              std::span<const std::string> allowed, const Environment& environment);

/// What a plugin gives: a token, a certificate or both.
struct PluginCredential {
  Secret token;  ///< may be empty
  std::optional<ClientCertificate> certificate;
  std::optional<std::chrono::sys_seconds> expires;  ///< empty: it holds until it is refused
};

/// What a plugin printed. Strict: another kind or version than was asked for is an error, and so is a credential that
/// cannot stand in a request's header.
Result<PluginCredential> parse_plugin_credential(std::string_view printed, std::string_view api_version);

}  // namespace tokensweep::kubernetes
