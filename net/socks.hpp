#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/result.hpp"
#include "base/wiped_text.hpp"
#include "net/proxy.hpp"
#include "net/url.hpp"

namespace tokensweep {

/// The client's side of a SOCKS5 conversation (RFC 1928; RFC 1929 for user and password), without a socket. By turns:
/// what append_turn() gives is sent, then exactly wanted() bytes are read and handed to take(), until that is 0 and the
/// connection leads to the origin. Host names are the proxy's to resolve.
class SocksDialog {
 public:
  /// Both have to outlive it.
  SocksDialog(const Origin& to, const Proxy& proxy) : to_(to), proxy_(proxy) {}

  /// Appends what is to be sent now; nothing where more of an answer is to be read first.
  void append_turn(WipedText& out);
  /// How many bytes come next; 0: it is connected.
  [[nodiscard]] std::size_t wanted() const { return wanted_; }
  /// `misconfigured` where the proxy does not let us through, `transient` where it cannot get there, `malformed` where
  /// what it says is no SOCKS5.
  Result<> take(std::string_view bytes);

 private:
  enum class State : std::uint8_t { greeting, logging_in, connecting, bound_address, connected };

  Result<> take_method(std::string_view bytes);
  Result<> take_reply(std::string_view bytes);
  void expect(State state, std::size_t bytes);

  const Origin& to_;
  const Proxy& proxy_;
  State state_ = State::greeting;
  std::size_t wanted_ = 2;
  bool speaks_ = true;  ///< it is our turn
};

}  // namespace tokensweep
