#include "connectors/aws/sso.hpp"

#include <openssl/evp.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <utility>

#include "base/wiped_text.hpp"
#include "connectors/aws/error_code.hpp"
#include "connectors/aws/parse.hpp"
#include "connectors/private_file.hpp"
#include "identity/encoding.hpp"

namespace tokensweep::aws {
namespace {

namespace fs = std::filesystem;
using std::chrono::seconds;

constexpr std::size_t kLargestFile = std::size_t{64} << 10U;
constexpr std::size_t kLargestAnswer = std::size_t{64} << 10U;
// A token that ends sooner than this is refreshed first.
constexpr seconds kSpare{60};

Error misconfigured(std::string what) { return {ErrorKind::misconfigured, std::move(what)}; }

/// The cache's file for a session's name, or a start address.
std::string cache_name(std::string_view key) {
  std::array<std::uint8_t, 20> digest{};
  EVP_Digest(key.data(), key.size(), digest.data(), nullptr, EVP_sha1(), nullptr);
  return to_hex(digest) + ".json";
}

/// The token of a login. That it is refused is an answer like any other: it means to log in.
class Bearer final : public Authorizer {
 public:
  explicit Bearer(const Secret& token) {
    std::vector<SecretHeader> headers;
    headers.push_back({"x-amz-sso_bearer_token", Secret(token.reveal())});
    credential_ = std::make_shared<const std::vector<SecretHeader>>(std::move(headers));
  }
  Task<Result<Credential>> credential(const HttpRequest& /*request*/) override { co_return credential_; }
  [[nodiscard]] bool is_refusal(const HttpResponse& /*answer*/) const override { return false; }
  Task<bool> renew(Credential /*refused*/, const HttpResponse& /*answer*/) override { co_return false; }

 private:
  Credential credential_;
};

class SsoKeys final : public KeySource {
 public:
  SsoKeys(const Outside& outside, SsoRole role, std::string source)
      : outside_(outside), role_(std::move(role)), source_(std::move(source)) {}

  Task<Result<Keys>> fetch() override {
    auto keys = co_await fetch_unnamed();
    if (!keys) co_return std::move(keys).error().within(source_);
    co_return keys;
  }

 private:
  [[nodiscard]] Error log_in(std::string_view why) const {
    return misconfigured(std::string(why) + ": run `aws sso login --profile " + role_.profile + "`");
  }
  [[nodiscard]] Time now() const { return std::chrono::floor<seconds>(outside_.services.clock.wall()); }
  [[nodiscard]] bool is_good(const SsoToken& token) const { return token.expires_at > now() + kSpare; }

  Task<Result<Keys>> fetch_unnamed() {
    // Read each time: whoever logs in meanwhile leaves a new one there.
    CO_TRY(SsoToken cached, read_cache());
    if (is_good(cached)) co_return co_await role_credentials(cached.access_token);
    if (!refreshed_ || !is_good(*refreshed_)) CO_TRY_VOID(co_await refresh(cached));
    co_return co_await role_credentials(refreshed_->access_token);
  }

  Result<SsoToken> read_cache() const {
    const auto home = outside_.variable("HOME");
    if (!home) return log_in("no home directory with a login in it");
    const fs::path file = fs::path(*home) / ".aws/sso/cache" / cache_name(role_.session.value_or(role_.start_url));
    auto text = read_private_file(file, kLargestFile);
    if (!text) return std::move(text).error().within(file.native());
    if (!*text) return log_in("nobody has logged in");
    auto token = parse_sso_cache((*text)->view());
    if (!token) return log_in(std::move(token).error().within(file.native()).what);
    return token;
  }

  /// Gets another token by that of a login, or of the last refresh.
  Task<Result<>> refresh(const SsoToken& cached) {
    const auto& refresh_token =
        refreshed_ && refreshed_->refresh_token ? refreshed_->refresh_token : cached.refresh_token;
    const bool can = role_.session && refresh_token && cached.registration_ends > now();
    if (!can) co_return log_in("the login has ended");
    CO_TRY(Url url, outside_.endpoints.of("sso-oidc", role_.region));
    CO_TRY(const auto client, outside_.client("sso-oidc", url.origin, no_credential()));
    HttpRequest request{.method = "POST", .url = url.at("/token"), .largest_body = kLargestAnswer};
    request.headers.push_back({"Content-Type", "application/json"});
    // All of them can stand in JSON as they are (SsoToken).
    const std::array<std::string_view, 7> parts = {R"({"grantType":"refresh_token","clientId":")",
                                                   cached.client_id,
                                                   R"(","clientSecret":")",
                                                   cached.client_secret.reveal(),
                                                   R"(","refreshToken":")",
                                                   refresh_token->reveal(),
                                                   R"("})"};
    for (const std::string_view part : parts) request.body.append(part);
    CO_TRY(const HttpResponse response, co_await client->send(request));
    if (response.status != 200) co_return log_in("the login cannot be refreshed");
    auto token = parse_refreshed_token(response.body.view(), now());
    if (!token) co_return std::move(token).error().within("sso-oidc");
    refreshed_ = std::move(*token);
    co_return Result<>();
  }

  Task<Result<Keys>> role_credentials(const Secret& token) {
    CO_TRY(Url url, outside_.endpoints.of("sso", role_.region));
    const std::string target = "/federation/credentials?role_name=" + percent_encoded(role_.role_name) +
                               "&account_id=" + percent_encoded(role_.account_id);
    auto bearer = std::make_unique<Bearer>(token);
    CO_TRY(const auto client, outside_.client("sso", url.origin, std::move(bearer)));
    HttpRequest request{.url = url.at(target), .largest_body = kLargestAnswer};
    CO_TRY(const HttpResponse response, co_await client->send(request));
    if (response.status == 401) co_return log_in("the login is not accepted any more");
    if (response.status != 200) {
      const std::string code = error_code(response);
      co_return misconfigured("sso: refuses the role: " +
                              (code.empty() ? "HTTP " + std::to_string(response.status) : code));
    }
    auto keys = parse_sso_keys(response.body.view(), source_);
    if (!keys) co_return std::move(keys).error().within("sso");
    co_return keys;
  }

  const Outside& outside_;
  SsoRole role_;
  std::string source_;
  std::optional<SsoToken> refreshed_;
};

}  // namespace

std::unique_ptr<KeySource> sso_keys(const Outside& outside, SsoRole role, std::string source) {
  return std::make_unique<SsoKeys>(outside, std::move(role), std::move(source));
}

}  // namespace tokensweep::aws
