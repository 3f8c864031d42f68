#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "net/socks.hpp"
#include "tests/fuzz/require.hpp"

using namespace tokensweep;

using tokensweep::testing::require;

namespace {

/// Whatever a proxy says, the conversation ends within five turns, and asks for no more than an answer may have.
void talk(const Proxy& proxy, std::string_view answers) {
  const Origin to{.tls = true, .host = "npm.example.test", .port = 443};
  SocksDialog dialog(to, proxy);
  for (int turn = 0; dialog.wanted() != 0; ++turn) {
    require(turn < 5);
    WipedText sent;
    dialog.append_turn(sent);
    const std::size_t count = dialog.wanted();
    require(count <= 257);
    if (answers.size() < count) return;
    const auto taken = dialog.take(answers.substr(0, count));
    if (!taken) {
      require(taken.error().kind != ErrorKind::internal && taken.error().what.find('\n') == std::string::npos);
      return;
    }
    answers.remove_prefix(count);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view answers(reinterpret_cast<const char*>(data), size);
  Proxy proxy;
  talk(proxy, answers);
  proxy.user = Secret("ann");
  proxy.password = Secret("password");
  talk(proxy, answers);
  return 0;
}
