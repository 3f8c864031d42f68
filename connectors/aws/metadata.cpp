#include "connectors/aws/metadata.hpp"

#include <algorithm>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <cstddef>
#include <filesystem>
#include <utility>

#include "base/wiped_text.hpp"
#include "connectors/aws/parse.hpp"
#include "connectors/private_file.hpp"

namespace tokensweep::aws {
namespace {

using std::chrono::seconds;

constexpr std::size_t kLargestAnswer = std::size_t{64} << 10U;
constexpr std::size_t kLargestToken = std::size_t{16} << 10U;
constexpr std::size_t kLongestRole = 128;
constexpr seconds kContainerPatience{2};
constexpr seconds kInstancePatience{1};
constexpr std::string_view kContainerHost = "http://169.254.170.2";

Error misconfigured(std::string what) { return {ErrorKind::misconfigured, std::move(what)}; }

/// The answer, if it comes in time: who is on no such host would wait long for nothing, and try again.
Task<Result<HttpResponse>> send_in_time(const Outside& outside, HttpClient& client, const HttpRequest& request,
                                        seconds patience) {
  using boost::asio::experimental::awaitable_operators::operator||;
  Clock& clock = outside.services.clock;
  auto sending = client.send(request);
  auto waiting = clock.sleep_until(clock.now() + patience);
  auto first = co_await (std::move(sending) || std::move(waiting));
  if (first.index() == 0) co_return std::get<0>(std::move(first));
  co_return Error{ErrorKind::transient, "no answer in " + std::to_string(patience.count()) + " s"};
}

class ContainerKeys final : public KeySource {
 public:
  ContainerKeys(const Outside& outside, Url url, std::string source)
      : outside_(outside), url_(std::move(url)), source_(std::move(source)) {}

  Task<Result<Keys>> fetch() override {
    auto keys = co_await fetch_unnamed();
    if (!keys) co_return std::move(keys).error().within(source_);
    co_return keys;
  }

 private:
  Task<Result<Keys>> fetch_unnamed() {
    CO_TRY(auto authorization, authorization_header());
    auto authorizer =
        authorization ? fixed_credential("Authorization", "", std::move(*authorization)) : no_credential();
    CO_TRY(const auto client, outside_.client("container", url_.origin, std::move(authorizer)));
    HttpRequest request{.url = url_, .largest_body = kLargestAnswer};
    request.headers.push_back({"Accept", "application/json"});
    CO_TRY(const HttpResponse response, co_await send_in_time(outside_, *client, request, kContainerPatience));
    if (response.status != 200) co_return misconfigured("HTTP " + std::to_string(response.status));
    co_return parse_metadata_keys(response.body.view(), source_);
  }

