#include <string>
#include <string_view>
#include <utility>

#include "formats/auth_value.hpp"
#include "formats/readers.hpp"
#include "formats/yaml_tree.hpp"

namespace tokensweep {
namespace {

using Node = YamlTree::Node;

/// Reads the settings that stand at top level, under `npmScopes.<scope>` and under `npmRegistries.<registry>` alike.
class YarnReader {
 public:
  explicit YarnReader(const YamlTree& tree) : tree_(tree) {}

  Reading read() {
    const Node* root = tree_.root();
    const auto server = read_server(tree_.member(root, "npmRegistryServer"), "npmRegistryServer", "");
    read_block(root, "", server);
    tree_.for_each(tree_.member(root, "npmScopes"), [&](std::string_view name, const Node& block) {
      const std::string path = "npmScopes." + std::string(name) + ".";
      std::string scope(name);
      if (!scope.starts_with('@')) scope.insert(0, 1, '@');
      auto own = read_server(tree_.member(&block, "npmRegistryServer"), path + "npmRegistryServer", scope);
      read_block(&block, path, own ? own : server);
    });
    tree_.for_each(tree_.member(root, "npmRegistries"), [&](std::string_view name, const Node& block) {
      const auto registry = read_registry_url(name, Expansion::yarn);
      const bool named = registry && !registry->name.empty();
      read_block(&block, "npmRegistries." + without_userinfo(name) + ".",
                 named ? std::optional(registry->name) : std::nullopt);
    });
    return std::move(reading_);
  }

 private:
  /// `npmRegistryServer`: where a scope's packages come from; some people put the password into it.
  std::optional<std::string> read_server(const Node* node, const std::string& key, const std::string& scope) {
    if (node == nullptr || node->kind != Node::Kind::scalar) return std::nullopt;
    auto url = read_registry_url(node->text.reveal(), Expansion::yarn);
    if (!url) return std::nullopt;
    std::optional<std::string> name;
    if (!url->name.empty()) name = url->name;
    if (name) reading_.registries.emplace_back(scope, *name);
    if (url->has_credential()) {
      Credential credential = start(AuthKind::basic, key, name, *node);
      credential.username = std::move(url->username);
      credential.value = std::move(url->password.text);
      credential.reference = std::move(url->password.reference);
      reading_.credentials.push_back(std::move(credential));
    }
    return name;
  }

  void read_block(const Node* block, const std::string& path, const std::optional<std::string>& registry) {
    if (block == nullptr || block->kind != Node::Kind::map) return;
    const Node* token = tree_.member(block, "npmAuthToken");
    const bool has_token = token != nullptr && !token->text.empty();
    tree_.for_each(block, [&](std::string_view name, const Node& value) {
      const bool is_token = name == "npmAuthToken";
      if ((!is_token && name != "npmAuthIdent") || value.kind != Node::Kind::scalar || value.text.empty()) return;
      const AuthKind auth = is_token ? AuthKind::token : AuthKind::basic;
      Credential credential = start(auth, path + std::string(name), registry, value);
      // Of a repeated key the last one counts, and a token goes before an ident.
      credential.shadowed = tree_.member(block, name) != &value || (!is_token && has_token);
      fill(credential, value.text.reveal());
      reading_.credentials.push_back(std::move(credential));
    });
  }

  static Credential start(AuthKind auth, std::string key, std::optional<std::string> registry, const Node& node) {
    Credential credential;
    credential.auth = auth;
    credential.key = std::move(key);
    credential.registry = std::move(registry);
    credential.line = node.line;
    return credential;
  }

  static void fill(Credential& credential, std::string_view text) {
    StoredText stored = read_stored_text(text, Expansion::yarn);
    credential.reference = std::move(stored.reference);
    if (credential.auth == AuthKind::token) {
      credential.value = std::move(stored.text);
    } else if (!stored.text.empty()) {
      // Yarn takes an ident with a colon in it as it stands, any other for base64.
      const bool plain = stored.text.reveal().find(':') != std::string_view::npos;
      BasicAuth basic = plain ? split_basic_auth(stored.text.reveal()) : decode_basic_auth(stored.text.reveal());
      credential.username = std::move(basic.username);
      credential.value = std::move(basic.password);
    }
  }

  const YamlTree& tree_;
  Reading reading_;
};

}  // namespace

Result<Reading> read_yarnrc_yml(std::string_view bytes) {
  TRY(const YamlTree tree, YamlTree::parse(bytes));
  return YarnReader(tree).read();
}

}  // namespace tokensweep
