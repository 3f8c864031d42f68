#include <re2/re2.h>

#include <algorithm>
#include <boost/asio/ip/address_v6.hpp>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

#include "net/url.hpp"

namespace {

using namespace tokensweep;

std::string lower_case(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

/// What net/url.cpp is compared with: slow, and written as the grammar is.
std::optional<Url> reference(std::string_view text) {
  static const RE2 address(R"((?i)(https?)://([!-"$-.0->@-\[\]-~]*)([/?][!-"$-\[\]-~]*)?)");
  static const RE2 authority(R"((?i)(?:\[([0-9a-f:.]+)\]|([a-z0-9_.-]+))(:[1-9][0-9]{0,4})?)");
  static const RE2 ipv4(R"((?:(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])(?:\.|$)){4})");
  static const RE2 name(R"((?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*([a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?))");
  static const RE2 number(R"([0-9]+|0x[0-9a-f]*)");

  std::string scheme, place, rest, bracketed, plain, port, last;
  if (!RE2::FullMatch(text, address, &scheme, &place, &rest)) return std::nullopt;
  if (!RE2::FullMatch(place, authority, &bracketed, &plain, &port)) return std::nullopt;
  Url url;
  url.origin.tls = scheme.size() == 5;
  url.origin.port = url.origin.tls ? 443 : 80;
  if (!port.empty()) {
    const int value = std::stoi(port.substr(1));
    if (value > 65535) return std::nullopt;
    url.origin.port = static_cast<std::uint16_t>(value);
  }
  if (!bracketed.empty()) {
    boost::system::error_code failed;
    const auto parsed = boost::asio::ip::make_address_v6(bracketed, failed);
    if (failed) return std::nullopt;
    url.origin.host = parsed.to_string();
  } else {
    url.origin.host = lower_case(plain);
    const bool is_number = plain.back() != '.' && RE2::FullMatch(url.origin.host, ipv4);
    const bool is_name =
        plain.size() <= 253 && RE2::FullMatch(url.origin.host, name, &last) && !RE2::FullMatch(last, number);
    if (!is_number && !is_name) return std::nullopt;
  }
  url.target = rest.starts_with('/') ? rest : "/" + rest;
  return url;
}

void must(bool holds) {
  if (!holds) std::abort();
}

bool same(const Url& a, const Url& b) { return a.origin == b.origin && a.target == b.target; }

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto url = Url::parse(text);
  const auto expected = reference(text);
  must(url.has_value() == expected.has_value());
  if (url) {
    must(same(*url, *expected));
    const auto again = Url::parse(to_string(*url));
    must(again && same(*again, *url));
  }

  // A reference stays in its origin, or says clearly that it does not.
  const Url asked = *Url::parse("https://api.example.test/a/b?c");
  if (const auto led = asked.resolve(text)) {
    must(led->target.starts_with('/'));
    const auto again = Url::parse(to_string(*led));
    must(again && same(*again, *led));
    if (led->origin != asked.origin) must(url ? same(*url, *led) : text.starts_with("//"));
  }

  must(query_value("/?x=y&" + percent_encoded(text) + "=" + percent_encoded(text), text) == (text == "x" ? "y" : text));
  query_value(text, "page");
  return 0;
}
