#include "connectors/kubernetes/helm_texts.hpp"

#include <fmt/format.h>

#include <cstddef>

#include "base/base64.hpp"
#include "identity/without_values.hpp"
#include "net/url.hpp"

namespace tokensweep::kubernetes {

void HelmTexts::text(std::string_view bytes, Spelling spelling, const std::string& secret) {
  if (bytes.empty()) return;
  // `_authToken` says of a setting's value what no name of a secret does.
  const bool says_so = secret.empty() && !path_.empty() && may_matter_({}, path_.back(), Spelling::plain);
  if (!says_so && !may_matter_(secret.empty() ? path() : secret, bytes, spelling)) return;
  if (spelling == Spelling::base64) {
    if (const auto decoded = from_base64(bytes)) return keep(decoded->view(), secret);
  }
  keep(bytes, secret);
}

std::string HelmTexts::path() const {
  std::string path;
  for (const std::string& part : path_) path.append(path.empty() ? "" : "/").append(part);
  return path;
}

void HelmTexts::keep(std::string_view value, const std::string& secret) {
  HelmText text{.place = {},
                .path = path(),
                .name = secret.empty() ? path() : secret,
                .is_setting = secret.empty(),
                .value = Secret(value)};
  for (const std::string& part : path_) {
    // Keys are of somebody's choice, and places are kept: a token that stands where its name belongs is not.
    text.place.append(text.place.empty() ? "" : "/").append(percent_encoded(without_values(part)));
  }
  // Two objects of one name, in two namespaces.
  std::string unique = text.place;
  for (std::size_t again = 2; !places_.insert(unique).second; ++again) unique = fmt::format("{}~{}", text.place, again);
  text.place = std::move(unique);
  kept_.push_back(std::move(text));
}

}  // namespace tokensweep::kubernetes
