#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "connectors/kubernetes/helm_texts.hpp"

/// Releases of Helm 3, one revision each, as it keeps them in the cluster: JSON, in gzip (or not, as its first versions
/// wrote them), in base64 (pkg/storage/driver/util.go of Helm).
namespace tokensweep::kubernetes {

/// Where Helm keeps a release: the type of the secret, what its name begins with, and the key in it.
inline constexpr std::string_view kReleaseType = "helm.sh/release.v1";
inline constexpr std::string_view kReleaseName = "sh.helm.release.v1.";
inline constexpr std::string_view kReleaseKey = "release";

/// What a revision says of itself.
struct HelmRelease {
  std::string name;
  std::int64_t revision = 0;
  std::string status;  ///< `deployed`, `superseded`, …
};

/// Reads a release while it is decoded: its JSON is never in memory as a whole. `texts` gets the user's values
/// (`config/…`), the chart's (`values/…`) with its `templates/…` and `files/…`, what was rendered (`manifest/…`,
/// `hooks/…`), and what was told of it (`info/…`). What was met before an error stays: `malformed`, one line that
/// quotes nothing, for what is no release, is cut off, or is larger than any.
Result<> read_helm_release(std::string_view stored, HelmRelease& release, HelmTexts& texts);

}  // namespace tokensweep::kubernetes
