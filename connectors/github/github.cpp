#include "connectors/github/github.hpp"

#include <array>
#include <utility>

#include "connectors/common_keys.hpp"
#include "connectors/github/access.hpp"
#include "connectors/github/check.hpp"
#include "connectors/github/crawl.hpp"
#include "connectors/github/limits.hpp"
#include "connectors/github/own_secrets.hpp"
#include "connectors/github/plan.hpp"

namespace tokensweep::github {
namespace {

constexpr std::array kAppKeys = {
    KeySpec{.name = "id", .summary = "the App's number or client id", .required = true},
    KeySpec{.name = "key_file",
            .kind = KeyKind::path,
            .summary = "its private key, PEM, for its owner alone",
            .required = true},
    KeySpec{.name = "installation",
            .kind = KeyKind::count,
            .summary = "the number of its installation; else the one in the organisation",
            .most = 1'000'000'000'000},
};

constexpr std::array kKeys = {
    KeySpec{.name = "org", .summary = "the organisation to sweep", .required = true, .one_of = "org"},
    KeySpec{.name = "orgs", .kind = KeyKind::texts, .summary = "several of them", .required = true, .one_of = "org"},
    KeySpec{.name = "api_url",
            .kind = KeyKind::url,
            .summary = "the REST API's address: `https://git.corp.example/api/v3`; else GitHub's of `GH_HOST`, else "
                       "github.com's"},
    KeySpec{.name = "app", .kind = KeyKind::table, .summary = "a GitHub App", .one_of = "credential", .keys = kAppKeys},
    KeySpec{.name = "stores",
            .kind = KeyKind::texts,
            .summary = "what is read: `actions` and `registries` by default; `dependabot`, `codespaces` and `agents` "
                       "take a request more for each repository"},
    KeySpec{.name = "variables",
            .kind = KeyKind::flag,
            .summary = "read variables and search their values: a request more for each repository and environment"},
    KeySpec{.name = "workflows",
            .kind = KeyKind::flag,
            .summary = "read workflow files, for what they do with secrets and for tokens in them: a point of GraphQL "
                       "more for 25 repositories"},
    KeySpec{.name = "audit_log",
            .kind = KeyKind::flag,
            .summary =
                "let Enterprise Cloud's audit log say which repositories need not be asked again: a night on which "
                "little changed takes a few requests"},
};

Result<Wanted> wanted_of(const Settings& settings) {
  std::vector<std::string> stores = settings.texts("stores");
  if (stores.empty()) stores = {"actions", "registries"};
  const bool variables = settings.flag("variables");
  Wanted wanted;
  if (settings.flag("workflows")) wanted.add(Family::workflows);
  for (const std::string& store : stores) {
    if (store == "actions") {
      wanted.add(Family::actions);
      wanted.add(Family::environments);
      if (variables) wanted.add(Family::variables);
      if (variables) wanted.add(Family::environment_variables);
    } else if (store == "agents") {
      wanted.add(Family::agents);
      if (variables) wanted.add(Family::agents_variables);
    } else if (store == "dependabot") {
      wanted.add(Family::dependabot);
    } else if (store == "codespaces") {
      wanted.add(Family::codespaces);
    } else if (store == "registries") {
      wanted.add(Family::registries);
    } else {
      return Error{ErrorKind::misconfigured, "stores: expected actions, registries, dependabot, codespaces or agents"};
    }
  }
  return wanted;
}

Result<std::vector<std::string>> organisations_of(const Settings& settings) {
  std::vector<std::string> all = settings.texts("orgs");
  if (settings.has("org")) all.push_back(settings.text("org"));
  for (const std::string& one : all) {
    // What GitHub takes for a login; it goes into addresses.
    const bool fine =
        !one.empty() && one.size() <= 100 &&
        one.find_first_not_of("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_") == std::string::npos;
    if (!fine) return Error{ErrorKind::misconfigured, "org: expected an organisation's login, without its address"};
  }
  return all;
}

class GitHub final : public Connector {
 public:
  GitHub(Settings settings, const Services& services, Site site, Wanted wanted, std::vector<std::string> organisations)
      : settings_(std::move(settings)),
        services_(services),
        site_(std::move(site)),
        wanted_(wanted),
        organisations_(std::move(organisations)),
        gate_(settings_, services_, site_) {}

  Task<Result<SourceCheck>> check() override {
    SourceCheck check;
    for (const std::string& organisation : organisations_) {
      auto checked = co_await check_one(check, organisation);
      if (!checked) co_return std::move(checked).error().within(services_.name);
    }
    if (reads_own_secrets()) {
      CO_TRY(const Access access, co_await gate_.access(organisations_.front()));
      co_await check_own_secrets(*access.api, check);
    }
    check.remarks.push_back("the credential is from " + gate_.from());
    co_return check;
  }

  Task<Result<>> sweep(Sink& sink) override {
    Result<> first;
    for (const std::string& organisation : organisations_) {
      auto swept = co_await sweep_one(sink, organisation);
      if (!swept && first) first = std::move(swept).error().within(services_.name);
    }
    // Where there is no access, the first error says so.
    if (first && reads_own_secrets()) {
      CO_TRY(const Access access, co_await gate_.access(organisations_.front()));
      co_await crawl_own_secrets(*access.api, sink, services_.name);
    }
    co_return first;
  }

 private:
  /// An App is no user.
  [[nodiscard]] bool reads_own_secrets() const { return wanted_.has(Family::codespaces) && !settings_.has("app"); }

  Task<Result<>> check_one(SourceCheck& check, std::string organisation) {
    CO_TRY(const Access access, co_await gate_.access(organisation));
    CheckOptions options{
        .organisation = std::move(organisation), .wanted = wanted_, .audit_log = settings_.flag("audit_log")};
    co_return co_await check_organisation(access, std::move(options), limits_of(site_, settings_), services_.clock,
                                          check);
  }

  Task<Result<>> sweep_one(Sink& sink, std::string organisation) {
    CO_TRY(const Access access, co_await gate_.access(organisation));
    CrawlOptions options{.source = services_.name, .organisation = organisation, .wanted = wanted_};
    options.at_once = limits_of(site_, settings_).in_flight;
    options.sees_all = access.sees_all;
    options.audit_log = settings_.flag("audit_log");
    Crawl crawl(*access.api, sink, std::move(options));
    co_return co_await crawl.run();
  }

  Settings settings_;
  Services services_;
  Site site_;
  Wanted wanted_;
  std::vector<std::string> organisations_;
  Gate gate_;
};

Result<std::unique_ptr<Connector>> make(const Settings& settings, const Services& services) {
  TRY(Site site, site_of(settings.text("api_url"), services.environment));
  TRY(const Wanted wanted, wanted_of(settings));
  TRY(auto organisations, organisations_of(settings));
  return std::unique_ptr<Connector>(
      std::make_unique<GitHub>(settings, services, std::move(site), wanted, std::move(organisations)));
}

}  // namespace

const ConnectorEntry kEntry = {
    .spec = {.id = "github",
             .summary = "secrets, variables and private registries of a GitHub organisation",
             .keys = kKeys,
             .network = network_keys(),
             .credential = optional_credential_keys()},
    .make = make,
};

}  // namespace tokensweep::github
