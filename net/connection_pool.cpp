#include "net/connection_pool.hpp"

#include <algorithm>
#include <utility>

namespace tokensweep {
namespace {

constexpr std::size_t kMost = 128;

}  // namespace

std::unique_ptr<Connection> ConnectionPool::take(const Origin& origin, Clock::Instant now) {
  const auto fresh = std::find_if(kept_.begin(), kept_.end(),
                                  [this, now](const Kept& kept) { return now - kept.since < longest_wait_; });
  kept_.erase(kept_.begin(), fresh);
  for (std::size_t i = kept_.size(); i-- > 0;) {
    if (kept_[i].origin != origin) continue;
    auto connection = std::move(kept_[i].connection);
    kept_.erase(kept_.begin() + static_cast<std::ptrdiff_t>(i));
    if (connection->quiet()) return connection;
  }
  return nullptr;
}

void ConnectionPool::keep(const Origin& origin, std::unique_ptr<Connection> connection, Clock::Instant now) {
  if (kept_.size() == kMost) kept_.erase(kept_.begin());
  kept_.push_back({origin, std::move(connection), now});
}

}  // namespace tokensweep
