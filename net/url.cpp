#include "net/url.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace tokensweep {
namespace {

constexpr std::string_view kHttps = "https:";
constexpr std::string_view kHttp = "http:";
constexpr std::size_t kLongestName = 253;  // RFC 1035, without the root's dot
constexpr std::size_t kLongestLabel = 63;

Error no_address(std::string_view why) { return {ErrorKind::malformed, std::string("not an address: ").append(why)}; }

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::string lower_case(std::string_view text) {
  std::string lowered(text);
  std::transform(lowered.begin(), lowered.end(), lowered.begin(), lower);
  return lowered;
}

int hex_digit(char c) {
  if (is_digit(c)) return c - '0';
  c = lower(c);
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/// What may stand in an address at all, wherever it stands.
bool is_address_byte(char c) { return c > ' ' && c <= '~' && c != '\\' && c != '#'; }

/// A decimal number as one would write it: no sign, no zeros in front.
std::optional<unsigned> decimal(std::string_view text, unsigned most) {
  unsigned number = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failed != std::errc() || end != text.data() + text.size() || !is_digit(text.front())) return std::nullopt;
  if (number > most || (text.size() > 1 && text.front() == '0')) return std::nullopt;
  return number;
}

/// The parts between the dots.
std::vector<std::string_view> labels(std::string_view host) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t dot = host.find('.');
    parts.push_back(host.substr(0, dot));
    if (dot == std::string_view::npos) return parts;
    host.remove_prefix(dot + 1);
  }
}

bool is_ipv4(std::string_view host) {
  const auto parts = labels(host);
  return parts.size() == 4 &&
         std::all_of(parts.begin(), parts.end(), [](std::string_view part) { return decimal(part, 255).has_value(); });
}

/// One spelling for each address: RFC 5952.
std::optional<std::string> ipv6(std::string_view host) {
  in6_addr address{};
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (inet_pton(AF_INET6, std::string(host).c_str(), &address) != 1) return std::nullopt;
  inet_ntop(AF_INET6, &address, text.data(), text.size());
  return std::string(text.data());
}

bool is_label(std::string_view label) {
  return !label.empty() && label.size() <= kLongestLabel && label.front() != '-' && label.back() != '-' &&
         std::all_of(label.begin(), label.end(),
                     [](char c) { return is_letter(c) || is_digit(c) || c == '-' || c == '_'; });
}

/// Resolvers and browsers take `0x7f.1` and `2130706433` for IPv4: such a name is none.
bool reads_as_number(std::string_view label) {
  if (std::all_of(label.begin(), label.end(), is_digit)) return true;
  return label.size() >= 2 && label[0] == '0' && lower(label[1]) == 'x' &&
         std::all_of(label.begin() + 2, label.end(), [](char c) { return hex_digit(c) >= 0; });
}

bool is_name(std::string_view host) {
  if (host.size() > kLongestName) return false;
  const auto parts = labels(host);
  return std::all_of(parts.begin(), parts.end(), is_label) && !reads_as_number(parts.back());
}

struct HostAndPort {
  std::string host;
  std::optional<std::string_view> port;  ///< what stands behind the colon
};

std::optional<HostAndPort> split_authority(std::string_view authority) {
  HostAndPort split;
  std::string_view rest;
  if (authority.starts_with('[')) {
    const std::size_t close = authority.find(']');
    if (close == std::string_view::npos) return std::nullopt;
    auto host = ipv6(authority.substr(1, close - 1));
    if (!host) return std::nullopt;
    split.host = std::move(*host);
    rest = authority.substr(close + 1);
  } else {
    const std::size_t colon = std::min(authority.find(':'), authority.size());
    split.host = lower_case(authority.substr(0, colon));
    if (!is_ipv4(split.host) && !is_name(split.host)) return std::nullopt;
    rest = authority.substr(colon);
  }
  if (rest.empty()) return split;
  if (rest.front() != ':') return std::nullopt;
  split.port = rest.substr(1);
  return split;
}

std::uint16_t scheme_port(bool tls) { return tls ? 443 : 80; }

/// Whether a reference names a scheme (RFC 3986, 4.1): it does where a colon stands before its first slash or query.
bool has_scheme(std::string_view reference) {
  const std::size_t end = reference.find_first_of("/?");
  return reference.substr(0, end).find(':') != std::string_view::npos;
}

/// RFC 3986, 5.2.4, for a path that begins with a slash.
std::string without_dots(std::string_view path) {
  std::string out;
  while (!path.empty()) {
    const std::size_t end = std::min(path.find('/', 1), path.size());
    const std::string_view segment = path.substr(0, end);
    const bool last = end == path.size();
    path.remove_prefix(end);
    if (segment == "/..") out.resize(std::min(out.rfind('/'), out.size()));
    if (segment != "/." && segment != "/..") {
      out += segment;
    } else if (last) {
      out += '/';
    }
  }
  return out;
}

