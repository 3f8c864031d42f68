#include "connectors/ssm/ssm.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <memory>
#include <utility>

#include "connectors/aws/session.hpp"
#include "connectors/common_keys.hpp"
#include "connectors/ssm/api.hpp"
#include "connectors/ssm/crawl.hpp"
#include "connectors/ssm/limits.hpp"
#include "connectors/ssm/survey.hpp"
#include "connectors/ssm/targets.hpp"
#include "net/task_group.hpp"

namespace tokensweep::ssm {
namespace {

/// Stores have limits of their own, so they are read side by side; but a fleet has thousands.
constexpr std::size_t kStoresAtOnce = 16;

constexpr std::array kKeys = {
    KeySpec{
        .name = "profile", .kind = KeyKind::text, .summary = "the profile of AWS' own files, in place of AWS_PROFILE"},
    KeySpec{.name = "regions",
            .kind = KeyKind::texts,
            .summary = "regions such as `eu-west-1`, or `[\"*\"]` for all that are enabled; else the profile's"},
    KeySpec{.name = "roles",
            .kind = KeyKind::texts,
            .summary = "ARNs of roles to assume, one for each account that is read in place of the keys' own"},
    KeySpec{.name = "external_id", .kind = KeyKind::text, .summary = "what the roles' trust asks for"},
    KeySpec{.name = "endpoint_url", .kind = KeyKind::url, .summary = "Parameter Store's address, in place of AWS'"},
    KeySpec{.name = "names_only", .kind = KeyKind::flag, .summary = "ask for no values, and look at names alone"},
    KeySpec{.name = "shared", .kind = KeyKind::flag, .summary = "read what other accounts share, too"},
};

class ParameterStore : public Connector {
 public:
  ParameterStore(Settings settings, Services services, Targets targets)
      : settings_(std::move(settings)),
        services_(std::move(services)),
        targets_(std::move(targets)),
        rate_(settings_.rate("rate").value_or(kRate)) {
    options_.name = services_.name;
    options_.values = !settings_.flag("names_only");
    options_.shared = settings_.flag("shared");
    options_.in_flight = static_cast<std::size_t>(settings_.count("concurrency", kInFlight));
  }

  Task<Result<SourceCheck>> check() override {
    auto checked = co_await check_unnamed();
    if (!checked) co_return std::move(checked).error().within(services_.name);
    co_return checked;
  }

  Task<Result<>> sweep(Sink& sink) override {
    auto swept = co_await sweep_unnamed(sink);
    if (!swept) co_return std::move(swept).error().within(services_.name);
    co_return swept;
  }

 private:
  /// One store that is to be read, and the keys for it.
  struct Target {
    Store store;
    std::shared_ptr<aws::KeyProvider> keys;
  };

  /// Where what one store's requests need stays while they run.
  struct Connection {
    std::unique_ptr<HttpClient> client;
    Url url;
  };

  Task<Result<SourceCheck>> check_unnamed() {
    CO_TRY(const aws::Caller caller, co_await begin());
    CO_TRY(const std::shared_ptr<const aws::Keys> keys, co_await session_->keys()->keys());
    SourceCheck check{.identity = caller.arn};
    check.remarks.push_back("the keys are those of " + keys->source);
    std::vector<Target> targets;
    for (const Holder& holder : holders(caller)) {
      auto regions = co_await regions_of(holder, targets_, *session_);
      if (!regions) {
        check.missing.push_back(holder.account + ": " + regions.error().what);
        continue;
      }
      for (std::string& region : *regions) targets.push_back(target(holder, std::move(region)));
    }
    std::vector<StoreSurvey> surveys(targets.size());
    TaskGroup group(kStoresAtOnce);
    for (std::size_t i = 0; i < targets.size(); ++i) co_await group.start(survey_store(targets[i], surveys[i]));
    co_await group.join();
    std::uint64_t most = 0;
    for (StoreSurvey& one : surveys) {
      std::ranges::move(one.plan, std::back_inserter(check.plan));
      std::ranges::move(one.missing, std::back_inserter(check.missing));
      most = std::max(most, one.requests);
    }
    check.at_least = std::chrono::seconds(std::llround(std::ceil(static_cast<double>(most) / rate_)));
    co_return check;
  }

