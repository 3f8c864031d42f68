#include "connectors/kubernetes/kubeconfig_files.hpp"

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <string_view>
#include <utility>
#include <vector>

#include "connectors/private_file.hpp"

namespace tokensweep::kubernetes {
namespace {

/// The bound of its reader, too.
constexpr std::size_t kLargestKubeconfig = std::size_t{4} << 20U;

struct Files {
  std::vector<std::filesystem::path> files;
  bool have_to_be_there = false;
};

Files files_of(const Settings& settings, const Environment& environment) {
  if (const auto file = settings.path("kubeconfig")) return {{*file}, true};
  if (settings.has("kubeconfigs")) return {settings.paths("kubeconfigs"), true};
  Files found;
  const std::string listed = environment("KUBECONFIG").value_or("");
  for (std::string_view rest = listed; !rest.empty();) {
    const std::string_view name = rest.substr(0, rest.find(':'));
    rest.remove_prefix(std::min(rest.size(), name.size() + 1));
    const bool is_there = std::find(found.files.begin(), found.files.end(), name) != found.files.end();
    if (!name.empty() && !is_there) found.files.emplace_back(name);
  }
  if (!listed.empty()) return found;
  const std::string home = environment("HOME").value_or("");
  if (!home.empty()) found.files.push_back(std::filesystem::path(home) / ".kube" / "config");
  return found;
}

Result<std::optional<Kubeconfig>> read_one(const std::filesystem::path& file) {
  TRY(const auto text, read_private_file(file, kLargestKubeconfig));
  if (!text) return std::optional<Kubeconfig>();
  TRY(Kubeconfig config, parse_kubeconfig(text->view(), std::filesystem::absolute(file)));
  return std::optional(std::move(config));
}

}  // namespace

Result<std::optional<Kubeconfig>> read_kubeconfigs(const Settings& settings, const Environment& environment) {
  const Files files = files_of(settings, environment);
  std::optional<Kubeconfig> all;
  for (const std::filesystem::path& file : files.files) {
    auto config = read_one(file);
    if (!config) return std::move(config).error().within(file.native());
    if (!*config) {
      if (!files.have_to_be_there) continue;
      return Error{ErrorKind::misconfigured, file.native() + ": there is no such file"};
    }
    if (!all) all.emplace();
    merge(*all, std::move(**config));
  }
  return all;
}

}  // namespace tokensweep::kubernetes
