#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "connectors/connector.hpp"
#include "scanner/world.hpp"

namespace boost::asio {
class io_context;
}

namespace tokensweep {

/// Everything that connectors need of the outside, made once for a command: sockets, clocks, chance, credentials. It
/// outlives the connectors that it makes.
class NetworkSide {
 public:
  /// Answers of services are kept beside `inventory`.
  NetworkSide(const World& world, const std::filesystem::path& inventory);
  NetworkSide(const NetworkSide&) = delete;
  NetworkSide& operator=(const NetworkSide&) = delete;
  ~NetworkSide();

  /// A connector for one configured source; nothing is sent yet. An error (`misconfigured`) begins with its name.
  Result<std::shared_ptr<Connector>> connect(const ConnectorEntry& entry, const Settings& settings,
                                             const std::string& name);

  /// Requests that left so far; any thread may ask.
  [[nodiscard]] std::uint64_t requests() const;

  /// Where all of it happens: whoever runs this is the network thread.
  boost::asio::io_context& context();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tokensweep
