#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"

/// Addresses, and which of them are the same place. Strict: what two programs could read differently is no address.
namespace tokensweep {

/// Scheme, host and port: what a credential is meant for (RFC 6454). Two that are not equal are strangers.
struct Origin {
  bool tls = true;
  std::string host;  ///< lower case; an IPv6 address without its brackets
  std::uint16_t port = 443;

  friend bool operator==(const Origin&, const Origin&) = default;
};

/// `https://api.github.com`: the port where it is not the scheme's own, an IPv6 address in brackets.
std::string to_string(const Origin& origin);

/// Whether it is this machine: 127.0.0.0/8, ::1, `localhost`.
bool is_loopback(const Origin& origin);

/// Whether it is one of the addresses without TLS where AWS gives a machine or a container the credentials of its role:
/// 169.254.169.254, 169.254.170.2, 169.254.170.23, [fd00:ec2::23], [fd00:ec2::254], on port 80. They are link-local or
/// private to the host: what goes there is heard by no other machine.
bool is_instance_metadata(const Origin& origin);

/// Whether a credential may go there without TLS: to this machine, and to where it has its metadata from.
inline bool is_safe_without_tls(const Origin& origin) { return is_loopback(origin) || is_instance_metadata(origin); }

/// An absolute http or https address (RFC 3986).
struct Url {
  Origin origin;
  std::string target = "/";  ///< path and query as they are sent: printable ASCII, begins with a slash

  /// Refuses (`malformed`, nothing quoted) another scheme, user information, a fragment, an empty or odd host (no name,
  /// no IPv4 in dotted decimals, no IPv6), a port that is none, and every byte that is not printable ASCII; backslashes
  /// too, which browsers take for slashes.
  static Result<Url> parse(std::string_view text);

  /// The address that `reference` means where this one was asked (RFC 3986, 5.2): a `Location`, a `Link`. As strict as
  /// parse(); it may lead to another origin, which is for the caller to judge.
  [[nodiscard]] Result<Url> resolve(std::string_view reference) const;

  /// The same origin with another path, which has to begin with a slash and to be encoded.
  [[nodiscard]] Url at(std::string_view target_) const { return {origin, std::string(target_)}; }
};

std::string to_string(const Url& url);

/// One part of a path or one value of a query with everything but `A-Z a-z 0-9 - . _ ~` as `%XX` (RFC 3986, 2.1): an
/// environment named `prod/eu` is one part.
std::string percent_encoded(std::string_view text);

/// The value of `name` in an address' query, decoded; the first of several. Nothing where it has none, or a `%` is not
/// followed by two hex digits.
std::optional<std::string> query_value(std::string_view target, std::string_view name);

}  // namespace tokensweep
