#pragma once

#include <memory>
#include <string>

#include "base/result.hpp"
#include "connectors/aws/keys.hpp"
#include "connectors/aws/outside.hpp"

/// The keys of the role that a container or a machine runs as, from the services on its own host. They are asked
/// without TLS only at AWS' own addresses for that and on this machine, and never through a proxy.
namespace tokensweep::aws {

/// Whether the environment names a container's service: AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or …_FULL_URI.
bool has_container_keys(const Outside& outside);

/// Keys of the container's service (ECS, EKS Pod Identity). The header that proves who asks is read each time:
/// AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE names its file, else AWS_CONTAINER_AUTHORIZATION_TOKEN holds it.
/// `misconfigured` where the address is none, or one that nobody should be asked at.
Result<std::unique_ptr<KeySource>> container_keys(const Outside& outside, std::string source);

/// Keys of an EC2 instance by version 2 of its metadata service, each request once and for a second; by version 1 where
/// the service knows no other, and AWS_EC2_METADATA_V1_DISABLED is not true. AWS_EC2_METADATA_SERVICE_ENDPOINT and
/// …_ENDPOINT_MODE=IPv6 say where. `misconfigured` where AWS_EC2_METADATA_DISABLED is true, or the address is none.
Result<std::unique_ptr<KeySource>> instance_keys(const Outside& outside, const Profile* profile, std::string source);

}  // namespace tokensweep::aws
