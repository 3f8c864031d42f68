#include "connectors/kubernetes/helm_manifest.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>

#include "formats/yaml_tree.hpp"

namespace tokensweep::kubernetes {
namespace {

using Node = YamlTree::Node;

constexpr std::string_view kSecret = "Secret";
constexpr unsigned kDepthMost = 32;
/// Aliases make a tree larger than its text, or endless.
constexpr std::size_t kNodesMost = 20'000;

/// Takes the first line off a text, without its break.
std::string_view take_line(std::string_view& text) {
  const std::size_t end = text.find('\n');
  std::string_view line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

bool begins_document(std::string_view line) {
  return line.starts_with("---") && (line.size() == 3 || line[3] == ' ' || line[3] == '\t');
}

std::size_t indent_of(std::string_view line) { return std::min(line.find_first_not_of(' '), line.size()); }

/// The scalar behind `key:` where a line is that; quotes and spaces taken off.
std::optional<std::string_view> value_in(std::string_view line, std::string_view key) {
  if (!line.starts_with(key) || !line.substr(key.size()).starts_with(':')) return std::nullopt;
  line.remove_prefix(key.size() + 1);
  constexpr std::string_view kAround = " \t\"'";
  const std::size_t begin = line.find_first_not_of(kAround);
  if (begin == std::string_view::npos) return std::string_view();
  return line.substr(begin, line.find_last_not_of(kAround) + 1 - begin);
}

/// What a document is, as far as its lines show it: most of them need no tree.
struct Subject {
  std::string_view kind;
  std::string_view name;  ///< `metadata.name`
};

Subject subject_of(std::string_view document) {
  Subject subject;
  bool in_metadata = false;
  std::size_t indent = 0;
  while (!document.empty()) {
    std::string_view line = take_line(document);
    const std::size_t column = indent_of(line);
    if (column == line.size() || line[column] == '#') continue;
    if (column == 0) {
      in_metadata = line.starts_with("metadata:");
      indent = 0;
      if (const auto kind = value_in(line, "kind")) subject.kind = *kind;
    } else if (in_metadata) {
      if (indent == 0) indent = column;
      if (column != indent) continue;
      if (const auto name = value_in(line.substr(column), "name")) subject.name = *name;
    }
  }
  return subject;
}

/// Whether all of a tree can be walked.
bool is_small(const YamlTree& tree, const Node& node, unsigned depth, std::size_t& nodes) {
  if (++nodes > kNodesMost || depth > kDepthMost) return false;
  for (const auto& [key, value] : node.members) {
    if (!is_small(tree, tree.node(value), depth + 1, nodes)) return false;
  }
  return true;
}

/// Hands on each scalar at its path, as a setting.
void read_settings(const YamlTree& tree, const Node& node, HelmTexts& texts) {
  if (node.kind == Node::Kind::scalar) return texts.text(node.text.reveal(), Spelling::plain);
  std::size_t number = 0;
  for (const auto& [key, value] : node.members) {
    const Node& name = tree.node(key);
    const bool named = node.kind == Node::Kind::map && name.kind == Node::Kind::scalar;
    texts.enter(named ? std::string(name.text.reveal()) : std::to_string(number));
    read_settings(tree, tree.node(value), texts);
    texts.leave();
    ++number;
  }
}

/// The values by their keys, of a secret that is called so, or of a ConfigMap (empty).
void read_data(const YamlTree& tree, const Node& data, Spelling spelling, std::string_view secret, HelmTexts& texts) {
  tree.for_each(&data, [&](std::string_view key, const Node& value) {
    texts.enter(key);
    if (value.kind == Node::Kind::scalar) {
      texts.text(value.text.reveal(), spelling, secret.empty() ? std::string() : fmt::format("{}/{}", secret, key));
    } else {
      read_settings(tree, value, texts);
    }
    texts.leave();
  });
}

/// Takes a Secret or a ConfigMap apart; false where that cannot be done.
bool read_object(std::string_view document, const Subject& subject, HelmTexts& texts) {
  const auto tree = YamlTree::parse(document);
  if (!tree || tree->root() == nullptr || tree->root()->kind != Node::Kind::map) return false;
  std::size_t nodes = 0;
  if (!is_small(*tree, *tree->root(), 0, nodes)) return false;
  const bool is_secret = subject.kind == kSecret;
  const std::string_view name = subject.name.empty() ? kSecret : subject.name;
  tree->for_each(tree->root(), [&](std::string_view key, const Node& value) {
    texts.enter(key);
    if (key == "data" || key == "stringData" || key == "binaryData") {
      const bool encoded = key == (is_secret ? "data" : "binaryData");
      read_data(*tree, value, encoded ? Spelling::base64 : Spelling::plain, is_secret ? name : "", texts);
    } else {
      read_settings(*tree, value, texts);
    }
    texts.leave();
  });
  return true;
}

void read_document(std::string_view document, std::size_t number, HelmTexts& texts) {
  const Subject subject = subject_of(document);
  texts.enter(subject.kind.empty() ? std::string_view("?") : subject.kind);
  texts.enter(subject.name.empty() ? std::to_string(number) : std::string(subject.name));
  const bool apart = subject.kind == kSecret || subject.kind == "ConfigMap";
  if (!apart || !read_object(document, subject, texts)) texts.text(document, Spelling::plain);
  texts.leave();
  texts.leave();
}

}  // namespace

void read_manifest(std::string_view manifest, HelmTexts& texts) {
  std::size_t number = 0;
  std::size_t begin = 0;
  for (std::string_view rest = manifest; !rest.empty();) {
    const std::size_t at = manifest.size() - rest.size();
    if (!begins_document(take_line(rest))) continue;
    if (at > begin) read_document(manifest.substr(begin, at - begin), ++number, texts);
    begin = manifest.size() - rest.size();
  }
  if (begin < manifest.size()) read_document(manifest.substr(begin), ++number, texts);
}

}  // namespace tokensweep::kubernetes
