#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "connectors/filesystem/walk.hpp"

namespace tokensweep {

/// The home directory that an absolute path lies in: `$HOME`, or what systems use for homes (`/home/NAME`,
/// `/Users/NAME`, `/root`).
std::optional<std::string> home_of(std::string_view absolute_path, std::string_view own_home);

/// The package that a directory holds.
struct Package {
  std::string name;  ///< empty where there is none, or where it is marked private
  std::string file;  ///< the `package.json` that says so, relative to the root
};

/// Reads `package.json` files below a root for the name of the package that a file belongs to. One for each thread.
class PackageFinder {
 public:
  explicit PackageFinder(const filesystem::Root& root) : root_(root) {}

  /// The package of the directory that `path` (relative to the root) lies in, or, for CI files, of the project that
  /// their folder belongs to.
  const Package& package_of(std::string_view path);

 private:
  const filesystem::Root& root_;
  std::string directory_ = "\n";  // of the answer below: no directory at first
  Package package_;
};

}  // namespace tokensweep
