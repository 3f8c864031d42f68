#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "net/clock.hpp"
#include "net/connection.hpp"
#include "net/url.hpp"

namespace tokensweep {

/// Connections that wait for their next request. Only for `net/`.
class ConnectionPool {
 public:
  explicit ConnectionPool(std::chrono::milliseconds longest_wait) : longest_wait_(longest_wait) {}

  /// The one to `origin` that was used last, for it is the least likely to have been given up by the far side; null
  /// where there is none that still seems alive.
  std::unique_ptr<Connection> take(const Origin& origin, Clock::Instant now);
  /// Closes the oldest where there are too many.
  void keep(const Origin& origin, std::unique_ptr<Connection> connection, Clock::Instant now);

 private:
  struct Kept {
    Origin origin;
    std::unique_ptr<Connection> connection;
    Clock::Instant since;
  };

  std::chrono::milliseconds longest_wait_;
  std::vector<Kept> kept_;  ///< the oldest first
};

}  // namespace tokensweep
