#include "scanner/network_side.hpp"

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <random>
#include <utility>

#include "net/clock.hpp"
#include "net/counting_factory.hpp"
#include "net/network.hpp"
#include "scanner/kept_answers.hpp"
#include "scanner/read_credential.hpp"

namespace tokensweep {
namespace {

Random real_chance() {
  return [engine = std::mt19937_64(std::random_device{}())]() mutable {
    return std::uniform_real_distribution<>(0, 1)(engine);
  };
}

}  // namespace

struct NetworkSide::Impl {
  Impl(const World& given, const std::filesystem::path& inventory)
      : world(given),
        answers(inventory.native() + ".answers", given.now()),
        random(real_chance()),
        network(clock, random, given.environment, &answers),
        clients(network, requests) {}

  const World& world;
  std::atomic<std::uint64_t> requests{0};
  boost::asio::io_context context{1};
  KeptAnswers answers;
  SystemClock clock;
  Random random;
  Network network;
  CountingFactory clients;
  std::vector<std::unique_ptr<Services>> services;
};

NetworkSide::NetworkSide(const World& world, const std::filesystem::path& inventory)
    : impl_(std::make_unique<Impl>(world, inventory)) {}
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

std::uint64_t NetworkSide::requests() const { return impl_->requests.load(std::memory_order_relaxed); }

boost::asio::io_context& NetworkSide::context() { return impl_->context; }

}  // namespace tokensweep