  Task<Result<>> sweep_unnamed(Sink& sink) {
    CO_TRY(const aws::Caller caller, co_await begin());
    TaskGroup group(kStoresAtOnce);
    for (const Holder& holder : holders(caller)) {
      auto regions = co_await regions_of(holder, targets_, *session_);
      if (!regions) {
        co_await fail(holder, regions.error(), sink);
        continue;
      }
      for (std::string& region : *regions) co_await group.start(sweep_store(target(holder, std::move(region)), sink));
    }
    co_await group.join();
    co_return Result<>();
  }

  /// Proves the keys: what a region says of them later is the region's word.
  Task<Result<aws::Caller>> begin() {
    if (!session_) {
      aws::SessionOptions options;
      if (settings_.has("profile")) options.profile = settings_.text("profile");
      options.ca_file = settings_.path("ca_file");
      if (settings_.has("proxy")) options.proxy = settings_.text("proxy");
      if (settings_.has("timeout")) options.timeout = std::chrono::seconds(settings_.count("timeout", 0));
      CO_TRY(session_, aws::Session::open(std::move(options), services_));
    }
    co_return co_await session_->caller(session_->keys());
  }

  [[nodiscard]] std::vector<Holder> holders(const aws::Caller& caller) const {
    if (targets_.roles.empty()) return {holder_of(caller, session_->keys())};
    std::vector<Holder> all;
    for (const aws::Role& role : targets_.roles)
      all.push_back(holder_of(role, session_->keys_of(role, session_->keys())));
    return all;
  }

  static Target target(const Holder& holder, std::string region) {
    return {.store = {.account = holder.account, .region = std::move(region), .partition = holder.partition},
            .keys = holder.keys};
  }

  Result<Connection> connect(const Target& target) {
    Connection connection;
    if (settings_.has("endpoint_url")) {
      TRY(connection.url, Url::parse(settings_.text("endpoint_url")));
    } else {
      TRY(connection.url, session_->endpoint("ssm", target.store.region));
    }
    Limits limits{.in_flight = static_cast<unsigned>(options_.in_flight), .rate = rate_};
    limits.first_share = kFirstShare;
    limits.together = kTogether;
    TRY(connection.client,
        session_->client("ssm", target.store.region, connection.url, target.keys, std::move(limits)));
    return connection;
  }

  Task<> survey_store(const Target& target, StoreSurvey& into) {
    auto connection = connect(target);
    if (!connection) {
      into.missing.push_back(target.store.account + "/" + target.store.region + ": " + connection.error().what);
      co_return;
    }
    Api api(*connection->client, connection->url, "ssm");
    into = co_await survey(api, target.store, options_);
  }

  Task<> sweep_store(Target target, Sink& sink) {
    auto connection = connect(target);
    if (!connection) {
      Scope scope = scope_of(target.store, false);
      co_await fail(std::move(scope), connection.error(), sink);
      co_return;
    }
    Api api(*connection->client, connection->url, "ssm");
    co_await crawl(api, target.store, options_, sink);
  }

  /// An account of which not even the regions are known: nothing of it may be called gone.
  Task<> fail(const Holder& holder, const Error& why, Sink& sink) {
    Scope scope{.source = "ssm", .store = holder.account, .realm = "aws:" + holder.account};
    co_await fail(std::move(scope), why, sink);
  }

  Task<> fail(Scope scope, const Error& why, Sink& sink) {
    scope.name = services_.name;
    const auto number = sink.begin(scope);
    if (!number) co_return;
    ScopeEnd end;
    end.state = why.kind == ErrorKind::denied ? ScopeState::denied : ScopeState::failed;
    end.reason = why.what;
    co_await sink.end(*number, std::move(end));
  }

  Settings settings_;
  Services services_;
  Targets targets_;
  double rate_;
  CrawlOptions options_;
  std::unique_ptr<aws::Session> session_;  ///< empty until the first call
};

Result<std::unique_ptr<Connector>> make(const Settings& settings, const Services& services) {
  TRY(Targets targets, read_targets(settings));
  if (settings.has("endpoint_url")) {
    const auto url = Url::parse(settings.text("endpoint_url"));
    if (!url || url->target != "/")
      return Error{ErrorKind::misconfigured, "endpoint_url: expected an address without a path"};
  }
  return std::unique_ptr<Connector>(std::make_unique<ParameterStore>(settings, services, std::move(targets)));
}

}  // namespace

const ConnectorEntry kEntry = {.spec = {.id = "ssm",
                                        .summary = "parameters of AWS accounts, in Systems Manager's Parameter Store",
                                        .keys = kKeys,
                                        .network = network_keys()},
                               .make = make};

}  // namespace tokensweep::ssm
