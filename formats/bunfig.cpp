#include <fmt/format.h>

#include <string>
#include <string_view>
#include <utility>

#include "formats/auth_value.hpp"
#include "formats/readers.hpp"
#include "formats/toml.hpp"

namespace tokensweep {
namespace {

constexpr std::size_t kFileSizeMax = 1 << 20;

std::uint32_t line_of(const toml::node& node) { return node.source().begin.line; }

/// `install.registry` or one of `install.scopes`: a string with an address, or a table.
class BunReader {
 public:
  Reading read(const toml::table& root) {
    const toml::table* install = root["install"].as_table();
    if (install == nullptr) return {};
    if (const toml::node* registry = install->get("registry")) read_registry(*registry, "install.registry", "");
    if (const toml::table* scopes = (*install)["scopes"].as_table()) {
      for (const auto& [name, node] : *scopes) {
        std::string scope(name.str());
        if (!scope.starts_with('@')) scope.insert(0, 1, '@');
        read_registry(node, "install.scopes." + std::string(name.str()), scope);
      }
    }
    return std::move(reading_);
  }

 private:
  void read_registry(const toml::node& node, const std::string& path, const std::string& scope) {
    if (node.is_string()) {
      read_address(node, path, scope);
      return;
    }
    const toml::table* table = node.as_table();
    if (table == nullptr) return;
    std::optional<std::string> registry;
    if (const toml::node* url = table->get("url")) registry = read_address(*url, path + ".url", scope);
    const toml::node* token = table->get("token");
    const bool has_token = token != nullptr && !text_of(*token).empty();
    if (has_token) add(AuthKind::token, path + ".token", registry, *token);
    const toml::node* password = table->get("password");
    if (password == nullptr || text_of(*password).empty()) return;
    add(AuthKind::basic, path + ".password", registry, *password);
    reading_.credentials.back().shadowed = has_token;
    if (const toml::node* username = table->get("username")) {
      reading_.credentials.back().username = std::string(text_of(*username));
    }
  }

  std::optional<std::string> read_address(const toml::node& node, const std::string& key, const std::string& scope) {
    auto url = read_registry_url(text_of(node), Expansion::bun);
    if (!url) return std::nullopt;
    std::optional<std::string> name;
    if (!url->name.empty()) name = url->name;
    if (name) reading_.registries.emplace_back(scope, *name);
    if (url->has_credential()) {
      Credential credential;
      credential.auth = AuthKind::basic;
      credential.key = key;
      credential.registry = name;
      credential.username = std::move(url->username);
      credential.value = std::move(url->password.text);
      credential.reference = std::move(url->password.reference);
      credential.line = line_of(node);
      reading_.credentials.push_back(std::move(credential));
    }
    return name;
  }

  void add(AuthKind auth, std::string key, const std::optional<std::string>& registry, const toml::node& node) {
    StoredText stored = read_stored_text(text_of(node), Expansion::bun);
    Credential credential;
    credential.auth = auth;
    credential.key = std::move(key);
    credential.registry = registry;
    credential.value = std::move(stored.text);
    credential.reference = std::move(stored.reference);
    credential.line = line_of(node);
    reading_.credentials.push_back(std::move(credential));
  }

  static std::string_view text_of(const toml::node& node) {
    const auto* text = node.as_string();
    return text == nullptr ? std::string_view{} : std::string_view(text->get());
  }

  Reading reading_;
};

/// toml++ keeps strings in memory of its own: they are overwritten before it frees them.
void wipe_strings(toml::node& node) {
  if (auto* text = node.as_string()) {
    wipe(text->get().data(), text->get().size());
  } else if (toml::table* table = node.as_table()) {
    for (auto&& [name, value] : *table) wipe_strings(value);
  } else if (toml::array* array = node.as_array()) {
    for (toml::node& value : *array) wipe_strings(value);
  }
}

}  // namespace

Result<Reading> read_bunfig(std::string_view bytes) {
  if (bytes.size() > kFileSizeMax) return Error{ErrorKind::malformed, "TOML of more than 1 MiB"};
  if (has_overlong_keys(bytes)) return Error{ErrorKind::malformed, "TOML with keys of too many parts"};
  toml::parse_result root = toml::parse(bytes);
  if (!root) {
    // Its text is left out: it quotes what it met.
    const toml::source_position& at = root.error().source().begin;
    return Error{ErrorKind::malformed, fmt::format("no TOML: line {}, column {}", at.line, at.column)};
  }
  Reading reading = BunReader().read(root.table());
  wipe_strings(root.table());
  return reading;
}

}  // namespace tokensweep
