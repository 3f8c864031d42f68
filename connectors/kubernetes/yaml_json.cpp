#include "connectors/kubernetes/yaml_json.hpp"

#include <boost/json.hpp>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

namespace tokensweep::kubernetes {
namespace {

namespace json = boost::json;

constexpr std::size_t kNodesMost = 2'000;
constexpr unsigned kDepthMost = 32;
constexpr std::size_t kBytesMost = std::size_t{64} << 10U;

/// Text that is a number or a truth value in JSON is one in YAML.
json::value typed(const YamlTree::Node& scalar) {
  const std::string_view text = scalar.text.reveal();
  if (scalar.plain && text.find_first_of("\"{[ \t\r\n") == std::string_view::npos) {
    json::error_code none;
    json::value value = json::parse(text, none);
    if (!none) return value;
  }
  return json::string(text);
}

Error too_much() { return {ErrorKind::misconfigured, "has too much in it"}; }

class Converter {
 public:
  explicit Converter(const YamlTree& tree) : tree_(tree) {}

  Result<json::value> convert(const YamlTree::Node& node, unsigned depth = 0) {
    bytes_ += node.text.size();
    if (++nodes_ > kNodesMost || depth > kDepthMost || bytes_ > kBytesMost) return too_much();
    switch (node.kind) {
      case YamlTree::Node::Kind::null:
        return json::value(nullptr);
      case YamlTree::Node::Kind::scalar:
        return typed(node);
      case YamlTree::Node::Kind::map:
        return convert_map(node, depth);
      case YamlTree::Node::Kind::sequence:
        break;
    }
    json::array array;
    for (const auto& [key, value] : node.members) {
      TRY(json::value member, convert(tree_.node(value), depth + 1));
      array.push_back(std::move(member));
    }
    return json::value(std::move(array));
  }

 private:
  Result<json::value> convert_map(const YamlTree::Node& node, unsigned depth) {
    json::object object;
    for (const auto& [key, value] : node.members) {
      if (tree_.node(key).kind != YamlTree::Node::Kind::scalar) {
        return Error{ErrorKind::misconfigured, "has a key that is no text"};
      }
      bytes_ += tree_.node(key).text.size();
      TRY(json::value member, convert(tree_.node(value), depth + 1));
      object[tree_.node(key).text.reveal()] = std::move(member);
    }
    return json::value(std::move(object));
  }

  const YamlTree& tree_;
  std::size_t nodes_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace

Result<std::string> to_json(const YamlTree& tree, const YamlTree::Node& node) {
  Converter converter(tree);
  TRY(const json::value value, converter.convert(node));
  return json::serialize(value);
}

}  // namespace tokensweep::kubernetes
