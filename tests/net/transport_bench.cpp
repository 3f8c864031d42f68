// Figures, by hand: what a request costs.
//
//   transport_bench [REQUESTS [CONNECTIONS]]
//
// A server of its own process answers with 1 KiB; prints CPU time and memory of the asking process alone.
#include <fmt/core.h>
#include <sys/resource.h>

#include <cstdlib>
#include <string>

#include "net/task_group.hpp"
#include "tests/net/transport_rig.hpp"
#include "tests/support/server_process.hpp"

namespace {

using namespace tokensweep;           // NOLINT(google-build-using-namespace)
using namespace tokensweep::testing;  // NOLINT(google-build-using-namespace)

Task<> ask(Transport& transport, const HttpRequest& request, std::size_t& failed) {
  const std::span<const SecretHeader> no_credential;
  const auto answer = co_await transport.send(request, no_credential);
  if (!answer || answer->body.size() != 1024) ++failed;
}

Task<> ask_all(Transport& transport, const HttpRequest& request, std::size_t requests, std::size_t connections,
               std::size_t& failed) {
  TaskGroup group(connections);
  for (std::size_t i = 0; i < requests; ++i) co_await group.start(ask(transport, request, failed));
  co_await group.join();
}

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

}  // namespace

int main(int argc, char** argv) {
  const std::size_t requests = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 10'000;
  const std::size_t connections = argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 64;
  ServerProcess server([](Peer& peer) { peer.serve(std::string(1024, 'x')); });
  const HttpRequest request = get("127.0.0.1", server.port(), false, "/repos/acme/site/actions/secrets?page=1");

  SystemClock clock;
  std::size_t failed = 0;
  TransportCounters counters;
  const auto begin = std::chrono::steady_clock::now();
  {
    boost::asio::io_context context(1);
    auto transport = Transport::make(direct(), clock);
    if (!transport) return 1;
    boost::asio::co_spawn(context, ask_all(**transport, request, requests, connections, failed),
                          [](std::exception_ptr thrown) {
                            if (thrown) std::rethrow_exception(thrown);
                          });
    context.run();
    counters = (*transport)->counters();
  }
  const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - begin;
  rusage own{};
  ::getrusage(RUSAGE_SELF, &own);
  fmt::print("{} requests, {} connections, {} failed: {:.2f} s, {:.2f} s CPU, {} MiB\n", requests, counters.opened,
             failed, wall.count(), seconds(own.ru_utime) + seconds(own.ru_stime), own.ru_maxrss / 1024);
  return failed == 0 ? 0 : 1;
}
