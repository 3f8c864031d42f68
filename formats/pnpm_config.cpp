#include <string>
#include <string_view>
#include <utility>

#include "formats/auth_value.hpp"
#include "formats/readers.hpp"
#include "formats/yaml_tree.hpp"

namespace tokensweep {
namespace {

using Node = YamlTree::Node;

void add_credential(Reading& reading, std::string key, const std::string& registry, StoredText stored,
                    std::uint32_t line) {
  Credential credential;
  credential.key = std::move(key);
  if (!registry.empty()) credential.registry = registry;
  credential.value = std::move(stored.text);
  credential.reference = std::move(stored.reference);
  credential.line = line;
  reading.credentials.push_back(std::move(credential));
}

/// `registry: URL`, and `registries` by either of its forms: scope to address, or address to `{scopes: […]}`.
void read_registry(const YamlTree& tree, std::string_view name, std::string key, const Node& node, Reading& reading) {
  if (node.kind == Node::Kind::scalar) {
    auto url = read_registry_url(node.text.reveal(), Expansion::npm);
    if (!url) return;
    if (!url->name.empty()) reading.registries.emplace_back(name.starts_with('@') ? name : "", url->name);
    if (!url->has_credential()) return;
    add_credential(reading, std::move(key), url->name, std::move(url->password), node.line);
    reading.credentials.back().auth = AuthKind::basic;
    reading.credentials.back().username = std::move(url->username);
    return;
  }
  const auto url = read_registry_url(name, Expansion::npm);
  const Node* scopes = tree.member(&node, "scopes");
  if (!url || url->name.empty() || scopes == nullptr || scopes->kind != Node::Kind::sequence) return;
  for (const auto& [item, same] : scopes->members) {
    const Node& scope = tree.node(item);
    if (scope.kind == Node::Kind::scalar) reading.registries.emplace_back(std::string(scope.text.reveal()), url->name);
  }
}

}  // namespace

Result<Reading> read_pnpm_config(std::string_view bytes) {
  TRY(const YamlTree tree, YamlTree::parse(bytes));
  Reading reading;
  const Node* root = tree.root();
  if (const Node* registry = tree.member(root, "registry")) {
    read_registry(tree, "", "registry", *registry, reading);
  }
  tree.for_each(tree.member(root, "registries"), [&](std::string_view name, const Node& node) {
    read_registry(tree, name, "registries." + without_userinfo(name), node, reading);
  });
  // _auth: {https://host/: {"@": {authToken: …}, "@scope": {authToken: …}}}; "@" stands for the whole registry.
  tree.for_each(tree.member(root, "_auth"), [&](std::string_view address, const Node& scopes) {
    const auto url = read_registry_url(address, Expansion::npm);
    const std::string registry = url ? url->name : std::string();
    tree.for_each(&scopes, [&](std::string_view scope, const Node& fields) {
      tree.for_each(&fields, [&](std::string_view field, const Node& value) {
        if (field != "authToken" || value.kind != Node::Kind::scalar || value.text.empty()) return;
        std::string key = "_auth." + without_userinfo(address) + "." + std::string(scope) + ".authToken";
        add_credential(reading, std::move(key), registry, read_stored_text(value.text.reveal(), Expansion::npm),
                       value.line);
        reading.credentials.back().shadowed = tree.member(&fields, field) != &value;
      });
    });
  });
  return reading;
}

}  // namespace tokensweep
