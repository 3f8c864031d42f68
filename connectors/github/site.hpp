#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/environment.hpp"
#include "base/result.hpp"
#include "net/url.hpp"

namespace tokensweep::github {

/// github.com, Enterprise Cloud with data residency (`*.ghe.com`), Enterprise Server. They differ in their limits and
/// in what they have.
enum class Product : std::uint8_t { github_com, ghe_com, server };

/// Where one GitHub is asked.
struct Site {
  Product product = Product::github_com;
  std::string host;  ///< as people call it: `github.com`, `acme.ghe.com`, `git.corp.example`, with a port of its own
  Origin api;
  std::string rest;     ///< what REST paths begin with: empty, or `/api/v3`
  std::string graphql;  ///< its path

  /// The address of a REST path that begins with a slash.
  [[nodiscard]] Url at(std::string_view path) const { return Url{.origin = api, .target = rest + std::string(path)}; }
  [[nodiscard]] Url query() const { return Url{.origin = api, .target = graphql}; }
};

/// The site of `api_url`: the REST API's address (`https://api.github.com`, `https://api.acme.ghe.com`,
/// `https://git.corp.example/api/v3`), or the site's own. Empty: that of the variable GH_HOST, as with GitHub's CLI,
/// else github.com. `misconfigured` for what is no such address.
Result<Site> site_of(std::string_view api_url, const Environment& environment);

/// The host as GitHub's CLI files it: lower case, and every name below github.com is github.com.
std::string normal_host(std::string_view host);

}  // namespace tokensweep::github
