#include "net/proxy.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/base64.hpp"
#include "base/wiped_text.hpp"

namespace tokensweep {
namespace {

using Address = std::array<std::uint8_t, 16>;

constexpr std::string_view kSpaces = " \t\r\n,";
constexpr std::string_view kHttp = "http://";
constexpr std::uint16_t kSocksPort = 1080;
/// A length of SOCKS5 has one byte (RFC 1929, 2).
constexpr std::size_t kLongestOfSocks = 255;

std::optional<Address> read_address(const std::string& text) {
  Address address{};
  if (inet_pton(AF_INET6, text.c_str(), address.data()) == 1) return address;
  if (inet_pton(AF_INET, text.c_str(), address.data() + 12) != 1) return std::nullopt;
  address[10] = address[11] = 0xff;
  return address;
}

template <class Number>
std::optional<Number> read_number(std::string_view text) {
  Number number{};
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failed != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::string lower_case(std::string_view text) {
  std::string lowered(text);
  for (char& c : lowered) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return lowered;
}

/// What `%XX` stands for, elsewhere the characters themselves; nothing for a `%` that begins no such thing.
std::optional<WipedText> percent_decoded(std::string_view text) {
  WipedText decoded;
  decoded.reserve(text.size());
  while (!text.empty()) {
    char c = text.front();
    std::size_t used = 1;
    if (c == '%') {
      unsigned byte = 0;
      const char* const begin = text.data() + 1;
      const char* const end = text.data() + std::min<std::size_t>(text.size(), 3);
      if (text.size() < 3 || std::from_chars(begin, end, byte, 16).ptr != end) return std::nullopt;
      c = static_cast<char>(byte);
      used = 3;
    }
    decoded.append({&c, 1});
    text.remove_prefix(used);
  }
  return decoded;
}

Error no_proxy_address() {
  return {ErrorKind::misconfigured, "not the address of a proxy, which is http://[user:password@]host[:port]"};
}

/// Takes a scheme off.
Result<ProxyKind> read_kind(std::string_view& text) {
  const std::size_t end = text.find("://");
  if (end == std::string_view::npos) return ProxyKind::http;
  const std::string scheme = lower_case(text.substr(0, end));
  text.remove_prefix(end + 3);
  if (scheme == "http") return ProxyKind::http;
  if (scheme == "socks5" || scheme == "socks5h") return ProxyKind::socks5;
  return Error{ErrorKind::misconfigured, "only proxies that begin with http:// or socks5:// can be used"};
}

/// `text` is `user:password`, encoded.
Result<> read_user(std::string_view text, Proxy& proxy) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) return no_proxy_address();
  const auto user = percent_decoded(text.substr(0, colon));
  const auto password = percent_decoded(text.substr(colon + 1));
  if (!user || !password) return no_proxy_address();
  if (proxy.kind == ProxyKind::socks5) {
    if (user->empty() || std::max(user->size(), password->size()) > kLongestOfSocks) return no_proxy_address();
    proxy.user = Secret(user->view());
    proxy.password = Secret(password->view());
    return {};
  }
  WipedText both;
  both.reserve(text.size());
  both.append(user->view());
  both.append(":");
  both.append(password->view());
  WipedText value("Basic ");
  value.reserve(16 + 2 * text.size());
  append_base64(value, both.view());
  proxy.authorization = Secret(value.view());
  return {};
}

Result<Proxy> read_proxy(std::string_view text) {
  Proxy proxy;
  TRY(proxy.kind, read_kind(text));
  if (text.ends_with('/')) text.remove_suffix(1);
  if (const std::size_t at = text.rfind('@'); at != std::string_view::npos) {
    TRY_VOID(read_user(text.substr(0, at), proxy));
    text.remove_prefix(at + 1);
  }
  const auto url = Url::parse(std::string(kHttp).append(text));
  if (!url || url->target != "/") return no_proxy_address();
  proxy.origin = url->origin;
  const bool has_port = text.rfind(':') != std::string_view::npos && text.back() != ']';
  if (proxy.kind == ProxyKind::socks5 && !has_port) proxy.origin.port = kSocksPort;
  return proxy;
}

/// The first of the two that says something.
std::optional<std::string> either(const Environment& environment, const char* upper, const char* lower) {
  auto value = environment(upper);
  if (!value || value->empty()) value = environment(lower);
  if (value && value->empty()) value.reset();
  return value;
}

}  // namespace

