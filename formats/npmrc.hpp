#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "formats/credential.hpp"
#include "formats/ini.hpp"

namespace tokensweep {

/// Makes credentials of settings in npm's vocabulary (`//host/:_authToken`, `@scope:registry`), whatever syntax they
/// were written in. `next` fills in one line after the other and says false at the end.
Reading read_npm_settings(const std::function<bool(IniLine&)>& next);

/// Of the two files that npm lays over one another.
enum class NpmrcFile : std::uint8_t { project, user };

/// What becomes of one credential when npm reads both files.
struct Standing {
  /// The file that holds the credential that npm sends instead; nothing if this one is sent, or if it competes with
  /// none (it is inert, commented out, bound to no registry that can be told).
  std::optional<NpmrcFile> shadowed_by;
};

/// One entry for each credential of each reading, in the readings' order.
struct Standings {
  std::vector<Standing> project;
  std::vector<Standing> user;
};

/// Lays a project's `.npmrc` over the user's, as npm does: of the same key, the project's value holds; then, for each
/// registry, the strongest kind of credential is sent (`_authToken`, `_auth`, `username` with `_password`), whichever
/// file it stands in. A client certificate goes along with either and is only shadowed by the same key. Only what the
/// readings hold is weighed: a key that is set to nothing in the project file, or a `username` that has its
/// `_password` in the other file only, is no credential and is not seen here.
Standings lay_over(const Reading& project, const Reading& user);

/// Where to find the credential that npm sends.
struct Sent {
  NpmrcFile file = NpmrcFile::project;
  std::size_t index = 0;  ///< into the reading's credentials
};

/// The credential that npm sends to `registry` (as in Credential::registry): the registry's own, else that of the path
/// above it, up to the host. Client certificates are left aside.
std::optional<Sent> credential_for(std::string_view registry, const Reading& project, const Reading& user);

}  // namespace tokensweep
