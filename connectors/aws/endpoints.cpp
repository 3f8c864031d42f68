#include "connectors/aws/endpoints.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace tokensweep::aws {
namespace {

/// From botocore's partitions.json. The ordinary one last: every other region is taken for one of its.
constexpr std::array<Partition, 8> kPartitions = {{
    {"aws-cn", "cn-", "amazonaws.com.cn", "api.amazonwebservices.com.cn", "cn-northwest-1"},
    {"aws-us-gov", "us-gov-", "amazonaws.com", "api.aws", "us-gov-west-1"},
    {"aws-eusc", "eusc-", "amazonaws.eu", "api.amazonwebservices.eu", "eusc-de-east-1"},
    {"aws-iso", "us-iso-", "c2s.ic.gov", "api.aws.ic.gov", "us-iso-east-1"},
    {"aws-iso-b", "us-isob-", "sc2s.sgov.gov", "api.aws.scloud", "us-isob-east-1"},
    {"aws-iso-e", "eu-isoe-", "cloud.adc-e.uk", "api.cloud-aws.adc-e.uk", "eu-isoe-west-1"},
    {"aws-iso-f", "us-isof-", "csp.hci.ic.gov", "api.aws.hci.ic.gov", "us-isof-south-1"},
    {"aws", "", "amazonaws.com", "api.aws", "us-east-1"},
}};

constexpr std::size_t kLongestRegion = 40;

Error misconfigured(std::string what) { return {ErrorKind::misconfigured, std::move(what)}; }

std::string upper_case(std::string_view text) {
  std::string raised(text);
  for (char& c : raised) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return raised;
}

/// `sso-oidc` as variables and keys spell it: `sso_oidc`.
std::string with_underscores(std::string_view service) {
  std::string name(service);
  std::ranges::replace(name, '-', '_');
  return name;
}

bool is_home_service(std::string_view service) { return service == "account" || service == "organizations"; }

std::string_view host_prefix(std::string_view service) {
  if (service == "sso") return "portal.sso";
  if (service == "sso-oidc") return "oidc";
  return service;
}

/// In the American government's regions most services' only names are FIPS ones already.
bool has_fips_name(std::string_view service, const Partition& partition, bool dual_stack) {
  if (partition.id != "aws-us-gov" || service == "account") return true;
  return dual_stack && service != "organizations";
}

}  // namespace

const Partition& partition_of(std::string_view region) {
  return *std::ranges::find_if(kPartitions,
                               [region](const Partition& one) { return region.starts_with(one.region_prefix); });
}

const Partition* partition_named(std::string_view id) {
  const auto* const found = std::ranges::find(kPartitions, id, &Partition::id);
  return found == kPartitions.end() ? nullptr : found;
}

bool is_region(std::string_view region) {
  const auto fits = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; };
  return !region.empty() && region.size() <= kLongestRegion && std::ranges::all_of(region, fits) &&
         region.front() != '-' && region.back() != '-';
}

Origin aws_origin(std::string_view service, std::string_view region, const EndpointOptions& options) {
  const Partition& partition = partition_of(region);
  const bool fips = options.fips && has_fips_name(service, partition, options.dual_stack);
  std::string host(host_prefix(service));
  host.append(fips ? "-fips." : ".").append(is_home_service(service) ? partition.home : region);
  host.append(".").append(options.dual_stack ? partition.dual_suffix : partition.suffix);
  return {true, std::move(host), 443};
}

Result<bool> is_on(const Environment& environment, const char* name, const Profile* profile, std::string_view key) {
  const auto read = [](std::string_view value) -> std::optional<bool> {
    const std::string word = upper_case(value);
    if (word == "TRUE") return true;
    if (word == "FALSE") return false;
    return std::nullopt;
  };
  if (const auto value = variable(environment, name)) {
    if (const auto on = read(*value)) return *on;
    return misconfigured(std::string(name) + ": expected true or false");
  }
  const auto value = profile == nullptr ? std::nullopt : profile->text(key);
  if (!value) return false;
  if (const auto on = read(*value)) return *on;
  return misconfigured("the profile's " + std::string(key) + ": expected true or false");
}

Result<Endpoints> Endpoints::read(const Environment& environment, const ConfigFiles& files, const Profile* profile) {
  Endpoints endpoints;
  endpoints.environment_ = environment;
  TRY(endpoints.ignored_,
      is_on(environment, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", profile, "ignore_configured_endpoint_urls"));
  TRY(endpoints.options_.fips, is_on(environment, "AWS_USE_FIPS_ENDPOINT", profile, "use_fips_endpoint"));
  TRY(endpoints.options_.dual_stack,
      is_on(environment, "AWS_USE_DUALSTACK_ENDPOINT", profile, "use_dualstack_endpoint"));
  if (profile == nullptr) return endpoints;
  endpoints.for_all_ = profile->text("endpoint_url");
  const auto services = profile->text("services");
  if (!services) return endpoints;
  const ConfigValues* const section = files.services(*services);
  if (section == nullptr) return misconfigured("the profile's services: there is no such section");
  for (const auto& [service, value] : *section) {
    if (auto url = text_of(nested_values(value), "endpoint_url"))
      endpoints.by_service_.emplace(service, std::move(*url));
  }
  return endpoints;
}

/// What names the address, and the address.
std::optional<std::pair<std::string, std::string>> Endpoints::configured(std::string_view service) const {
  const std::string name = with_underscores(service);
  for (const std::string& key : {"AWS_ENDPOINT_URL_" + upper_case(name), std::string("AWS_ENDPOINT_URL")}) {
    if (auto url = variable(environment_, key.c_str())) return std::pair(key, std::move(*url));
  }
  if (const auto found = by_service_.find(name); found != by_service_.end()) {
    return std::pair("the profile's services, " + name, found->second);
  }
  if (for_all_) return std::pair(std::string("the profile's endpoint_url"), *for_all_);
  return std::nullopt;
}

Result<Url> Endpoints::of(std::string_view service, std::string_view region) const {
  if (!is_region(region)) return misconfigured("the region is no region's name");
  const auto named = ignored_ ? std::nullopt : configured(service);
  if (!named) return Url{aws_origin(service, region, options_), "/"};
  auto url = Url::parse(named->second);
  if (!url) return misconfigured(std::move(url).error().within(named->first).what);
  if (url->target.find('?') != std::string::npos) return misconfigured(named->first + ": no query may be there");
  return url;
}

}  // namespace tokensweep::aws
