// Fingerprints a second, by hand: `build/tests/identity/fingerprint_bench`.
#include <fmt/core.h>

#include <chrono>
#include <thread>

#include "identity/fingerprint.hpp"

int main() {
  using Clock = std::chrono::steady_clock;
  using tokensweep::Fingerprinter;
  const Fingerprinter prints(tokensweep::InventoryKey(tokensweep::Secret(std::string(32, 'k'))));
  constexpr int kValues = 200'000;
  const auto seconds = [](Clock::time_point since) {
    return std::chrono::duration<double>(Clock::now() - since).count();
  };
  const auto run = [&prints] {
    std::string value = std::string("npm") + "_q7Zt3LxW9vRk2NbY8mHf5JdP4sCg6TaU0000";
    unsigned sum = 0;
    for (int i = 0; i < kValues; ++i) {
      for (std::size_t digit = 0, rest = static_cast<std::size_t>(i); digit < 4; ++digit, rest /= 10) {
        value[value.size() - 1 - digit] = static_cast<char>('0' + rest % 10);
      }
      sum += prints.fingerprint(value)[0];
    }
    return sum;
  };
  auto start = Clock::now();
  unsigned sum = run();
  fmt::print("1 thread:  {:.0f} fingerprints/s\n", kValues / seconds(start));
  start = Clock::now();
  {
    std::jthread other(run);
    sum += run();
  }
  fmt::print("2 threads: {:.0f} fingerprints/s\n", 2 * kValues / seconds(start));
  start = Clock::now();
  for (int i = 0; i < 10; ++i) sum += prints.fingerprint("weak" + std::to_string(i))[0];
  fmt::print("stretched: {:.1f} ms each ({})\n", seconds(start) * 100, sum);
}
