#include "connectors/github/access.hpp"

#include <utility>

#include "connectors/common_keys.hpp"
#include "connectors/github/credentials.hpp"
#include "connectors/github/limits.hpp"
#include "connectors/github/plan.hpp"
#include "connectors/private_file.hpp"

namespace tokensweep::github {
namespace {

constexpr std::size_t kLargestKey = std::size_t{64} << 10U;

Result<AppKey> read_key(const std::filesystem::path& file) {
  TRY(const auto pem, read_private_file(file, kLargestKey));
  if (!pem) return Error{ErrorKind::misconfigured, "there is no such file"};
  return AppKey::parse(pem->view());
}

}  // namespace

Task<Result<Access>> Gate::access(std::string organisation) {
  if (settings_.has("app")) co_return co_await access_by_app(std::move(organisation));
  co_return access_by_token();
}

Result<Access> Gate::access_by_token() {
  if (apis_.empty()) {
    TRY(FoundToken found, find_token(settings_, services_, site_));
    from_ = found.from;
    auto authorizer = fixed_credential("Authorization", "Bearer ", std::move(found.token));
    TRY(auto made, client(std::move(authorizer), services_.name + " " + from_));
    apis_.push_back(std::make_unique<Api>(*made, site_, services_.name));
    clients_.push_back(std::move(made));
  }
  return Access{.api = apis_.front().get()};
}

Task<Result<Access>> Gate::access_by_app(std::string organisation) {
  CO_TRY_VOID(open_app());
  const std::int64_t number = settings_.count("app.installation", 0);
  const std::string target =
      number > 0 ? "/app/installations/" + std::to_string(number) : organisation_target(organisation) + "/installation";
  auto answer = co_await app_->get(Asked::known, target, &installation_reader, false);
  if (!answer.outcome) {
    co_return Error{ErrorKind::misconfigured,
                    "the App's installation in " + organisation + ": " + answer.outcome.reason};
  }
  Installation& installation = answer.document;
  if (installation.suspended) {
    co_return Error{ErrorKind::misconfigured, "the App's installation in " + organisation + " is suspended"};
  }
  // What repositories hold is read for their workflows alone.
  if (!settings_.flag("workflows")) installation.permissions.erase("contents");
  if (!settings_.flag("audit_log")) installation.permissions.erase("organization_administration");
  const std::string identity = "App " + settings_.text("app.id") + ", installation " + std::to_string(installation.id);
  auto authorizer = installation_authorizer(*app_client_, site_, installation, services_.clock);
  CO_TRY(auto made, client(std::move(authorizer), services_.name + " " + identity));
  apis_.push_back(std::make_unique<Api>(*made, site_, services_.name));
  clients_.push_back(std::move(made));
  co_return Access{.api = apis_.back().get(), .sees_all = installation.all_repositories, .identity = identity};
}

Result<> Gate::open_app() {
  if (app_ != nullptr) return {};
  from_ = "app.key_file";
  auto key = read_key(settings_.path("app.key_file").value_or(std::filesystem::path()));
  if (!key) return std::move(key).error().within(from_);
  auto authorizer = app_authorizer(settings_.text("app.id"), std::move(*key), services_.clock);
  TRY(app_client_, client(std::move(authorizer), std::string()));
  app_ = std::make_unique<Api>(*app_client_, site_, services_.name);
  return {};
}

Result<std::unique_ptr<HttpClient>> Gate::client(std::unique_ptr<Authorizer> authorizer, std::string identity) {
  ClientOptions options;
  options.name = services_.name;
  options.origin = site_.api;
  options.authorizer = std::move(authorizer);
  options.limits = limits_of(site_, settings_);
  options.identity = std::move(identity);
  apply_network_keys(settings_, options);
  return services_.clients.make(std::move(options));
}

}  // namespace tokensweep::github
