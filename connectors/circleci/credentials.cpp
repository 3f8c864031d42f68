#include "connectors/circleci/credentials.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <filesystem>
#include <optional>
#include <utility>
#include <vector>

#include "connectors/private_file.hpp"
#include "formats/yaml_tree.hpp"

namespace tokensweep::circleci {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kLargestFile = std::size_t{64} << 10U;

Error misconfigured(std::string what) { return {ErrorKind::misconfigured, std::move(what)}; }

/// An environment variable that is set and not empty.
std::optional<std::string> variable(const Services& services, const char* name) {
  auto value = services.environment(name);
  if (value && value->empty()) return std::nullopt;
  return value;
}

/// A token is only sent to the host that it came with.
Result<> check_host(std::string_view host, const Origin& origin) {
  const auto own = parse_host(host);
  if (!own) return misconfigured("its host is no host");
  if (*own == origin) return {};
  return misconfigured("it is for another host than this source: set `host`, or name a token for this one");
}

Result<> check_environment_host(const Services& services, const Origin& origin) {
  for (const char* name : {"CIRCLE_HOST", "CIRCLECI_CLI_HOST"}) {
    if (const auto host = variable(services, name)) {
      auto fits = check_host(*host, origin);
      if (!fits) return std::move(fits).error().within(name);
      return {};
    }
  }
  return {};
}

Result<std::optional<FoundToken>> token_in_environment(const Services& services, const Origin& origin) {
  for (const char* name : {"CIRCLE_TOKEN", "CIRCLE_CLI_TOKEN", "CIRCLECI_CLI_TOKEN"}) {
    if (!variable(services, name)) continue;
    TRY_VOID(check_environment_host(services, origin));
    TRY(Secret token, services.credential(EnvironmentCredential{name}));
    return std::optional(FoundToken{std::move(token), name});
  }
  return std::optional<FoundToken>();
}

std::vector<fs::path> cli_files(const Services& services) {
  const auto home = variable(services, "HOME");
  const auto xdg = variable(services, "XDG_CONFIG_HOME");
  std::optional<fs::path> config;
  if (xdg && xdg->starts_with('/')) config = *xdg;
  if (!config && home) config = fs::path(*home) / ".config";
  std::vector<fs::path> files;
  if (config) files.push_back(*config / "circleci" / "config.yml");
  if (home) files.push_back(fs::path(*home) / ".circleci" / "cli.yml");
  if (config) files.push_back(*config / "circleci-cli" / "cli.yml");
  return files;
}

/// The text of a setting; empty where it has none.
std::string_view setting(const YamlTree& tree, std::string_view name) {
  const YamlTree::Node* node = tree.member(tree.root(), name);
  const bool is_text = node != nullptr && node->kind == YamlTree::Node::Kind::scalar;
  return is_text ? node->text.reveal() : std::string_view();
}

Result<std::optional<FoundToken>> token_in_cli_file(const fs::path& file, const Origin& origin) {
  TRY(const auto text, read_private_file(file, kLargestFile));
  if (!text) return std::optional<FoundToken>();
  auto tree = YamlTree::parse(text->view());
  if (!tree) return misconfigured(std::move(tree).error().what);
  const std::string_view token = setting(*tree, "token");
  if (token.empty()) return std::optional<FoundToken>();
  const bool fits = std::ranges::all_of(token, [](char c) { return c > ' ' && c <= '~'; });
  if (!fits) return misconfigured("its token has characters that no token has");
  const std::string_view host = setting(*tree, "host");
  TRY_VOID(check_host(host.empty() ? kCloud : host, origin));
  return std::optional(FoundToken{Secret(token), file.native()});
}

}  // namespace

Result<Origin> parse_host(std::string_view host) {
  const bool has_scheme = host.find("://") != std::string_view::npos;
  TRY(Url url, Url::parse(has_scheme ? std::string(host) : "https://" + std::string(host)));
  if (url.target != "/") return Error{ErrorKind::malformed, "more than a host"};
  return std::move(url.origin);
}

Result<FoundToken> find_token(const Settings& settings, const Services& services, const Origin& origin) {
  if (const auto reference = settings.credential()) {
    TRY(Secret token, services.credential(*reference));
    constexpr std::array<std::string_view, 3> kKeys = {"token_env", "token_file", "token_command"};
    return FoundToken{std::move(token), std::string(kKeys[reference->index()])};
  }
  TRY(auto in_environment, token_in_environment(services, origin));
  if (in_environment) return std::move(*in_environment);
  for (const fs::path& file : cli_files(services)) {
    auto in_file = token_in_cli_file(file, origin);
    if (!in_file) return std::move(in_file).error().within(file.native());
    if (*in_file) return std::move(**in_file);
  }
  return misconfigured(
      "no token: set token_env, token_file or token_command, or CIRCLE_TOKEN, or log in with `circleci setup`");
}

}  // namespace tokensweep::circleci
