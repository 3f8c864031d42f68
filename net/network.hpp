#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/environment.hpp"
#include "net/answer_store.hpp"
#include "net/client.hpp"
#include "net/clock.hpp"
#include "net/transport.hpp"

namespace tokensweep {

/// Makes the program's clients: their layers on sockets. Clients with the same authorities, proxy and timeout share
/// connections;
/// one with a certificate of its own shares none. Outlives its clients and their requests; dies before what runs the
/// network thread, as Transport has it.
class Network final : public ClientFactory {
 public:
  /// All of it outlives this object. `store` may be null: no answer is kept.
  Network(Clock& clock, Random& random, Environment environment, AnswerStore* store);

  Result<std::unique_ptr<HttpClient>> make(ClientOptions options) override;

 private:
  struct Shared {
    std::optional<std::filesystem::path> ca_file;
    std::optional<std::chrono::seconds> timeout;
    std::optional<std::string> proxy;
    Transport* transport = nullptr;
  };
  Result<Transport*> transport_for(ClientOptions& options);

  Clock& clock_;
  Random& random_;
  Environment environment_;
  AnswerStore* store_;
  std::vector<std::unique_ptr<Transport>> transports_;
  std::vector<Shared> shared_;
};

}  // namespace tokensweep