  [[nodiscard]] Result<std::optional<Secret>> authorization_header() const {
    if (const auto file = outside_.variable("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE")) {
      auto text = read_private_file(*file, kLargestToken, Sharing::may_be_read);
      if (!text) return std::move(text).error().within("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
      if (!*text) return misconfigured("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: is not there");
      return checked((*text)->view(), "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
    }
    if (auto value = outside_.variable("AWS_CONTAINER_AUTHORIZATION_TOKEN")) {
      auto secret = checked(*value, "AWS_CONTAINER_AUTHORIZATION_TOKEN");
      wipe(value->data(), value->size());
      return secret;
    }
    return std::optional<Secret>();
  }

  static Result<std::optional<Secret>> checked(std::string_view text, std::string_view name) {
    const bool is_line = std::ranges::none_of(text, [](char c) { return (c >= 0 && c < ' ') || c == '\x7f'; });
    if (!is_line) return misconfigured(std::string(name) + ": holds a line break or another control character");
    return std::optional(Secret(text));
  }

  const Outside& outside_;
  Url url_;
  std::string source_;
};

class InstanceKeys final : public KeySource {
 public:
  InstanceKeys(const Outside& outside, Url url, bool takes_version_1, std::string source)
      : outside_(outside), url_(std::move(url)), takes_version_1_(takes_version_1), source_(std::move(source)) {}

  Task<Result<Keys>> fetch() override {
    auto keys = co_await fetch_unnamed();
    if (!keys) co_return std::move(keys).error().within(source_);
    co_return keys;
  }

 private:
  Task<Result<Keys>> fetch_unnamed() {
    CO_TRY(auto token, co_await session_token());
    auto authorizer = token ? fixed_credential("x-aws-ec2-metadata-token", "", std::move(*token)) : no_credential();
    CO_TRY(const auto client, outside_.client("instance", url_.origin, std::move(authorizer)));
    CO_TRY(const WipedText role, co_await get(*client, kRoles));
    const std::string name(role.view().substr(0, role.view().find('\n')));
    if (name.empty() || name.size() > kLongestRole) co_return misconfigured("the instance has no role");
    CO_TRY(const WipedText keys, co_await get(*client, std::string(kRoles) + percent_encoded(name)));
    co_return parse_metadata_keys(keys.view(), source_);
  }

  /// Version 2's token. Nothing where version 1 will do.
  Task<Result<std::optional<Secret>>> session_token() {
    CO_TRY(const auto client, outside_.client("instance", url_.origin, no_credential()));
    HttpRequest request{.method = "PUT", .url = url_.at("/latest/api/token"), .largest_body = kLargestAnswer};
    request.headers.push_back({"x-aws-ec2-metadata-token-ttl-seconds", "21600"});
    CO_TRY(const HttpResponse response, co_await send_in_time(outside_, *client, request, kInstancePatience));
    const int status = response.status;
    if (status == 200 && !response.body.empty()) co_return std::optional(Secret(response.body.view()));
    const bool is_old = status == 403 || status == 404 || status == 405;
    if (is_old && takes_version_1_) co_return std::optional<Secret>();
    co_return misconfigured("gives no token: HTTP " + std::to_string(status));
  }

  Task<Result<WipedText>> get(HttpClient& client, std::string target) {
    HttpRequest request{.url = url_.at(target), .largest_body = kLargestAnswer};
    CO_TRY(HttpResponse response, co_await send_in_time(outside_, client, request, kInstancePatience));
    if (response.status == 404) co_return misconfigured("the instance has no role");
    if (response.status != 200) co_return misconfigured("HTTP " + std::to_string(response.status));
    co_return std::move(response.body);
  }

  static constexpr const char* kRoles = "/latest/meta-data/iam/security-credentials/";
  const Outside& outside_;
  Url url_;
  bool takes_version_1_;
  std::string source_;
};

}  // namespace

bool has_container_keys(const Outside& outside) {
  return outside.variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") ||
         outside.variable("AWS_CONTAINER_CREDENTIALS_FULL_URI");
}

Result<std::unique_ptr<KeySource>> container_keys(const Outside& outside, std::string source) {
  const auto relative = outside.variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
  const auto full = outside.variable("AWS_CONTAINER_CREDENTIALS_FULL_URI");
  const char* const name = relative ? "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI" : "AWS_CONTAINER_CREDENTIALS_FULL_URI";
  if (relative && !relative->starts_with('/')) return misconfigured(std::string(name) + ": expected a path");
  auto url = Url::parse(relative ? std::string(kContainerHost) + *relative : full.value_or(""));
  if (!url) return misconfigured(std::move(url).error().within(name).what);
  if (!url->origin.tls && !is_safe_without_tls(url->origin)) {
    return misconfigured(std::string(name) + ": neither https, nor an address on this host");
  }
  return std::unique_ptr<KeySource>(std::make_unique<ContainerKeys>(outside, std::move(*url), std::move(source)));
}

Result<std::unique_ptr<KeySource>> instance_keys(const Outside& outside, const Profile* profile, std::string source) {
  const Environment& environment = outside.services.environment;
  TRY(const bool is_off, is_on(environment, "AWS_EC2_METADATA_DISABLED", nullptr, ""));
  if (is_off) return misconfigured(source + ": switched off by AWS_EC2_METADATA_DISABLED");
  TRY(const bool only_2, is_on(environment, "AWS_EC2_METADATA_V1_DISABLED", profile, "ec2_metadata_v1_disabled"));
  std::string address = "http://169.254.169.254";
  const auto from_profile = [profile](std::string_view key) {
    return profile == nullptr ? std::nullopt : profile->text(key);
  };
  auto mode = outside.variable("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE");
  if (!mode) mode = from_profile("ec2_metadata_service_endpoint_mode");
  if (mode == "IPv6" || mode == "ipv6") address = "http://[fd00:ec2::254]";
  auto named = outside.variable("AWS_EC2_METADATA_SERVICE_ENDPOINT");
  if (!named) named = from_profile("ec2_metadata_service_endpoint");
  auto url = Url::parse(named.value_or(address));
  if (!url) return misconfigured(std::move(url).error().within("AWS_EC2_METADATA_SERVICE_ENDPOINT").what);
  return std::unique_ptr<KeySource>(
      std::make_unique<InstanceKeys>(outside, std::move(*url), !only_2, std::move(source)));
}

}  // namespace tokensweep::aws
