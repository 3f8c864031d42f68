#include "connectors/github/credentials.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <optional>
#include <string_view>
#include <utility>

#include "connectors/private_file.hpp"
#include "formats/yaml_tree.hpp"

namespace tokensweep::github {
namespace {

constexpr std::size_t kLargestHostsFile = std::size_t{64} << 10U;

Error misconfigured(std::string what) { return {ErrorKind::misconfigured, std::move(what)}; }

/// An environment variable that is set and not empty.
std::optional<std::string> variable(const Services& services, const char* name) {
  auto value = services.environment(name);
  if (value && value->empty()) return std::nullopt;
  return value;
}

std::array<const char*, 2> variables_for(const Site& site) {
  if (site.product == Product::server) return {"GH_ENTERPRISE_TOKEN", "GITHUB_ENTERPRISE_TOKEN"};
  return {"GH_TOKEN", "GITHUB_TOKEN"};
}

std::optional<std::filesystem::path> hosts_file(const Services& services) {
  if (const auto directory = variable(services, "GH_CONFIG_DIR"))
    return std::filesystem::path(*directory) / "hosts.yml";
  if (const auto directory = variable(services, "XDG_CONFIG_HOME")) {
    return std::filesystem::path(*directory) / "gh" / "hosts.yml";
  }
  if (const auto home = variable(services, "HOME")) {
    return std::filesystem::path(*home) / ".config" / "gh" / "hosts.yml";
  }
  return std::nullopt;
}

/// `oauth_token` of the site's host: the active account's.
Result<std::optional<Secret>> token_in(std::string_view hosts, const Site& site) {
  TRY(const YamlTree tree, YamlTree::parse(hosts));
  std::optional<Secret> found;
  bool fits = true;
  tree.for_each(tree.root(), [&](std::string_view host, const YamlTree::Node& entry) {
    const YamlTree::Node* token = tree.member(&entry, "oauth_token");
    if (normal_host(host) != site.host || token == nullptr || token->kind != YamlTree::Node::Kind::scalar) return;
    const std::string_view text = token->text.reveal();
    fits = std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~'; });
    if (!text.empty()) found = Secret(text);
  });
  if (!fits) return misconfigured("its token has characters that no token has");
  return found;
}

}  // namespace

Result<FoundToken> find_token(const Settings& settings, const Services& services, const Site& site) {
  if (const auto reference = settings.credential()) {
    TRY(Secret token, services.credential(*reference));
    constexpr std::array<std::string_view, 3> kKeys = {"token_env", "token_file", "token_command"};
    return FoundToken{std::move(token), std::string(kKeys[reference->index()])};
  }
  for (const char* name : variables_for(site)) {
    if (!variable(services, name)) continue;
    TRY(Secret token, services.credential(EnvironmentCredential{name}));
    return FoundToken{std::move(token), name};
  }
  if (const auto file = hosts_file(services)) {
    auto text = read_private_file(*file, kLargestHostsFile);
    if (!text) return std::move(text).error().within(file->native());
    if (*text) {
      auto token = token_in((*text)->view(), site);
      if (!token) return misconfigured(std::move(token).error().within(file->native()).what);
      if (*token) return FoundToken{std::move(**token), file->native()};
    }
  }
  const auto names = variables_for(site);
  return misconfigured(std::string("no credential: set ") + names.front() +
                       ", or name one with token_env, token_file, token_command or app; where `gh` is logged in: "
                       R"(token_command = ["gh", "auth", "token", "--hostname", ")" +
                       site.host + "\"]");
}

}  // namespace tokensweep::github
