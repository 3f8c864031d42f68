#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/environment.hpp"
#include "base/result.hpp"
#include "base/secret.hpp"
#include "net/url.hpp"

namespace tokensweep {

/// How a proxy is spoken to. By either, it is asked to connect to an origin, and TLS goes through it untouched.
enum class ProxyKind : std::uint8_t {
  http,   ///< CONNECT
  socks5  ///< net/socks.hpp
};

struct Proxy {
  ProxyKind kind = ProxyKind::http;
  Origin origin;         ///< where it listens; no TLS up to it
  Secret authorization;  ///< an HTTP proxy's value of Proxy-Authorization; empty where the address names no user
  Secret user;           ///< a SOCKS5 proxy's, 255 bytes at most; empty where the address names none
  Secret password;       ///< the same
};

/// Which origins are reached through which proxy.
class ProxyRules {
 public:
  /// `option` is a proxy for all that is not this machine, or empty for none at all. Without it, the environment says:
  /// HTTPS_PROXY or https_proxy, and NO_PROXY or no_proxy for what is reached without one. An address is
  /// `[scheme://][user:password@]host[:port]`, user and password with `%XX`; the scheme is `http`, the default, or
  /// `socks5`, for which `socks5h` is another word as in Go's programs. `misconfigured` where it is none; nothing of it
  /// is quoted.
  static Result<ProxyRules> read(const std::optional<std::string>& option, const Environment& environment);

  /// The proxy for an origin, or null. Never one for this machine, nor without TLS: HTTP_PROXY means nothing here.
  [[nodiscard]] const Proxy* proxy_for(const Origin& origin) const;

 private:
  /// One entry of NO_PROXY, as Go's programs read it: `*`; `host` with its subdomains; `.host` and `*.host`, these
  /// alone; an address; `address/bits`; each with `:port` behind it, too.
  struct Exception {
    std::string domain;                                   ///< with a dot in front; empty for an address
    bool subdomains_only = false;                         ///< not the domain itself
    std::optional<std::array<std::uint8_t, 16>> address;  ///< IPv4 as ::ffff:a.b.c.d
    unsigned bits = 128;
    std::optional<std::uint16_t> port;
    [[nodiscard]] bool fits(const Origin& origin) const;
  };
  static std::optional<Exception> read_exception(std::string_view text);

  std::optional<Proxy> proxy_;
  bool no_origin_ = false;  ///< NO_PROXY=*
  std::vector<Exception> exceptions_;
};

}  // namespace tokensweep
