#include "connectors/circleci/circleci.hpp"

#include <array>
#include <memory>
#include <utility>

#include "connectors/circleci/api.hpp"
#include "connectors/circleci/crawl.hpp"
#include "connectors/circleci/credentials.hpp"
#include "connectors/circleci/limits.hpp"
#include "connectors/circleci/survey.hpp"
#include "connectors/circleci/targets.hpp"
#include "connectors/common_keys.hpp"

namespace tokensweep::circleci {
namespace {

constexpr std::array kKeys = {
    KeySpec{.name = "org",
            .kind = KeyKind::text,
            .summary = "an organisation's slug, such as `gh/acme`",
            .required = true,
            .one_of = "org"},
    KeySpec{.name = "orgs", .kind = KeyKind::texts, .summary = "several of them", .required = true, .one_of = "org"},
    KeySpec{.name = "host", .kind = KeyKind::url, .summary = "a CircleCI server's address; else CircleCI's cloud"},
    KeySpec{.name = "projects",
            .kind = KeyKind::texts,
            .summary = "slugs of projects beside those that the token's user follows, such as `gh/acme/site`"},
    KeySpec{.name = "candidates",
            .kind = KeyKind::texts,
            .summary = "slugs that may be projects, such as those of all repositories; what is none is passed over"},
};

class CircleCi : public Connector {
 public:
  CircleCi(Settings settings, Services services, Origin origin, Targets targets)
      : settings_(std::move(settings)),
        services_(std::move(services)),
        origin_(std::move(origin)),
        targets_(std::move(targets)),
        rate_(settings_.rate("rate").value_or(kRate)),
        in_flight_(static_cast<unsigned>(settings_.count("concurrency", kInFlight))) {}

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
  Task<Result<SourceCheck>> check_unnamed() {
    CO_TRY_VOID(connect());
    Api api(*client_, origin_, services_.name);
    CO_TRY(SourceCheck check, co_await survey(api, targets_, rate_));
    check.remarks.push_back("the token is that of " + token_from_);
    co_return check;
  }

  Task<Result<>> sweep_unnamed(Sink& sink) {
    CO_TRY_VOID(connect());
    Api api(*client_, origin_, services_.name);
    const std::string host = to_string(origin_);
    const CrawlOptions options{
        .name = services_.name, .host = host.substr(host.find("//") + 2), .in_flight = in_flight_};
    co_return co_await crawl(api, targets_, options, sink);
  }

  Result<> connect() {
    if (client_) return {};
    TRY(FoundToken found, find_token(settings_, services_, origin_));
    ClientOptions options;
    options.name = services_.name;
    options.origin = origin_;
    options.authorizer = fixed_credential("Circle-Token", "", std::move(found.token));
    options.limits = {.in_flight = in_flight_, .rate = rate_, .read = read_limits};
    apply_network_keys(settings_, options);
    TRY(client_, services_.clients.make(std::move(options)));
    token_from_ = std::move(found.from);
    return {};
  }

  Settings settings_;
  Services services_;
  Origin origin_;
  Targets targets_;
  double rate_;
  unsigned in_flight_;
  std::unique_ptr<HttpClient> client_;  ///< empty until the first call
  std::string token_from_;
};

Result<std::unique_ptr<Connector>> make(const Settings& settings, const Services& services) {
  auto origin = parse_host(settings.has("host") ? settings.text("host") : std::string(kCloud));
  if (!origin) return Error{ErrorKind::misconfigured, "host: expected an address without a path"};
  TRY(Targets targets, read_targets(settings));
  return std::unique_ptr<Connector>(
      std::make_unique<CircleCi>(settings, services, std::move(*origin), std::move(targets)));
}

}  // namespace

const ConnectorEntry kEntry = {.spec = {.id = "circleci",
                                        .summary = "contexts and projects of CircleCI organisations",
                                        .keys = kKeys,
                                        .network = network_keys(),
                                        .credential = optional_credential_keys()},
                               .make = make};

}  // namespace tokensweep::circleci
