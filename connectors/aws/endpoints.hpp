#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/environment.hpp"
#include "base/result.hpp"
#include "connectors/aws/config_files.hpp"
#include "net/url.hpp"

/// Where AWS' services answer.
namespace tokensweep::aws {

/// Which of AWS' separate worlds a region is of: `aws`, `aws-cn`, `aws-us-gov`, `aws-eusc`, `aws-iso…`.
struct Partition {
  std::string_view id;
  std::string_view region_prefix;  ///< of its regions; empty for `aws`
  std::string_view suffix;         ///< of its services' names
  std::string_view dual_suffix;    ///< of those that answer by IPv6, too
  std::string_view home;           ///< the region of services that the partition has once, such as `organizations`
};
const Partition& partition_of(std::string_view region);
/// By a name in an ARN (`arn:aws-cn:…`); null for one that there is not.
const Partition* partition_named(std::string_view id);

/// Whether it can stand in a host's name: small letters, digits and hyphens.
bool is_region(std::string_view region);

struct EndpointOptions {
  bool fips = false;
  bool dual_stack = false;
};
/// AWS' own address of a service, as botocore 1.44 has it; `service` as in SigningScope, or `sso` and `sso-oidc`.
Origin aws_origin(std::string_view service, std::string_view region, const EndpointOptions& options = {});

/// Addresses as variables and the profile have them.
class Endpoints {
 public:
  /// `profile` may be null. `misconfigured` where one of the switches is neither true nor false, or the profile names
  /// a `[services …]` section that is not there.
  static Result<Endpoints> read(const Environment& environment, const ConfigFiles& files, const Profile* profile);

  /// The first of: AWS_ENDPOINT_URL_<SERVICE>, AWS_ENDPOINT_URL, the service's `endpoint_url` in the profile's
  /// `[services …]` section, the profile's `endpoint_url`, AWS' own (with use_fips_endpoint, use_dualstack_endpoint).
  /// AWS_IGNORE_CONFIGURED_ENDPOINT_URLS leaves the last one. `misconfigured`, with what names it, for what is no
  /// address or has more than a host and a path, and for a region that cannot be one.
  [[nodiscard]] Result<Url> of(std::string_view service, std::string_view region) const;

 private:
  Endpoints() = default;
  [[nodiscard]] std::optional<std::pair<std::string, std::string>> configured(std::string_view service) const;

  Environment environment_;
  bool ignored_ = false;
  EndpointOptions options_;
  std::map<std::string, std::string, std::less<>> by_service_;  // of the `[services …]` section
  std::optional<std::string> for_all_;                          // the profile's
};

/// A switch: the variable, else the profile's key, else false. `misconfigured` for what is neither true nor false.
Result<bool> is_on(const Environment& environment, const char* name, const Profile* profile, std::string_view key);

}  // namespace tokensweep::aws
