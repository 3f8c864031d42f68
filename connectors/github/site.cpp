#include "connectors/github/site.hpp"

#include <algorithm>
#include <utility>

#include "connectors/github/letter_case.hpp"

namespace tokensweep::github {
namespace {

constexpr std::string_view kGitHub = "github.com";
constexpr std::string_view kServerRest = "/api/v3";

bool is_residency(std::string_view host) { return host.ends_with(".ghe.com"); }

std::string host_and_port(const Origin& origin) {
  const std::string address = to_string(origin);
  return address.substr(address.find("://") + 3);
}

/// A site whose address for people is known: its API lies where GitHub's documentation says.
Site site_at(const Origin& people) {
  Site site{.host = host_and_port(people), .api = people, .rest = "", .graphql = "/graphql"};
  if (people.host == kGitHub || is_residency(people.host)) {
    site.product = people.host == kGitHub ? Product::github_com : Product::ghe_com;
    site.api.host = "api." + people.host;
    return site;
  }
  site.product = Product::server;
  site.rest = kServerRest;
  site.graphql = "/api/graphql";
  return site;
}

}  // namespace

std::string normal_host(std::string_view host) {
  const std::string out = lower(host);
  return out.ends_with(".github.com") ? std::string(kGitHub) : out;
}

Result<Site> site_of(std::string_view api_url, const Environment& environment) {
  if (api_url.empty()) {
    const std::string host = normal_host(environment("GH_HOST").value_or(std::string()));
    auto url = Url::parse("https://" + (host.empty() ? std::string(kGitHub) : host));
    if (!url || url->target != "/") return Error{ErrorKind::misconfigured, "GH_HOST is no host's name"};
    return site_at(url->origin);
  }
  auto url = Url::parse(api_url);
  if (!url) return Error{ErrorKind::misconfigured, "api_url: " + url.error().what};
  Origin& origin = url->origin;
  std::string path = url->target;
  while (path.ends_with('/')) path.pop_back();
  if (path.find('?') != std::string::npos) return Error{ErrorKind::misconfigured, "api_url has a query"};
  if (path.empty() && (origin.host == kGitHub || is_residency(origin.host)) && !origin.host.starts_with("api.")) {
    return site_at(origin);
  }
  if (path.empty() && origin.host.starts_with("api.") &&
      (origin.host == "api.github.com" || is_residency(origin.host))) {
    origin.host.erase(0, std::string_view("api.").size());
    return site_at(origin);
  }
  if (path == kServerRest) return site_at(origin);
  // Behind a proxy of its own the API may lie anywhere; GraphQL lies below it then, as at github.com.
  return Site{.product = Product::server,
              .host = host_and_port(origin),
              .api = origin,
              .rest = path,
              .graphql = path + "/graphql"};
}

}  // namespace tokensweep::github