std::optional<std::string> percent_decoded(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out.push_back(text[i]);
      continue;
    }
    if (i + 2 >= text.size()) return std::nullopt;
    const int high = hex_digit(text[i + 1]);
    const int low = hex_digit(text[i + 2]);
    if (high < 0 || low < 0) return std::nullopt;
    out.push_back(static_cast<char>(high * 16 + low));
    i += 2;
  }
  return out;
}

}  // namespace

std::string to_string(const Origin& origin) {
  std::string text = origin.tls ? "https://" : "http://";
  const bool bracketed = origin.host.find(':') != std::string::npos;
  if (bracketed) text += '[';
  text += origin.host;
  if (bracketed) text += ']';
  if (origin.port != scheme_port(origin.tls)) text.append(":").append(std::to_string(origin.port));
  return text;
}

std::string to_string(const Url& url) { return to_string(url.origin) + url.target; }

bool is_loopback(const Origin& origin) {
  return origin.host == "localhost" || origin.host == "::1" ||
         (origin.host.starts_with("127.") && is_ipv4(origin.host));
}

bool is_instance_metadata(const Origin& origin) {
  constexpr std::array<std::string_view, 5> kHosts = {"169.254.169.254", "169.254.170.2", "169.254.170.23",
                                                      "fd00:ec2::23", "fd00:ec2::254"};
  return !origin.tls && origin.port == 80 && std::find(kHosts.begin(), kHosts.end(), origin.host) != kHosts.end();
}

Result<Url> Url::parse(std::string_view text) {
  if (!std::all_of(text.begin(), text.end(), is_address_byte)) return no_address("a byte that no address has");
  Url url;
  const std::string scheme = lower_case(text.substr(0, text.find(':') + 1));  // nothing where there is no colon
  if (scheme != kHttps && scheme != kHttp) return no_address("it begins with neither https: nor http:");
  url.origin.tls = scheme == kHttps;
  text.remove_prefix(scheme.size());
  if (!text.starts_with("//")) return no_address("no // before the host");
  text.remove_prefix(2);

  const std::size_t end = std::min(text.find_first_of("/?"), text.size());
  const std::string_view authority = text.substr(0, end);
  text.remove_prefix(end);
  if (authority.find('@') != std::string_view::npos) return no_address("a user name, which has no place in it");
  auto place = split_authority(authority);
  if (!place) return no_address("no host that could be looked up");
  url.origin.host = std::move(place->host);
  url.origin.port = scheme_port(url.origin.tls);
  if (place->port) {
    const auto port = place->port->empty() ? std::nullopt : decimal(*place->port, 65535);
    if (!port || *port == 0) return no_address("no port");
    url.origin.port = static_cast<std::uint16_t>(*port);
  }

  url.target = text.starts_with('/') ? "" : "/";
  url.target += text;
  return url;
}

Result<Url> Url::resolve(std::string_view reference) const {
  if (!std::all_of(reference.begin(), reference.end(), is_address_byte)) {
    return no_address("a byte that no address has");
  }
  if (has_scheme(reference)) return parse(reference);
  if (reference.starts_with("//")) return parse(std::string(origin.tls ? kHttps : kHttp).append(reference));

  const std::string_view base = std::string_view(target).substr(0, target.find('?'));
  const std::size_t query = std::min(reference.find('?'), reference.size());
  const std::string_view path = reference.substr(0, query);
  if (reference.empty()) return at(target);
  if (path.empty()) return at(std::string(base).append(reference));
  const std::string_view folder = path.starts_with('/') ? "" : base.substr(0, base.rfind('/') + 1);
  return at(without_dots(std::string(folder).append(path)).append(reference.substr(query)));
}

std::string percent_encoded(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  const auto is_plain = [](char c) {
    return is_letter(c) || is_digit(c) || c == '-' || c == '.' || c == '_' || c == '~';
  };
  const auto first = std::ranges::find_if_not(text, is_plain);
  // Most names are plain, and there are millions.
  std::string out(text.begin(), first);
  for (const char c : text.substr(out.size())) {
    if (is_plain(c)) {
      out.push_back(c);
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out.push_back('%');
    out.push_back(kHex[byte >> 4U]);
    out.push_back(kHex[byte & 15U]);
  }
  return out;
}

std::optional<std::string> query_value(std::string_view target, std::string_view name) {
  const std::size_t mark = target.find('?');
  if (mark == std::string_view::npos) return std::nullopt;
  std::string_view query = target.substr(mark + 1);
  while (true) {
    const std::string_view pair = query.substr(0, query.find('&'));
    const std::size_t equals = std::min(pair.find('='), pair.size());
    if (percent_decoded(pair.substr(0, equals)) == name) {
      return percent_decoded(pair.substr(std::min(equals + 1, pair.size())));
    }
    if (pair.size() == query.size()) return std::nullopt;
    query.remove_prefix(pair.size() + 1);
  }
}

}  // namespace tokensweep
