#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "net/client.hpp"

namespace tokensweep {

/// Makes the clients of another factory, and counts what all of them send where other threads can see it.
class CountingFactory final : public ClientFactory {
 public:
  /// Both are borrowed, and outlive the clients.
  CountingFactory(ClientFactory& inner, std::atomic<std::uint64_t>& requests) : inner_(inner), requests_(requests) {}

  Result<std::unique_ptr<HttpClient>> make(ClientOptions options) override;

 private:
  ClientFactory& inner_;
  std::atomic<std::uint64_t>& requests_;
};

}  // namespace tokensweep
