#include "connectors/aws/session.hpp"

#include <functional>
#include <stop_token>
#include <utility>

#include "base/process.hpp"
#include "base/text.hpp"
#include "connectors/aws/chain.hpp"
#include "connectors/aws/config_files.hpp"
#include "connectors/aws/directory.hpp"
#include "connectors/aws/endpoints.hpp"
#include "connectors/aws/outside.hpp"
#include "connectors/aws/sigv4.hpp"
#include "net/off_thread.hpp"

namespace tokensweep::aws {
namespace {

ProfileChoice chosen_profile(const SessionOptions& options, const Environment& environment) {
  if (options.profile) return {*options.profile, true};
  // botocore's order.
  for (const char* name : {"AWS_DEFAULT_PROFILE", "AWS_PROFILE"}) {
    if (auto profile = variable(environment, name)) return {std::move(*profile), false};
  }
  return {};
}

/// The option, else the first variable that is set, else what the profile says.
std::optional<std::string> first_of(const std::optional<std::string>& option, const Environment& environment,
                                    std::initializer_list<const char*> variables, const Profile* profile,
                                    std::string_view key) {
  if (option) return option;
  for (const char* name : variables) {
    if (auto value = variable(environment, name)) return value;
  }
  return profile == nullptr ? std::nullopt : profile->text(key);
}

/// The network thread goes on while the program is waited for.
Task<Result<WipedText>> run_off_thread(std::vector<std::string> command) {
  ProcessRun run;
  run.arguments = std::move(command);
  Result<WipedText> output = WipedText();
  std::function<void(const std::stop_token&)> work = [&run, &output](const std::stop_token& stop) {
    output = output_of(run, [&stop] { return stop.stop_requested(); });
  };
  co_await off_thread(std::move(work));
  co_return output;
}

class OpenSession final : public Session {
 public:
  OpenSession(Services services, Endpoints endpoints) : services_(std::move(services)) {
    outside_ = std::make_unique<Outside>(Outside{.services = services_, .endpoints = std::move(endpoints)});
  }

  Result<> find(const ConfigFiles& files, const ProfileChoice& choice) {
    TRY(keys_, find_keys(*outside_, files, choice));
    return {};
  }
  [[nodiscard]] Outside& outside() { return *outside_; }

  [[nodiscard]] const std::shared_ptr<KeyProvider>& keys() const override { return keys_; }
  [[nodiscard]] std::shared_ptr<KeyProvider> keys_of(Role role, std::shared_ptr<KeyProvider> base) const override {
    std::string source = "role " + printable(role.arn);
    return renewed_keys(role_keys(*outside_, std::move(role), std::move(base), std::move(source)), services_.clock);
  }
  [[nodiscard]] const std::optional<std::string>& region() const override { return outside_->region; }
  [[nodiscard]] Result<Url> endpoint(std::string_view service, std::string_view region) const override {
    return outside_->endpoints.of(service, region);
  }
  [[nodiscard]] Result<std::unique_ptr<HttpClient>> client(std::string_view service, std::string_view region,
                                                           const Url& endpoint, std::shared_ptr<KeyProvider> keys,
                                                           Limits limits) const override {
    auto authorizer = sigv4_authorizer(std::move(keys), {std::string(region), std::string(service)}, services_.clock);
    return outside_->client(service, endpoint.origin, std::move(authorizer), std::move(limits));
  }
  Task<Result<Caller>> caller(std::shared_ptr<KeyProvider> keys) const override {
    return caller_of(*outside_, std::move(keys));
  }
  Task<Result<std::vector<std::string>>> enabled_regions(std::shared_ptr<KeyProvider> keys) const override {
    return aws::enabled_regions(*outside_, std::move(keys));
  }
  Task<Result<std::vector<Account>>> accounts(std::shared_ptr<KeyProvider> keys) const override {
    return aws::accounts(*outside_, std::move(keys));
  }

 private:
  Services services_;
  std::unique_ptr<Outside> outside_;
  std::shared_ptr<KeyProvider> keys_;
};

}  // namespace

Result<std::unique_ptr<Session>> Session::open(SessionOptions options, const Services& services) {
  const Environment& environment = services.environment;
  TRY(const ConfigFiles files, ConfigFiles::read(environment));
  const ProfileChoice choice = chosen_profile(options, environment);
  const Profile* const profile = files.profile(choice.name);
  TRY(Endpoints endpoints, Endpoints::read(environment, files, profile));
  auto session = std::make_unique<OpenSession>(services, std::move(endpoints));
  Outside& outside = session->outside();
  outside.region = first_of(options.region, environment, {"AWS_REGION", "AWS_DEFAULT_REGION"}, profile, "region");
  outside.ca_file = options.ca_file;
  if (!outside.ca_file) outside.ca_file = first_of({}, environment, {"AWS_CA_BUNDLE"}, profile, "ca_bundle");
  outside.proxy = std::move(options.proxy);
  outside.timeout = options.timeout;
  outside.run = run_off_thread;
  TRY_VOID(session->find(files, choice));
  return std::unique_ptr<Session>(std::move(session));
}

}  // namespace tokensweep::aws
