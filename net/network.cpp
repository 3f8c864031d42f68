#include "net/network.hpp"

#include <algorithm>
#include <utility>

#include "net/layered_client.hpp"

namespace tokensweep {

Network::Network(Clock& clock, Random& random, Environment environment, AnswerStore* store)
    : clock_(clock), random_(random), environment_(std::move(environment)), store_(store) {}

Result<std::unique_ptr<HttpClient>> Network::make(ClientOptions options) {
  auto transport = transport_for(options);
  if (!transport) return std::move(transport).error().within(options.name);
  return layered_client(std::move(options), {**transport, clock_, random_, store_});
}

Result<Transport*> Network::transport_for(ClientOptions& options) {
  const bool can_share = options.tls.ca_pem.empty() && !options.tls.client && options.tls.server_name.empty();
  const auto same = [&options](const Shared& one) {
    return one.ca_file == options.tls.ca_file && one.proxy == options.proxy && one.timeout == options.timeout;
  };
  const auto known = std::find_if(shared_.begin(), shared_.end(), same);
  if (can_share && known != shared_.end()) return known->transport;

  Shared asked{options.tls.ca_file, options.timeout, options.proxy};
  TransportOptions wanted;
  wanted.tls = std::move(options.tls);
  wanted.proxy = options.proxy;
  wanted.environment = environment_;
  if (options.timeout) wanted.deadlines = deadlines_for(*options.timeout);
  TRY(auto made, Transport::make(wanted, clock_));
  transports_.push_back(std::move(made));
  Transport* const transport = transports_.back().get();
  asked.transport = transport;
  if (can_share) shared_.push_back(std::move(asked));
  return transport;
}

}  // namespace tokensweep
