#include "connectors/github/app.hpp"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "identity/encoding.hpp"
#include "net/limit_signs.hpp"
#include "net/wait_line.hpp"

namespace tokensweep::github {
namespace {

using std::chrono::seconds;
using std::chrono::system_clock;

constexpr seconds kBefore{60};
constexpr seconds kAfter{540};
// A token of the App's own is made anew when it has less than this to live.
constexpr seconds kSpare{120};
constexpr seconds kInstallationSpare{300};
// An installation's token lives an hour. Whatever is said of it, it is used for a while: a refusal renews it.
constexpr seconds kLongestLife{3600};
constexpr seconds kShortestLife = kInstallationSpare + seconds(60);
// What a token says of itself is a few hundred bytes.
constexpr std::size_t kLargestAnswer = std::size_t{64} << 10U;

Error misconfigured(std::string what) { return {ErrorKind::misconfigured, std::move(what)}; }

template <auto free>
struct Freed {
  template <class T>
  void operator()(T* one) const {
    free(one);
  }
};
using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using Bio = std::unique_ptr<BIO, Freed<BIO_free>>;
using Digest = std::unique_ptr<EVP_MD_CTX, Freed<EVP_MD_CTX_free>>;

/// Instead of OpenSSL's, which would ask at the terminal.
int no_pass_phrase(char*, int, int, void*) { return -1; }

std::string base64url(std::string_view text) {
  return to_base64url({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
}

std::int64_t since_epoch(system_clock::time_point time) {
  return std::chrono::floor<seconds>(time.time_since_epoch()).count();
}

bool is_app_id(std::string_view id) {
  return !id.empty() && id.find_first_not_of("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz._-") ==
                            std::string_view::npos;
}

Authorizer::Credential bearer(const Secret& token) {
  WipedText value("Bearer ");
  value.append(token.reveal());
  std::vector<SecretHeader> headers;
  headers.push_back({"Authorization", Secret(value.view())});
  return std::make_shared<const std::vector<SecretHeader>>(std::move(headers));
}

class AppAuthorizer final : public Authorizer {
 public:
  AppAuthorizer(std::string id, AppKey key, const Clock& clock)
      : id_(std::move(id)), key_(std::move(key)), clock_(clock) {}

  Task<Result<Credential>> credential(const HttpRequest&) override {
    const auto now = clock_.wall() + behind_;
    // A clock that was set back makes a token that is not yet good.
    const bool fine = current_ && now < made_ + kAfter - kSpare && now >= made_ - kBefore;
    if (!fine) {
      CO_TRY(const Secret token, key_.token(id_, now));
      current_ = bearer(token);
      made_ = now;
    }
    co_return current_;
  }

  Task<bool> renew(Credential refused, const HttpResponse& response) override {
    // Another request's refusal has led to this already.
    if (refused != current_) co_return true;
    const auto now = clock_.wall() + behind_;
    const auto differs = their_time(response, now) - now;
    if (std::chrono::abs(differs) < kBefore) co_return false;
    behind_ += differs;
    current_.reset();
    co_return true;
  }

 private:
  std::string id_;
  AppKey key_;
  const Clock& clock_;
  Credential current_;
  system_clock::time_point made_;
  system_clock::duration behind_{0};  ///< our clock, behind GitHub's
};

class InstallationAuthorizer final : public Authorizer {
 public:
  InstallationAuthorizer(HttpClient& app, Url address, std::string body, const Clock& clock)
      : app_(app), address_(std::move(address)), body_(std::move(body)), clock_(clock) {}

  Task<Result<Credential>> credential(const HttpRequest&) override {
    while (fetching_) co_await waiting_.wait();
    if (current_ && clock_.now() < good_until_) co_return current_;
    fetching_ = true;
    auto fetched = co_await fetch();
    fetching_ = false;
    waiting_.wake_all();
    if (!fetched) co_return std::move(fetched).error();
    co_return current_;
  }

  Task<bool> renew(Credential refused, const HttpResponse&) override {
    if (refused == current_) current_.reset();
    co_return true;
  }

 private:
  Task<Result<>> fetch() {
    HttpRequest request{.method = "POST", .url = address_, .body = WipedText(body_), .largest_body = kLargestAnswer};
    request.headers.push_back({"Accept", "application/vnd.github+json"});
    request.headers.push_back({"Content-Type", "application/json"});
    CO_TRY(const HttpResponse response, co_await app_.send(request));
    if (response.status != 201) {
      co_return Error{ErrorKind::denied,
                      "the App gets no token for its installation: HTTP " + std::to_string(response.status)};
    }
    const auto reader = installation_token_reader();
    CO_TRY(const InstallationToken token, read_answer(*reader, response.body.view()));
    current_ = bearer(token.token);
    // By GitHub's clock, and then by the one of ours that nobody sets.
    const seconds life = token.expires_at - their_time(response, clock_.wall());
    good_until_ = clock_.now() + std::clamp(life, kShortestLife, kLongestLife) - kInstallationSpare;
    co_return Result<>();
  }

  HttpClient& app_;
  Url address_;
  std::string body_;
  const Clock& clock_;
  Credential current_;
  Clock::Instant good_until_;
  bool fetching_ = false;
  WaitLine waiting_;
};

}  // namespace

struct AppKey::Impl {
  Key key;
};

AppKey::AppKey(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
AppKey::AppKey(AppKey&&) noexcept = default;
AppKey& AppKey::operator=(AppKey&&) noexcept = default;
AppKey::~AppKey() = default;

Result<AppKey> AppKey::parse(std::string_view pem) {
  const Bio input(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  Key key(input == nullptr ? nullptr : PEM_read_bio_PrivateKey(input.get(), nullptr, no_pass_phrase, nullptr));
  if (key == nullptr) return misconfigured("is no private key in PEM without a pass phrase");
  if (EVP_PKEY_get_base_id(key.get()) != EVP_PKEY_RSA) return misconfigured("is no RSA key, as those of Apps are");
  auto impl = std::make_unique<Impl>();
  impl->key = std::move(key);
  return AppKey(std::move(impl));
}

Result<Secret> AppKey::token(std::string_view id, system_clock::time_point now) const {
  if (!is_app_id(id)) return misconfigured("app.id is no App's number or client id");
  std::string claims = R"({"iat":)" + std::to_string(since_epoch(now - kBefore)) + R"(,"exp":)" +
                       std::to_string(since_epoch(now + kAfter)) + R"(,"iss":")";
  claims.append(id).append("\"}");
  const std::string unsigned_token = base64url(R"({"alg":"RS256","typ":"JWT"})") + "." + base64url(claims);

  const Digest context(EVP_MD_CTX_new());
  const auto* bytes = reinterpret_cast<const unsigned char*>(unsigned_token.data());
  std::size_t size = static_cast<std::size_t>(EVP_PKEY_get_size(impl_->key.get()));
  std::vector<std::uint8_t> signature(size);
  if (context == nullptr || EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, impl_->key.get()) != 1 ||
      EVP_DigestSign(context.get(), signature.data(), &size, bytes, unsigned_token.size()) != 1) {
    return misconfigured("the App's key cannot sign");
  }
  WipedText token(unsigned_token);
  token.append(".");
  token.append(to_base64url(std::span(signature).first(size)));
  return Secret(token.view());
}

std::unique_ptr<Authorizer> app_authorizer(std::string id, AppKey key, const Clock& clock) {
  return std::make_unique<AppAuthorizer>(std::move(id), std::move(key), clock);
}

Permissions wanted_permissions(const Permissions& granted) {
  Permissions wanted;
  for (const auto& [name, level] : granted) {
    const bool fine = name.find_first_not_of("abcdefghijklmnopqrstuvwxyz_") == std::string::npos;
    const bool of_use = name == "metadata" || name == "actions" || name == "contents" || name == "environments" ||
                        name == "organization_administration" || name.ends_with("secrets") ||
                        name.ends_with("variables") || name.ends_with("private_registries");
    if (!fine || !of_use) continue;
    wanted.emplace(name, name == "codespaces_secrets" && level == "write" ? "write" : "read");
  }
  return wanted;
}

std::string token_request(const Permissions& permissions) {
  std::string body = R"({"permissions":{)";
  for (const auto& [name, level] : permissions) {
    body.append(body.ends_with('{') ? "\"" : ",\"").append(name).append("\":\"").append(level).append("\"");
  }
  return body.append("}}");
}

std::unique_ptr<Authorizer> installation_authorizer(HttpClient& app, const Site& site, const Installation& installation,
                                                    const Clock& clock) {
  return std::make_unique<InstallationAuthorizer>(
      app, site.at("/app/installations/" + std::to_string(installation.id) + "/access_tokens"),
      token_request(wanted_permissions(installation.permissions)), clock);
}

}  // namespace tokensweep::github
