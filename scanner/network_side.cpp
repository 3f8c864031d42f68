#include "scanner/network_side.hpp"

#include <boost/asio/io_context.hpp>
#include <random>
#include <utility>

#include "scanner/read_credential.hpp"

namespace tokensweep {
namespace {

class NoNetwork final : public ClientFactory {
 public:
  Result<std::unique_ptr<HttpClient>> make(ClientOptions) override {
    return Error{ErrorKind::misconfigured, "no network"};
  }
};

class StillClock final : public Clock {
 public:
  [[nodiscard]] Instant now() const override { return std::chrono::steady_clock::now(); }
  [[nodiscard]] std::chrono::system_clock::time_point wall() const override { return std::chrono::system_clock::now(); }
  Task<> sleep_until(Instant) override { co_return; }
};

Random real_chance() {
  return [engine = std::mt19937_64(std::random_device{}())]() mutable {
    return std::uniform_real_distribution<>(0, 1)(engine);
  };
}

}  // namespace

struct NetworkSide::Impl {
  explicit Impl(const World& given) : world(given), random(real_chance()) {}

  const World& world;
  boost::asio::io_context context{1};
  StillClock clock;
  Random random;
  NoNetwork clients;
  std::vector<std::unique_ptr<Services>> services;
};

NetworkSide::NetworkSide(const World& world) : impl_(std::make_unique<Impl>(world)) {}
NetworkSide::~NetworkSide() = default;

Result<std::shared_ptr<Connector>> NetworkSide::connect(const ConnectorEntry& entry, const Settings& settings,
                                                        const std::string& name) {
  impl_->services.push_back(std::make_unique<Services>(
      Services{.clients = impl_->clients,
               .clock = impl_->clock,
               .random = impl_->random,
               .environment = impl_->world.environment,
               .credential =
                   [this](const CredentialRef& reference) {
                     return read_credential(reference, impl_->world.environment, {.stop = &impl_->world.stop});
                   },
               .name = name}));
  auto connector = entry.make(settings, *impl_->services.back());
  if (!connector) return std::move(connector).error().within(name);
  return std::shared_ptr<Connector>(std::move(*connector));
}

std::uint64_t NetworkSide::requests() const { return 0; }

boost::asio::io_context& NetworkSide::context() { return impl_->context; }

}  // namespace tokensweep
