#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <functional>
#include <utility>

#include "tests/support/hostile_server.hpp"

namespace tokensweep::testing {

/// A HostileServer in a process of its own, where the test's process must not be seen to hold what it sends, or to do
/// its work. To be made while no other thread runs.
class ServerProcess {
 public:
  explicit ServerProcess(const std::function<void(Peer&)>& script) {
    int ready[2];
    if (::pipe(stop_) != 0 || ::pipe(ready) != 0) std::abort();
    child_ = ::fork();
    if (child_ < 0) std::abort();
    if (child_ == 0) {
      ::close(stop_[1]);
      const HostileServer server(script);
      port_ = server.port();
      if (::write(ready[1], &port_, sizeof port_) != sizeof port_) std::_Exit(1);
      char end = 0;
      (void)!::read(stop_[0], &end, 1);  // until the test's process has ended, or this object
      std::_Exit(0);
    }
    ::close(stop_[0]);
    if (::read(ready[0], &port_, sizeof port_) != sizeof port_) std::abort();
    ::close(ready[0]);
    ::close(ready[1]);
  }
  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;
  ~ServerProcess() {
    ::close(stop_[1]);
    ::waitpid(child_, nullptr, 0);
  }

  [[nodiscard]] std::uint16_t port() const { return port_; }

 private:
  int stop_[2] = {-1, -1};
  pid_t child_ = -1;
  std::uint16_t port_ = 0;
};

}  // namespace tokensweep::testing
