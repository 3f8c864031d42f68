#include "scanner/evidence.hpp"

#include <array>

#include "formats/package_json.hpp"

namespace tokensweep {
namespace {

constexpr std::size_t kLargestPackageJson = std::size_t{1} << 20U;

std::string_view directory_of(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
}

/// CI files live in folders of their own, one or two below the project.
std::string_view project_of(std::string_view directory) {
  constexpr std::array<std::string_view, 3> kFolders = {".github/workflows", ".github", ".circleci"};
  for (const std::string_view folder : kFolders) {
    if (directory == folder) return {};
    if (directory.ends_with(folder) && directory[directory.size() - folder.size() - 1] == '/') {
      return directory.substr(0, directory.size() - folder.size() - 1);
    }
  }
  return directory;
}

bool is_below(std::string_view path, std::string_view directory) {
  return path.starts_with(directory) && (path.size() == directory.size() || path[directory.size()] == '/');
}

}  // namespace

std::optional<std::string> home_of(std::string_view absolute_path, std::string_view own_home) {
  while (own_home.size() > 1 && own_home.ends_with('/')) own_home.remove_suffix(1);
  if (own_home.size() > 1 && is_below(absolute_path, own_home)) return std::string(own_home);
  if (is_below(absolute_path, "/root")) return "/root";
  for (const std::string_view homes : {std::string_view("/home/"), std::string_view("/Users/")}) {
    if (!absolute_path.starts_with(homes) || absolute_path.size() == homes.size()) continue;
    return std::string(absolute_path.substr(0, absolute_path.find('/', homes.size())));
  }
  return std::nullopt;
}

const Package& PackageFinder::package_of(std::string_view path) {
  const std::string_view directory = project_of(directory_of(path));
  if (directory == directory_) return package_;
  directory_ = directory;
  package_ = {};
  package_.file = directory_.empty() ? "package.json" : directory_ + "/package.json";
  const auto text = filesystem::read_below(root_, package_.file, kLargestPackageJson);
  if (auto name = text ? publishable_name(*text) : std::nullopt) package_.name = std::move(*name);
  return package_;
}

}  // namespace tokensweep
