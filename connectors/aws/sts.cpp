#include "connectors/aws/sts.hpp"

#include <cstddef>
#include <string_view>
#include <utility>

#include "base/wiped_text.hpp"
#include "connectors/aws/error_code.hpp"
#include "connectors/aws/sigv4.hpp"
#include "connectors/private_file.hpp"

namespace tokensweep::aws {
namespace {

namespace fs = std::filesystem;

// An answer is some 2 KB, and a token of an identity provider as much.
constexpr std::size_t kLargestAnswer = std::size_t{64} << 10U;
constexpr std::size_t kLargestToken = std::size_t{64} << 10U;

Error misconfigured(std::string what) { return {ErrorKind::misconfigured, std::move(what)}; }

/// Form fields. Values are taken as they are, and encoded.
class Form {
 public:
  explicit Form(std::string_view action) {
    add("Action", action);
    add("Version", "2011-06-15");
  }
  void add(std::string_view name, std::string_view value) {
    if (!text_.empty()) text_.append("&");
    text_.append(name);
    text_.append("=");
    // Piece by piece, so that no copy of a token stays behind that nobody wipes.
    for (std::size_t at = 0; at < value.size(); ++at) text_.append(percent_encoded(value.substr(at, 1)));
  }
  WipedText take() && { return std::move(text_); }

 private:
  WipedText text_;
};

Form role_form(std::string_view action, const Role& role) {
  Form form(action);
  form.add("RoleArn", role.arn);
  form.add("RoleSessionName", role.session_name.value_or("tokensweep"));
  if (role.duration_seconds) form.add("DurationSeconds", std::to_string(*role.duration_seconds));
  if (role.external_id) form.add("ExternalId", *role.external_id);
  return form;
}

/// STS of the session's region, else of the home of the partition that the ARN is of.
std::string sts_region(const Outside& outside, std::string_view arn) {
  if (outside.region) return *outside.region;
  const std::size_t begin = arn.starts_with("arn:") ? 4 : arn.size();
  const Partition* const partition = partition_named(arn.substr(begin, arn.find(':', begin) - begin));
  return std::string(partition == nullptr ? "us-east-1" : partition->home);
}

/// Posts a form, signed where there are keys, and gives the answer's body.
Task<Result<WipedText>> post(const Outside& outside, std::string region, std::shared_ptr<KeyProvider> keys, Form form) {
  CO_TRY(Url url, outside.endpoints.of("sts", region));
  auto authorizer = keys == nullptr
                        ? no_credential()
                        : sigv4_authorizer(std::move(keys), {std::move(region), "sts"}, outside.services.clock);
  CO_TRY(const auto client, outside.client("sts", url.origin, std::move(authorizer)));
  HttpRequest request{
      .method = "POST", .url = std::move(url), .body = std::move(form).take(), .largest_body = kLargestAnswer};
  request.headers.push_back({"Content-Type", "application/x-www-form-urlencoded; charset=utf-8"});
  CO_TRY(HttpResponse response, co_await client->send(request));
  if (response.status == 200) co_return std::move(response.body);
  const std::string code = error_code(response);
  const bool is_denied = code == "AccessDenied" || code == "AccessDeniedException";
  const std::string why = code.empty() ? "HTTP " + std::to_string(response.status) : code;
  co_return Error{is_denied ? ErrorKind::denied : ErrorKind::misconfigured, "sts: refuses: " + why};
}

class AssumedRole final : public KeySource {
 public:
  AssumedRole(const Outside& outside, Role role, std::shared_ptr<KeyProvider> base, std::string source)
      : outside_(outside), role_(std::move(role)), base_(std::move(base)), source_(std::move(source)) {}

  Task<Result<Keys>> fetch() override {
    auto form = role_form("AssumeRole", role_);
    auto body = co_await post(outside_, sts_region(outside_, role_.arn), base_, std::move(form));
    if (!body) co_return std::move(body).error().within(source_);
    auto keys = parse_role_keys(body->view(), source_);
    if (!keys) co_return std::move(keys).error().within(source_);
    co_return keys;
  }

 private:
  const Outside& outside_;
  Role role_;
  std::shared_ptr<KeyProvider> base_;
  std::string source_;
};

class WebIdentity final : public KeySource {
 public:
  WebIdentity(const Outside& outside, Role role, fs::path token_file, std::string source)
      : outside_(outside), role_(std::move(role)), token_file_(std::move(token_file)), source_(std::move(source)) {}

  Task<Result<Keys>> fetch() override {
    CO_TRY(const WipedText token, read_token());
    auto form = role_form("AssumeRoleWithWebIdentity", role_);
    form.add("WebIdentityToken", token.view());
    auto body = co_await post(outside_, sts_region(outside_, role_.arn), nullptr, std::move(form));
    if (!body) co_return std::move(body).error().within(source_);
    auto keys = parse_role_keys(body->view(), source_);
    if (!keys) co_return std::move(keys).error().within(source_);
    co_return keys;
  }

 private:
  [[nodiscard]] Result<WipedText> read_token() const {
    const std::string place = source_ + ": " + token_file_.native();
    auto file = read_private_file(token_file_, kLargestToken, Sharing::may_be_read);
    if (!file) return std::move(file).error().within(place);
    if (!*file) return misconfigured(place + ": is not there");
    const std::string_view text = (*file)->view();
    return WipedText(text.substr(0, text.find_last_not_of("\r\n") + 1));
  }

  const Outside& outside_;
  Role role_;
  fs::path token_file_;
  std::string source_;
};

}  // namespace

std::unique_ptr<KeySource> role_keys(const Outside& outside, Role role, std::shared_ptr<KeyProvider> base,
                                     std::string source) {
  return std::make_unique<AssumedRole>(outside, std::move(role), std::move(base), std::move(source));
}

std::unique_ptr<KeySource> web_identity_keys(const Outside& outside, Role role, fs::path token_file,
                                             std::string source) {
  return std::make_unique<WebIdentity>(outside, std::move(role), std::move(token_file), std::move(source));
}

Task<Result<Caller>> caller_of(const Outside& outside, std::shared_ptr<KeyProvider> keys) {
  Form form("GetCallerIdentity");
  CO_TRY(const auto body, co_await post(outside, sts_region(outside, ""), std::move(keys), std::move(form)));
  auto caller = parse_caller(body.view());
  if (!caller) co_return std::move(caller).error().within("sts");
  co_return caller;
}

}  // namespace tokensweep::aws
