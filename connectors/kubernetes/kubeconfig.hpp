#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "base/secret.hpp"

/// kubeconfig files: bytes in, entries out. Reads no file that they name, and runs nothing. What is not of use here
/// (colours of other tools, extensions) is passed over, as kubectl does. Errors quote nothing but field names.
namespace tokensweep::kubernetes {

/// Bytes that stand in the kubeconfig itself, or in a file that it names; the former win.
struct DataOrFile {
  Secret data;                 ///< decoded
  std::filesystem::path file;  ///< relative ones belong to the kubeconfig's folder, and are resolved

  [[nodiscard]] bool empty() const { return data.empty() && file.empty(); }
};

/// An entry of `clusters`.
struct ClusterEntry {
  std::string name;
  std::optional<Error> wrong;  ///< why it is of no use: the trouble of those contexts that need it
  std::string server;
  DataOrFile authority;
  bool skips_verification = false;
  std::string server_name;
  Secret proxy;  ///< an address, which may hold a user and a password
  bool disables_compression = false;
  std::string plugin_settings;  ///< JSON: its extension `client.authentication.k8s.io/exec`; empty: it has none
};

/// A user's `exec`.
struct ExecPlugin {
  enum class Interactive : std::uint8_t { never, if_available, always };

  std::string command;  ///< a name to look for in PATH, or an absolute path
  std::vector<std::string> arguments;
  std::vector<std::pair<std::string, Secret>> variables;
  std::string api_version;
  bool wants_cluster = false;
  Interactive interactive = Interactive::if_available;
  std::string install_hint;
};

/// Whom the user asks as (`as`, `as-uid`, `as-groups`, `as-user-extra`).
struct Impersonation {
  std::string user;
  std::string uid;
  std::vector<std::string> groups;
  std::vector<std::pair<std::string, std::string>> extra;  ///< a key with several values stands there as often

  [[nodiscard]] bool empty() const { return user.empty() && uid.empty() && groups.empty() && extra.empty(); }
};

/// An entry of `users`.
struct UserEntry {
  std::string name;
  std::optional<Error> wrong;    ///< as a cluster's
  std::filesystem::path folder;  ///< of the kubeconfig that it stands in
  DataOrFile certificate;
  DataOrFile key;
  Secret token;
  std::filesystem::path token_file;  ///< resolved
  Secret username;
  Secret password;
  std::optional<ExecPlugin> exec;
  Impersonation as;
};

/// An entry of `contexts`.
struct ContextEntry {
  std::string name;
  std::optional<Error> wrong;  ///< as a cluster's
  std::filesystem::path file;  ///< the kubeconfig that it stands in
  std::string cluster;
  std::string user;
  std::string default_namespace;
};

struct Kubeconfig {
  std::string current_context;
  std::vector<ContextEntry> contexts;
  std::vector<ClusterEntry> clusters;
  std::vector<UserEntry> users;
};

/// Reads one file's text; `file` is its path, absolute. Fails (`misconfigured`) where it is no YAML or no kubeconfig,
/// and where a name stands there twice. An empty one has no entries.
Result<Kubeconfig> parse_kubeconfig(std::string_view text, const std::filesystem::path& file);

/// Lays `later` below `config`: what both have, stays as it is. Entries are taken whole.
void merge(Kubeconfig& config, Kubeconfig later);

}  // namespace tokensweep::kubernetes
