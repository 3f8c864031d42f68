#include "net/socks.hpp"

#include <arpa/inet.h>

#include <array>
#include <string>
#include <utility>

namespace tokensweep {
namespace {

constexpr unsigned char kVersion = 5;
constexpr unsigned char kLoginVersion = 1;
constexpr unsigned char kNoLogin = 0;
constexpr unsigned char kPassword = 2;
constexpr unsigned char kNoneOfThese = 0xff;
constexpr unsigned char kConnect = 1;
constexpr unsigned char kIpv4 = 1;
constexpr unsigned char kName = 3;
constexpr unsigned char kIpv6 = 4;
/// Of a reply, up to the byte that says how long a name is, or the first one of an address.
constexpr std::size_t kReplyHead = 5;
constexpr std::size_t kPort = 2;

Error misconfigured(std::string what) { return {ErrorKind::misconfigured, std::move(what)}; }

unsigned char byte_at(std::string_view bytes, std::size_t index) { return static_cast<unsigned char>(bytes[index]); }

void append_byte(WipedText& out, std::size_t value) {
  const char byte = static_cast<char>(value);
  out.append({&byte, 1});
}

/// A length in one byte, and the text. Proxy and Url hold none that is longer.
void append_counted(WipedText& out, std::string_view text) {
  append_byte(out, text.size());
  out.append(text);
}

void append_address(WipedText& out, const Origin& to) {
  std::array<char, 16> address{};
  if (inet_pton(AF_INET, to.host.c_str(), address.data()) == 1) {
    append_byte(out, kIpv4);
    out.append({address.data(), 4});
  } else if (inet_pton(AF_INET6, to.host.c_str(), address.data()) == 1) {
    append_byte(out, kIpv6);
    out.append({address.data(), address.size()});
  } else {
    append_byte(out, kName);
    append_counted(out, to.host);
  }
  append_byte(out, to.port >> 8U);
  append_byte(out, to.port & 0xffU);
}

Error refusal(unsigned char code) {
  switch (code) {
    case 2:
      return misconfigured("the proxy's rules do not let us connect to it");
    case 3:
    case 4:
    case 5:
    case 6:
      return {ErrorKind::transient, "the proxy cannot reach it"};
    case 7:
    case 8:
      return misconfigured("the proxy cannot connect to such an address");
    default:
      return {ErrorKind::transient, "the proxy failed to connect to it"};
  }
}

Error no_socks() { return {ErrorKind::malformed, "what the proxy answers is no SOCKS5"}; }

}  // namespace

void SocksDialog::append_turn(WipedText& out) {
  if (!std::exchange(speaks_, false)) return;
  if (state_ == State::greeting) {
    append_byte(out, kVersion);
    append_byte(out, proxy_.user.empty() ? 1 : 2);
    append_byte(out, kNoLogin);
    if (!proxy_.user.empty()) append_byte(out, kPassword);
  } else if (state_ == State::logging_in) {
    append_byte(out, kLoginVersion);
    append_counted(out, proxy_.user.reveal());
    append_counted(out, proxy_.password.reveal());
  } else if (state_ == State::connecting) {
    append_byte(out, kVersion);
    append_byte(out, kConnect);
    append_byte(out, 0);
    append_address(out, to_);
  }
}

void SocksDialog::expect(State state, std::size_t bytes) {
  state_ = state;
  wanted_ = bytes;
  speaks_ = state == State::logging_in || state == State::connecting;
}

Result<> SocksDialog::take(std::string_view bytes) {
  if (bytes.size() != wanted_) return Error{ErrorKind::internal, "a proxy's answer that was read in part"};
  switch (state_) {
    case State::greeting:
      return take_method(bytes);
    case State::logging_in:
      if (byte_at(bytes, 0) != kLoginVersion) return no_socks();
      if (byte_at(bytes, 1) != 0) return misconfigured("the proxy does not accept the user and the password");
      expect(State::connecting, kReplyHead);
      return {};
    case State::connecting:
      return take_reply(bytes);
    case State::bound_address:
      expect(State::connected, 0);
      return {};
    case State::connected:
      break;
  }
  return {};
}

Result<> SocksDialog::take_method(std::string_view bytes) {
  if (byte_at(bytes, 0) != kVersion) return no_socks();
  const unsigned char method = byte_at(bytes, 1);
  if (method == kPassword && !proxy_.user.empty()) {
    expect(State::logging_in, 2);
  } else if (method == kNoLogin) {
    expect(State::connecting, kReplyHead);
  } else if (method == kNoneOfThese) {
    return misconfigured(proxy_.user.empty() ? "the proxy wants a user and a password, or another proof"
                                             : "the proxy wants another proof than a user and a password");
  } else {
    return no_socks();
  }
  return {};
}

Result<> SocksDialog::take_reply(std::string_view bytes) {
  if (byte_at(bytes, 0) != kVersion || byte_at(bytes, 2) != 0) return no_socks();
  if (byte_at(bytes, 1) != 0) return refusal(byte_at(bytes, 1));
  // Where the proxy stands by itself does not matter, only where its answer ends.
  switch (byte_at(bytes, 3)) {
    case kIpv4:
      expect(State::bound_address, 3 + kPort);
      return {};
    case kIpv6:
      expect(State::bound_address, 15 + kPort);
      return {};
    case kName:
      expect(State::bound_address, byte_at(bytes, 4) + kPort);
      return {};
    default:
      return no_socks();
  }
}

}  // namespace tokensweep
