#include "connectors/kubernetes/proof.hpp"

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/base64.hpp"
#include "connectors/private_file.hpp"
#include "net/url.hpp"
#include "net/wait_line.hpp"

namespace tokensweep::kubernetes {
namespace {

constexpr std::chrono::seconds kTokenAge{60};
constexpr std::size_t kLargestToken = std::size_t{64} << 10U;

Error misconfigured(std::string what) { return {ErrorKind::misconfigured, std::move(what)}; }

std::string lower_case(std::string_view text) {
  std::string lowered(text);
  for (char& c : lowered) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return lowered;
}

Authorizer::Credential headers_of(std::string_view authorization, const Impersonation& as) {
  std::vector<SecretHeader> headers;
  const auto add = [&headers](std::string name, std::string_view value) {
    headers.push_back({std::move(name), Secret(value)});
  };
  if (!authorization.empty()) add("Authorization", authorization);
  if (!as.user.empty()) add("Impersonate-User", as.user);
  if (!as.uid.empty()) add("Impersonate-Uid", as.uid);
  for (const std::string& group : as.groups) add("Impersonate-Group", group);
  for (const auto& [key, value] : as.extra) add("Impersonate-Extra-" + percent_encoded(lower_case(key)), value);
  return std::make_shared<const std::vector<SecretHeader>>(std::move(headers));
}

/// Without the blanks around it.
std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  const std::size_t begin = text.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
}

Result<Secret> read_token(const std::filesystem::path& file) {
  // Kubelets show a pod's token to all in the pod.
  auto text = read_private_file(file, kLargestToken, Sharing::may_be_read);
  if (!text) return std::move(text).error().within("tokenFile");
  if (!*text) return misconfigured("tokenFile: there is no such file");
  const std::string_view token = trimmed((*text)->view());
  // Whatever else a kubeconfig names, a key or a letter, does not leave this machine.
  if (token.empty() || !std::all_of(token.begin(), token.end(), [](char c) { return c > ' ' && c <= '~'; })) {
    return misconfigured("tokenFile: holds no token, which is one line without blanks");
  }
  return Secret(token);
}

class FixedProof final : public ProofSource {
 public:
  explicit FixedProof(Proof proof) : proof_(std::move(proof)) {}
  Task<Result<Proof>> current() override { co_return proof_; }
  Task<bool> renew(const Authorizer::Credential& /*refused*/) override { co_return false; }

 private:
  Proof proof_;
};

class FileProof final : public ProofSource {
 public:
  FileProof(TokenFile token, const Impersonation& as, std::shared_ptr<const ClientCertificate> certificate,
            Clock& clock)
      : file_(std::move(token.file)), token_(std::move(token.until_read)), as_(as), clock_(clock) {
    proof_.certificate = std::move(certificate);
    if (!token_.empty()) proof_.headers = headers_of(bearer_authorization(token_.reveal()).reveal(), as_);
  }

  Task<Result<Proof>> current() override {
    if (!proof_.headers || clock_.now() >= next_look_) CO_TRY_VOID(look());
    co_return proof_;
  }

  Task<bool> renew(const Authorizer::Credential& refused) override {
    co_return look().has_value() && proof_.headers != refused;
  }

 private:
  /// An error where there is no token at all.
  Result<> look() {
    next_look_ = clock_.now() + kTokenAge;
    auto token = read_token(file_);
    if (!token) return proof_.headers ? Result<>() : Result<>(std::move(token).error());
    if (proof_.headers && token->reveal() == token_.reveal()) return {};
    token_ = std::move(*token);
    proof_.headers = headers_of(bearer_authorization(token_.reveal()).reveal(), as_);
    return {};
  }

  std::filesystem::path file_;
  Secret token_;
  Impersonation as_;
  Clock& clock_;
  Clock::Instant next_look_ = Clock::Instant::min();
  Proof proof_;
};

class PluginProof final : public ProofSource {
 public:
  PluginProof(RunPlugin run, const Impersonation& as, std::shared_ptr<const ClientCertificate> certificate,
              Clock& clock)
      : run_(std::move(run)), as_(as), own_certificate_(std::move(certificate)), clock_(clock) {}

