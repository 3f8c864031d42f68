#pragma once

#include <filesystem>
#include <functional>
#include <memory>

#include "base/result.hpp"
#include "base/secret.hpp"
#include "connectors/kubernetes/exec_plugin.hpp"
#include "connectors/kubernetes/kubeconfig.hpp"
#include "identity/private_path.hpp"
#include "net/authorizer.hpp"
#include "net/clock.hpp"
#include "net/task.hpp"
#include "net/tls_options.hpp"

namespace tokensweep::kubernetes {

/// What proves to a cluster who asks, as it is at one moment.
struct Proof {
  Authorizer::Credential headers;                        ///< with those that say whom it is asked as; never null
  std::shared_ptr<const ClientCertificate> certificate;  ///< null: none. Another one needs other connections.
};

/// Where the proof comes from, and what keeps it fresh. Of the network thread.
class ProofSource {
 public:
  virtual ~ProofSource() = default;
  /// Renews what has aged. An error (`misconfigured`) quotes nothing.
  virtual Task<Result<Proof>> current() = 0;
  /// The cluster refused `refused` with 401: whether current() gives another one now.
  virtual Task<bool> renew(const Authorizer::Credential& refused) = 0;
};

/// One that stays as it is. `authorization` is a header's whole value; empty: there is none.
std::unique_ptr<ProofSource> fixed_proof(const Secret& authorization, const Impersonation& as,
                                         std::shared_ptr<const ClientCertificate> certificate);

/// `Basic …` for a user and a password.
Secret basic_authorization(const Secret& user, const Secret& password);
/// `Bearer …`
Secret bearer_authorization(std::string_view token);

/// A token that others write to a file from time to time.
struct TokenFile {
  std::filesystem::path file;
  Secret until_read;  ///< the token to use until the file can be read; may be empty
};

/// Reads the file again when its token is a minute old, or refused. One that cannot be read any more, or holds no
/// token, leaves the last one in force. `clock` has to outlive it.
std::unique_ptr<ProofSource> file_proof(TokenFile token, const Impersonation& as,
                                        std::shared_ptr<const ClientCertificate> certificate, Clock& clock);

/// Runs a plugin, off the network thread.
using RunPlugin = std::function<Task<Result<PluginCredential>>()>;

/// Runs the plugin when there is no credential yet, when it expires, and once when it was refused; once at a time,
/// whoever waits. What has expired when it comes is used all the same, for this machine's clock may be wrong. A
/// certificate of the kubeconfig's own goes before the plugin's. `clock` has to outlive it.
std::unique_ptr<ProofSource> plugin_proof(RunPlugin run, const Impersonation& as,
                                          std::shared_ptr<const ClientCertificate> certificate, Clock& clock);

}  // namespace tokensweep::kubernetes
