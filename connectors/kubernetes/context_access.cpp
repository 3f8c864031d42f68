#include "connectors/kubernetes/context_access.hpp"

#include <openssl/evp.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

#include "connectors/kubernetes/exec_plugin.hpp"
#include "connectors/kubernetes/proof.hpp"
#include "connectors/kubernetes/proven_client.hpp"
#include "connectors/private_file.hpp"
#include "identity/encoding.hpp"
#include "net/off_thread.hpp"

namespace tokensweep::kubernetes {
namespace {

/// Of a file with certificates or a key; some name all authorities of a company.
constexpr std::size_t kLargestPem = std::size_t{1} << 20U;

Error misconfigured(std::string what) { return {ErrorKind::misconfigured, std::move(what)}; }

std::string sha256(std::string_view text) {
  std::array<std::uint8_t, 32> digest{};
  EVP_Digest(text.data(), text.size(), digest.data(), nullptr, EVP_sha256(), nullptr);
  return to_hex(digest);
}

/// What stands in the kubeconfig or in the file that it names; empty where it has neither. `name` is the field's.
Result<Secret> read(const DataOrFile& source, std::string_view name, Sharing sharing) {
  if (!source.data.empty() || source.file.empty()) return Secret(source.data.reveal());
  auto text = read_private_file(source.file, kLargestPem, sharing);
  if (!text) return std::move(text).error().within(name);
  if (!*text) return misconfigured(std::string(name) + ": there is no such file");
  return Secret((*text)->view());
}

/// kubectl takes an address without a scheme, too.
Result<Url> read_server(const std::string& server) {
  if (server.empty()) return misconfigured("server: the cluster names none");
  auto url = Url::parse(server.find("://") == std::string::npos ? "https://" + server : server);
  if (!url || url->target.find('?') != std::string::npos) {
    return misconfigured("server: expected an address such as https://kube.corp.example:6443");
  }
  while (url->target.size() > 1 && url->target.ends_with('/')) url->target.pop_back();
  if (!url->origin.tls && !is_loopback(url->origin)) {
    return misconfigured("server: without TLS, only this machine is asked: use https");
  }
  return url;
}

bool is_below(const std::filesystem::path& file, const std::filesystem::path& folder) {
  const std::filesystem::path relative = file.lexically_relative(folder);
  return !relative.empty() && *relative.begin() != ".." && *relative.begin() != ".";
}

/// A kubeconfig may be somebody else's work, and what a token file holds is sent to the server that it names.
bool may_hold_token(const std::filesystem::path& file, const std::filesystem::path& folder) {
  return is_below(file, folder) || is_below(file, "/var/run/secrets") || is_below(file, "/run/secrets");
}

/// Says of an error that it is the plugin's.
template <class T>
Result<T> of_plugin(Result<T> result) {
  if (!result) return std::move(result).error().within("exec");
  return result;
}

class ContextAccess final : public ClusterAccess {
 public:
  ContextAccess(ContextTarget target, const Services& services)
      : ClusterAccess(std::move(target.cluster)),
        means_(std::move(target.means)),
        authority_(std::move(target.authority)),
        services_(services) {}

  Task<Result<std::unique_ptr<HttpClient>>> connect(Limits limits) override {
    auto client = co_await connect_unplaced(std::move(limits));
    if (!client) co_return std::move(client).error().within(means_.place);
    co_return client;
  }

 private:
  Task<Result<std::unique_ptr<HttpClient>>> connect_unplaced(Limits limits) {
    CO_TRY(std::shared_ptr<ProofSource> source, proof_source());
    MakeClient make = [this, limits = std::move(limits)](std::unique_ptr<Authorizer> authorizer,
                                                         const ClientCertificate* certificate) {
      return make_unnamed(options(std::move(authorizer), certificate, limits));
    };
    co_return co_await proven_client(means_.context, std::move(source), std::move(make));
  }

  /// The place says which context it is.
  Result<std::unique_ptr<HttpClient>> make_unnamed(ClientOptions options) {
    auto made = services_.clients.make(std::move(options));
    const std::string name = means_.context + ": ";
    if (!made && made.error().what.starts_with(name)) made.error().what.erase(0, name.size());
    return made;
  }

