#include "connectors/aws/outside.hpp"

#include <utility>

#include "connectors/aws/limits.hpp"

namespace tokensweep::aws {

Result<std::unique_ptr<HttpClient>> Outside::client(std::string_view name, const Origin& origin,
                                                    std::unique_ptr<Authorizer> authorizer, Limits limits) const {
  if (!limits.read) limits.read = read_limits;
  ClientOptions options{.name = std::string(name),
                        .origin = origin,
                        .authorizer = std::move(authorizer),
                        .limits = std::move(limits),
                        .tls = {.ca_file = ca_file},
                        .proxy = proxy,
                        .timeout = timeout};
  return services.clients.make(std::move(options));
}

}  // namespace tokensweep::aws
