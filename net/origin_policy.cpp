#include "net/origin_policy.hpp"

namespace tokensweep {

Result<OriginPolicy> OriginPolicy::make(Origin origin) {
  if (!origin.tls && !is_safe_without_tls(origin)) {
    return Error{ErrorKind::misconfigured, to_string(origin) + ": a credential travels by https: only"};
  }
  return OriginPolicy(std::move(origin));
}

Result<> OriginPolicy::admit(const Url& url) const {
  if (url.origin == origin_) return {};
  return Error{ErrorKind::misconfigured, "asked for an address that is not of " + to_string(origin_)};
}

Result<Url> OriginPolicy::follow(const Url& asked, std::string_view location) const {
  auto url = asked.resolve(location);
  if (!url) return Error{ErrorKind::malformed, to_string(origin_) + " redirects to what is no address"};
  if (url->origin != origin_) {
    return Error{
        ErrorKind::misconfigured,
        to_string(origin_) + " redirects to another server, which gets no credential: name that one if it is meant"};
  }
  return url;
}

}  // namespace tokensweep