  ClientOptions options(std::unique_ptr<Authorizer> authorizer, const ClientCertificate* certificate,
                        const Limits& limits) const {
    ClientOptions options;
    options.name = means_.context;
    options.origin = cluster().server.origin;
    options.authorizer = std::move(authorizer);
    options.limits = limits;
    options.tls.ca_pem = authority_;
    if (authority_.empty()) options.tls.ca_file = means_.ca_file;
    options.tls.server_name = means_.cluster->server_name;
    if (certificate != nullptr) {
      options.tls.client.emplace();
      options.tls.client->certificates = Secret(certificate->certificates.reveal());
      options.tls.client->key = Secret(certificate->key.reveal());
    }
    options.timeout = means_.timeout;
    options.proxy = means_.proxy;
    if (!means_.cluster->proxy.empty()) options.proxy = std::string(means_.cluster->proxy.reveal());
    return options;
  }

  /// An `Authorization` that the kubeconfig itself has goes before the plugin's, which then is not run.
  Result<std::shared_ptr<ProofSource>> proof_source() {
    const UserEntry& user = *means_.user;
    TRY(auto certificate, read_certificate());
    const bool has_password = !user.username.empty() || !user.password.empty();
    const bool proves = certificate || has_password || !user.token.empty() || !user.token_file.empty() || user.exec;
    if (proves && !cluster().server.origin.tls) {
      return misconfigured("server: a credential is sent by https alone, and the user has one");
    }
    if (!user.token_file.empty()) {
      if (!may_hold_token(user.token_file, user.folder)) {
        return misconfigured("tokenFile: is outside the kubeconfig's folder: move it below that folder");
      }
      TokenFile token{.file = user.token_file, .until_read = Secret(user.token.reveal())};
      return std::shared_ptr(file_proof(std::move(token), user.as, std::move(certificate), services_.clock));
    }
    if (!user.exec || has_password || !user.token.empty()) {
      Secret authorization;
      if (!user.token.empty()) authorization = bearer_authorization(user.token.reveal());
      if (has_password) authorization = basic_authorization(user.username, user.password);
      return std::shared_ptr(fixed_proof(authorization, user.as, std::move(certificate)));
    }
    RunPlugin run = [this] { return run_plugin(); };
    return std::shared_ptr(plugin_proof(std::move(run), user.as, std::move(certificate), services_.clock));
  }

  [[nodiscard]] Result<std::shared_ptr<const ClientCertificate>> read_certificate() const {
    const UserEntry& user = *means_.user;
    if (user.certificate.empty()) return std::shared_ptr<const ClientCertificate>();
    auto both = std::make_shared<ClientCertificate>();
    TRY(both->certificates, read(user.certificate, "client-certificate", Sharing::may_be_read));
    TRY(both->key, read(user.key, "client-key", Sharing::none));
    return std::shared_ptr<const ClientCertificate>(std::move(both));
  }

  Task<Result<PluginCredential>> run_plugin() {
    const ExecPlugin& plugin = *means_.user->exec;
    CO_TRY(const ProcessRun run,
           of_plugin(plugin_run(plugin, *means_.cluster, authority_, means_.allowed_commands, services_.environment)));
    Result<WipedText> printed = WipedText();
    const auto work = [&run, &printed](const std::stop_token& stop) {
      printed = output_of(run, [&stop] { return stop.stop_requested(); });
    };
    co_await off_thread(work);
    CO_TRY(const WipedText text, of_plugin(std::move(printed)));
    co_return of_plugin(parse_plugin_credential(text.view(), plugin.api_version));
  }

  ContextMeans means_;
  std::string authority_;  ///< as in ContextTarget
  const Services& services_;
};

Result<ContextTarget> target_unplaced(ContextMeans means) {
  if (means.cluster->wrong) return Error(*means.cluster->wrong).within("cluster");
  if (means.user->wrong) return Error(*means.user->wrong).within("user");
  ContextTarget target;
  TRY(target.cluster.server, read_server(means.cluster->server));
  TRY(const Secret authority, read(means.cluster->authority, "certificate-authority", Sharing::may_be_read));
  if (means.cluster->skips_verification && authority.empty() && !means.ca_file) {
    return misconfigured(
        "insecure-skip-tls-verify: a credential never goes to a server that is not verified: name its authority in "
        "certificate-authority or ca_file");
  }
  target.cluster.context = means.context;
  if (!authority.empty()) target.cluster.authority = sha256(authority.reveal());
  if (!means.default_namespace.empty()) target.cluster.namespaces.push_back(means.default_namespace);
  target.authority = authority.reveal();
  target.means = std::move(means);
  return target;
}

}  // namespace

Result<ContextTarget> context_target(ContextMeans means) {
  const std::string place = means.place;
  auto target = target_unplaced(std::move(means));
  if (!target) return std::move(target).error().within(place);
  return target;
}

std::unique_ptr<ClusterAccess> context_access(ContextTarget target, const Services& services) {
  return std::make_unique<ContextAccess>(std::move(target), services);
}

}  // namespace tokensweep::kubernetes