  Task<Result<Proof>> current() override {
    if (is_fresh()) co_return proof_;
    const auto turn = co_await running_.enter();
    if (!is_fresh()) CO_TRY_VOID(co_await run());
    co_return proof_;
  }

  Task<bool> renew(const Authorizer::Credential& refused) override {
    const auto turn = co_await running_.enter();
    if (proof_.headers != refused) co_return true;
    const auto ran = co_await run();
    co_return ran.has_value();
  }

 private:
  [[nodiscard]] bool is_fresh() const { return proof_.headers && (!expires_ || now() < *expires_); }
  /// In whole seconds: in those of the clock itself, a moment after the year 2262 lies in the past.
  [[nodiscard]] std::chrono::sys_seconds now() const { return std::chrono::floor<std::chrono::seconds>(clock_.wall()); }

  Task<Result<>> run() {
    CO_TRY(PluginCredential credential, co_await run_());
    expires_ = credential.expires;
    // A plugin that says so at once, each time, would run for each request.
    if (expires_ && *expires_ <= now()) expires_.reset();
    const bool has_token = !credential.token.empty();
    proof_.headers =
        headers_of(has_token ? bearer_authorization(credential.token.reveal()).reveal() : std::string_view(), as_);
    if (own_certificate_) {
      proof_.certificate = own_certificate_;
    } else if (!same(credential.certificate)) {
      proof_.certificate = credential.certificate
                               ? std::make_shared<const ClientCertificate>(std::move(*credential.certificate))
                               : nullptr;
    }
    co_return Result<>();
  }

  /// Whether it is the certificate that is in use: then its connections stay.
  [[nodiscard]] bool same(const std::optional<ClientCertificate>& other) const {
    if (!other || !proof_.certificate) return !other && !proof_.certificate;
    return other->certificates.reveal() == proof_.certificate->certificates.reveal() &&
           other->key.reveal() == proof_.certificate->key.reveal();
  }

  RunPlugin run_;
  Impersonation as_;
  std::shared_ptr<const ClientCertificate> own_certificate_;
  Clock& clock_;
  Semaphore running_{1};
  std::optional<std::chrono::sys_seconds> expires_;
  Proof proof_;
};

}  // namespace

Secret bearer_authorization(std::string_view token) {
  WipedText value;
  value.reserve(token.size() + 8);
  value.append("Bearer ");
  value.append(token);
  return Secret(value.view());
}

Secret basic_authorization(const Secret& user, const Secret& password) {
  WipedText both;
  both.reserve(user.size() + password.size() + 1);
  both.append(user.reveal());
  both.append(":");
  both.append(password.reveal());
  WipedText value("Basic ");
  value.reserve(2 * both.size() + 16);
  append_base64(value, both.view());
  return Secret(value.view());
}

std::unique_ptr<ProofSource> fixed_proof(const Secret& authorization, const Impersonation& as,
                                         std::shared_ptr<const ClientCertificate> certificate) {
  Proof proof{.headers = headers_of(authorization.reveal(), as), .certificate = std::move(certificate)};
  return std::make_unique<FixedProof>(std::move(proof));
}

std::unique_ptr<ProofSource> file_proof(TokenFile token, const Impersonation& as,
                                        std::shared_ptr<const ClientCertificate> certificate, Clock& clock) {
  return std::make_unique<FileProof>(std::move(token), as, std::move(certificate), clock);
}

std::unique_ptr<ProofSource> plugin_proof(RunPlugin run, const Impersonation& as,
                                          std::shared_ptr<const ClientCertificate> certificate, Clock& clock) {
  return std::make_unique<PluginProof>(std::move(run), as, std::move(certificate), clock);
}

}  // namespace tokensweep::kubernetes