Result<ProxyRules> ProxyRules::read(const std::optional<std::string>& option, const Environment& environment) {
  ProxyRules rules;
  if (option) {
    if (option->empty()) return rules;
    auto proxy = read_proxy(*option);
    if (!proxy) return std::move(proxy).error().within("proxy");
    rules.proxy_ = std::move(*proxy);
    return rules;
  }
  auto address = either(environment, "HTTPS_PROXY", "https_proxy");
  if (!address) return rules;
  auto proxy = read_proxy(*address);
  wipe(address->data(), address->size());
  if (!proxy) return std::move(proxy).error().within("the environment's HTTPS_PROXY");
  rules.proxy_ = std::move(*proxy);

  const std::string exceptions = either(environment, "NO_PROXY", "no_proxy").value_or("");
  std::string_view rest = exceptions;
  while (true) {
    rest.remove_prefix(std::min(rest.find_first_not_of(kSpaces), rest.size()));
    if (rest.empty()) return rules;
    const std::string_view entry = rest.substr(0, rest.find_first_of(kSpaces));
    rest.remove_prefix(entry.size());
    if (entry == "*") rules.no_origin_ = true;
    if (auto exception = read_exception(entry)) rules.exceptions_.push_back(std::move(*exception));
  }
}

const Proxy* ProxyRules::proxy_for(const Origin& origin) const {
  if (!proxy_ || no_origin_ || !origin.tls || is_loopback(origin)) return nullptr;
  const bool excepted = std::any_of(exceptions_.begin(), exceptions_.end(),
                                    [&origin](const Exception& exception) { return exception.fits(origin); });
  return excepted ? nullptr : &*proxy_;
}

std::optional<ProxyRules::Exception> ProxyRules::read_exception(std::string_view text) {
  Exception exception;
  std::string host = lower_case(text);
  // A port stands behind brackets, or behind the only colon.
  const std::size_t colon = host.rfind(':');
  if (colon != std::string::npos && colon > 0 && (host[colon - 1] == ']' || host.find(':') == colon)) {
    exception.port = read_number<std::uint16_t>(std::string_view(host).substr(colon + 1));
    if (!exception.port) return std::nullopt;
    host.resize(colon);
  }
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);

  const std::size_t slash = host.find('/');
  exception.address = read_address(host.substr(0, slash));
  if (slash != std::string::npos) {
    const auto bits = read_number<unsigned>(std::string_view(host).substr(slash + 1));
    const bool is_ipv4 = host.find(':') == std::string::npos;
    if (!exception.address || !bits || *bits > (is_ipv4 ? 32U : 128U)) return std::nullopt;
    exception.bits = is_ipv4 ? 96 + *bits : *bits;
  }
  if (exception.address) return exception;

  if (host.starts_with("*.")) host.erase(0, 1);
  if (host.ends_with('.')) host.pop_back();
  exception.subdomains_only = host.starts_with('.');
  exception.domain = exception.subdomains_only ? host : "." + host;
  if (exception.domain.size() < 2) return std::nullopt;
  return exception;
}

bool ProxyRules::Exception::fits(const Origin& origin) const {
  if (port && *port != origin.port) return false;
  if (!address) {
    return origin.host.ends_with(domain) || (!subdomains_only && "." + origin.host == domain);
  }
  const auto other = read_address(origin.host);
  if (!other) return false;
  for (unsigned bit = 0; bit < bits; ++bit) {
    const unsigned mask = 0x80U >> (bit % 8);
    if (((*address)[bit / 8] & mask) != ((*other)[bit / 8] & mask)) return false;
  }
  return true;
}

}  // namespace tokensweep
