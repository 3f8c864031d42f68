#pragma once

#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "model/registry.hpp"

namespace tokensweep {

/// Reads the list of the packages that a user, an organisation or a team can write, each once and in the list's order:
/// - what `npm access list packages NAME --json` (npm 9 and later) or `npm access ls-packages NAME` (npm 6 to 8)
/// printed,
///   or a registry answered: an object of names and rights; `null`, which npm 6 to 8 print for an empty list;
/// - what the same command prints without `--json`: lines of `name: read-write`;
/// - names, one a line: all of them can be written.
///
/// `read-write` and `write` can be written, `read-only` and `read` are left out, and any other right, and anything that
/// npm would not take for a package's name, is an error that tells where it stands. `account`: whose list it is, for
/// the result.
Result<std::vector<WritablePackage>> read_npm_package_list(std::string_view text, std::string_view account);

}  // namespace tokensweep
