#include "connectors/kubernetes/kubeconfig.hpp"

#include <algorithm>
#include <iterator>

#include "base/base64.hpp"
#include "connectors/kubernetes/yaml_json.hpp"
#include "formats/yaml_tree.hpp"

namespace tokensweep::kubernetes {
namespace {

using Node = YamlTree::Node;
using Kind = Node::Kind;

constexpr std::size_t kEntriesMost = 2'000;
/// Of texts that are taken out of a file, whose aliases can make much of little. More than a file may have.
constexpr std::size_t kTakenMost = std::size_t{8} << 20U;
constexpr std::string_view kPluginExtension = "client.authentication.k8s.io/exec";

Error misconfigured(std::string what) { return {ErrorKind::misconfigured, std::move(what)}; }

/// What may still be taken out of a file.
struct Budget {
  std::size_t left = kTakenMost;
  bool is_spent = false;
};

/// Reads the fields of one map. The first thing that is wrong is kept; what is read after that does not matter.
class Fields {
 public:
  Fields(const YamlTree& tree, const Node* map, std::filesystem::path folder, Budget& budget)
      : tree_(tree), map_(map), folder_(std::move(folder)), budget_(budget) {}

  [[nodiscard]] std::optional<Error>& wrong() { return wrong_; }
  void fail(std::string what) {
    if (!wrong_) wrong_ = misconfigured(std::move(what));
  }

  /// The value of a field that is there and says something.
  const Node* find(std::string_view name) {
    const Node* const node = tree_.member(map_, name);
    return node == nullptr || node->kind == Kind::null ? nullptr : node;
  }
  /// The same where it has to be of a kind.
  const Node* find(std::string_view name, Kind kind, std::string_view expected) {
    const Node* const node = find(name);
    if (node == nullptr || node->kind == kind) return node;
    fail(std::string(name).append(": expected ").append(expected));
    return nullptr;
  }

  std::string_view view(std::string_view name) {
    const Node* const node = find(name, Kind::scalar, "a text");
    return node == nullptr ? std::string_view() : take(*node);
  }
  std::string text(std::string_view name) { return std::string(view(name)); }
  Secret secret(std::string_view name) { return Secret(view(name)); }

  /// Everything that YAML 1.1 calls true, and what it does not know: what is asked here is better taken for granted.
  bool flag(std::string_view name) {
    constexpr std::string_view kFalse[] = {"",   "false", "False", "FALSE", "no", "No",
                                           "NO", "off",   "Off",   "OFF",   "n",  "N"};
    return std::find(std::begin(kFalse), std::end(kFalse), view(name)) == std::end(kFalse);
  }

  std::filesystem::path path(std::string_view name) {
    const std::string_view written = view(name);
    return written.empty() ? std::filesystem::path() : (folder_ / written).lexically_normal();
  }

  DataOrFile data_or_file(const std::string& name) {
    const std::string data_name = name + "-data";
    DataOrFile both{.data = {}, .file = path(name)};
    const std::string_view written = view(data_name);
    const auto decoded = from_base64(written);
    if (!decoded) fail(data_name + ": is no base64");
    if (decoded) both.data = Secret(decoded->view());
    return both;
  }

  std::vector<std::string> texts(std::string_view name) {
    std::vector<std::string> all;
    const Node* const list = find(name, Kind::sequence, "a list of texts");
    if (list == nullptr) return all;
    for (const auto& [ignored, index] : list->members) {
      const Node& node = tree_.node(index);
      if (node.kind != Kind::scalar) fail(std::string(name) + ": expected a list of texts");
      all.emplace_back(take(node));
    }
    return all;
  }

  /// Calls `act(Fields&)` for each map of a list, and takes over what is wrong there.
  template <class Act>
  void for_each(std::string_view name, Act act) {
    const Node* const list = find(name, Kind::sequence, "a list");
    if (list == nullptr) return;
    if (list->members.size() > kEntriesMost) return fail(std::string(name) + ": more than 2,000 entries");
    for (const auto& [ignored, index] : list->members) {
      if (wrong_ || budget_.is_spent) return;
      const Node& node = tree_.node(index);
      if (node.kind != Kind::map) return fail(std::string(name) + ": expected a list of maps");
      Fields inner(tree_, &node, folder_, budget_);
      act(inner);
      if (inner.wrong()) fail(std::move(*inner.wrong()).within(name).what);
    }
  }

  [[nodiscard]] Fields inside(std::string_view name) {
    return {tree_, find(name, Kind::map, "a map"), folder_, budget_};
  }
  [[nodiscard]] const YamlTree& tree() const { return tree_; }
  [[nodiscard]] const Node* map() const { return map_; }
  [[nodiscard]] const std::filesystem::path& folder() const { return folder_; }

 private:
  /// Nothing once too much was taken: the file is refused then, whatever is in it.
  std::string_view take(const Node& scalar) {
    const std::string_view text = scalar.text.reveal();
    budget_.is_spent = budget_.is_spent || text.size() > budget_.left;
    if (budget_.is_spent) return {};
    budget_.left -= text.size();
    return text;
  }

  const YamlTree& tree_;
  const Node* map_;
  std::filesystem::path folder_;
  Budget& budget_;
  std::optional<Error> wrong_;
};

ClusterEntry read_cluster(Fields& fields) {
  ClusterEntry cluster;
  cluster.server = fields.text("server");
  cluster.authority = fields.data_or_file("certificate-authority");
  cluster.skips_verification = fields.flag("insecure-skip-tls-verify");
  cluster.server_name = fields.text("tls-server-name");
  cluster.proxy = fields.secret("proxy-url");
  cluster.disables_compression = fields.flag("disable-compression");
  fields.for_each("extensions", [&](Fields& extension) {
    const Node* const settings = extension.find("extension");
    if (extension.view("name") != kPluginExtension || settings == nullptr) return;
    auto text = to_json(extension.tree(), *settings);
    if (!text) return extension.fail(std::move(text).error().what);
    cluster.plugin_settings = std::move(*text);
  });
  return cluster;
}

std::optional<ExecPlugin> read_plugin(Fields& user) {
  if (user.find("exec") == nullptr) return std::nullopt;
  Fields fields = user.inside("exec");
  ExecPlugin plugin;
  plugin.command = fields.text("command");
  // A name stays one; what has a separator is a path.
  if (plugin.command.find('/') != std::string::npos) plugin.command = fields.path("command").native();
  plugin.arguments = fields.texts("args");
  fields.for_each("env", [&plugin](Fields& variable) {
    const std::string name = variable.text("name");
    if (name.empty() || name.find('=') != std::string::npos) variable.fail("a variable without a name");
    plugin.variables.emplace_back(name, variable.secret("value"));
  });
  plugin.api_version = fields.text("apiVersion");
  plugin.wants_cluster = fields.flag("provideClusterInfo");
  plugin.install_hint = fields.text("installHint");
  const std::string_view mode = fields.view("interactiveMode");
  if (mode == "Never") {
    plugin.interactive = ExecPlugin::Interactive::never;
  } else if (mode == "Always") {
    plugin.interactive = ExecPlugin::Interactive::always;
  } else if (!mode.empty() && mode != "IfAvailable") {
    fields.fail("interactiveMode: expected Never, IfAvailable or Always");
  } else if (mode.empty() && plugin.api_version == "client.authentication.k8s.io/v1") {
    fields.fail("interactiveMode: v1 needs it");
  }
  if (plugin.command.empty()) fields.fail("names no command");
  if (fields.wrong()) user.fail(std::move(*fields.wrong()).within("exec").what);
  return plugin;
}

Impersonation read_impersonation(Fields& fields) {
  Impersonation as{
      .user = fields.text("as"), .uid = fields.text("as-uid"), .groups = fields.texts("as-groups"), .extra = {}};
  if (fields.find("as-user-extra") != nullptr) {
    Fields extra = fields.inside("as-user-extra");
    extra.tree().for_each(extra.map(), [&](std::string_view key, const Node& /*values*/) {
      for (std::string& value : extra.texts(key)) as.extra.emplace_back(key, std::move(value));
    });
    if (extra.wrong()) fields.fail("as-user-extra: expected a list of texts for each key");
  }
  if (as.user.empty() && !as.empty()) fields.fail("as-uid, as-groups and as-user-extra need as");
  return as;
}

UserEntry read_user(Fields& fields) {
  UserEntry user;
  user.folder = fields.folder();
  user.certificate = fields.data_or_file("client-certificate");
  user.key = fields.data_or_file("client-key");
  user.token = fields.secret("token");
  user.token_file = fields.path("tokenFile");
  user.username = fields.secret("username");
  user.password = fields.secret("password");
  user.exec = read_plugin(fields);
  user.as = read_impersonation(fields);
  const bool has_token = !user.token.empty() || !user.token_file.empty();
  const bool has_password = !user.username.empty() || !user.password.empty();
  if (fields.find("auth-provider") != nullptr) {
    fields.fail("auth-provider is not supported: let `exec` name the provider's credential plugin");
  }
  if (has_token && has_password) fields.fail("has both a token and a user with a password: keep one");
  if (user.certificate.empty() != user.key.empty()) {
    fields.fail("client-certificate and client-key go together, and one is missing");
  }
  return user;
}

ContextEntry read_context(Fields& fields) {
  ContextEntry context;
  context.cluster = fields.text("cluster");
  context.user = fields.text("user");
  context.default_namespace = fields.text("namespace");
  return context;
}

/// The entries of `list`, a name and a map behind `key` each.
template <class Entry>
Result<std::vector<Entry>> read_entries(Fields& file, std::string_view list, std::string_view key,
                                        Entry (*read)(Fields&)) {
  std::vector<Entry> entries;
  file.for_each(list, [&](Fields& fields) {
    std::string name = fields.text("name");
    const auto same = [&name](const Entry& other) { return other.name == name; };
    if (std::any_of(entries.begin(), entries.end(), same)) fields.fail("two entries have the same name");
    Fields inner = fields.inside(key);
    Entry entry = read(inner);
    entry.name = std::move(name);
    entry.wrong = std::move(inner.wrong());
    entries.push_back(std::move(entry));
  });
  if (file.wrong()) return std::move(*file.wrong());
  return entries;
}

template <class Entry>
void merge_entries(std::vector<Entry>& entries, std::vector<Entry> later) {
  for (Entry& entry : later) {
    const auto same = [&entry](const Entry& other) { return other.name == entry.name; };
    if (std::none_of(entries.begin(), entries.end(), same)) entries.push_back(std::move(entry));
  }
}

}  // namespace

Result<Kubeconfig> parse_kubeconfig(std::string_view text, const std::filesystem::path& file) {
  auto parsed = YamlTree::parse(text);
  if (!parsed) return misconfigured(std::move(parsed).error().what);
  const YamlTree& tree = *parsed;
  Kubeconfig config;
  if (tree.root() == nullptr || tree.root()->kind == Kind::null) return config;
  if (tree.root()->kind != Kind::map) return misconfigured("no kubeconfig: expected a map");

  Budget budget;
  Fields fields(tree, tree.root(), file.parent_path(), budget);
  config.current_context = fields.text("current-context");
  TRY(config.clusters, read_entries<ClusterEntry>(fields, "clusters", "cluster", read_cluster));
  TRY(config.users, read_entries<UserEntry>(fields, "users", "user", read_user));
  TRY(config.contexts, read_entries<ContextEntry>(fields, "contexts", "context", read_context));
  if (budget.is_spent) return misconfigured("repeats too much by its aliases");
  for (ContextEntry& context : config.contexts) context.file = file;
  return config;
}

void merge(Kubeconfig& config, Kubeconfig later) {
  if (config.current_context.empty()) config.current_context = std::move(later.current_context);
  merge_entries(config.contexts, std::move(later.contexts));
  merge_entries(config.clusters, std::move(later.clusters));
  merge_entries(config.users, std::move(later.users));
}

}  // namespace tokensweep::kubernetes
