#include "formats/yaml_tree.hpp"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <exception>
#include <istream>
#include <map>
#include <streambuf>
#include <string>

namespace tokensweep {
namespace {

constexpr std::size_t kFileSizeMax = 4 << 20;
/// A package manager's file has some dozens.
constexpr std::size_t kNodesMax = 20'000;

/// Reads a string_view in place: a std::istringstream would leave a copy behind.
class ViewBuffer : public std::streambuf {
 public:
  explicit ViewBuffer(std::string_view bytes) {
    char* start = const_cast<char*>(bytes.data());  // setg wants it; an input buffer does not write
    setg(start, start, start + bytes.size());
  }
};

struct TooManyNodes : std::exception {
  [[nodiscard]] const char* what() const noexcept override { return "too many nodes"; }
};

}  // namespace

/// Takes down yaml-cpp's events. Its own `Node` would copy scalars into memory that nobody wipes.
class YamlTreeBuilder : public YAML::EventHandler {
 public:
  explicit YamlTreeBuilder(YamlTree& tree) : nodes_(tree.nodes_) {}

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override { attach(add(Kind::null, mark, anchor)); }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    attach(found == anchors_.end() ? add(Kind::null, mark, 0) : found->second);
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    const std::uint32_t index = add(Kind::scalar, mark, anchor);
    nodes_[index].text = Secret(value);
    nodes_[index].plain = tag == "?";
    attach(index);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(add(Kind::sequence, mark, anchor));
  }
  void OnSequenceEnd() override { open_.pop_back(); }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(add(Kind::map, mark, anchor));
  }
  void OnMapEnd() override { open_.pop_back(); }

 private:
  using Kind = YamlTree::Node::Kind;
  struct Open {
    std::uint32_t node = 0;
    std::optional<std::uint32_t> key;
  };

  std::uint32_t add(Kind kind, const YAML::Mark& mark, YAML::anchor_t anchor) {
    if (nodes_.size() >= kNodesMax) throw TooManyNodes();
    const auto index = static_cast<std::uint32_t>(nodes_.size());
    YamlTree::Node& node = nodes_.emplace_back();
    node.kind = kind;
    node.line = static_cast<std::uint32_t>(mark.line + 1);
    if (anchor != 0) anchors_[anchor] = index;
    return index;
  }

  /// Hangs a finished or just opened node under the innermost open one.
  void attach(std::uint32_t index) {
    if (open_.empty()) return;
    Open& parent = open_.back();
    auto& members = nodes_[parent.node].members;
    // An alias adds no node: without this, a file of aliases would grow the lists alone.
    if (members.size() >= kNodesMax) throw TooManyNodes();
    if (nodes_[parent.node].kind == Kind::sequence) {
      members.emplace_back(index, index);
    } else if (!parent.key) {
      parent.key = index;
    } else {
      members.emplace_back(*parent.key, index);
      parent.key.reset();
    }
  }

  void open(std::uint32_t index) {
    attach(index);
    open_.push_back({index, {}});
  }

  std::vector<YamlTree::Node>& nodes_;
  std::vector<Open> open_;
  std::map<YAML::anchor_t, std::uint32_t> anchors_;
};

Result<YamlTree> YamlTree::parse(std::string_view bytes) {
  if (bytes.size() > kFileSizeMax) return Error{ErrorKind::malformed, "YAML of more than 4 MiB"};
  YamlTree tree;
  try {
    ViewBuffer buffer(bytes);
    std::istream stream(&buffer);
    YAML::Parser parser(stream);
    YamlTreeBuilder builder(tree);
    parser.HandleNextDocument(builder);
  } catch (const TooManyNodes&) {
    return Error{ErrorKind::malformed, fmt::format("YAML of more than {} nodes", kNodesMax)};
  } catch (const YAML::Exception& failure) {
    // Its text is left out: yaml-cpp quotes tags and anchors in some messages.
    return Error{ErrorKind::malformed,
                 fmt::format("no YAML: line {}, column {}", failure.mark.line + 1, failure.mark.column + 1)};
  } catch (const std::exception&) {
    return Error{ErrorKind::malformed, "no YAML"};
  }
  return tree;
}

const YamlTree::Node* YamlTree::member(const Node* parent, std::string_view key) const {
  if (parent == nullptr || parent->kind != Node::Kind::map) return nullptr;
  for (auto each = parent->members.rbegin(); each != parent->members.rend(); ++each) {
    const Node& name = nodes_[each->first];
    if (name.kind == Node::Kind::scalar && name.text.reveal() == key) return &nodes_[each->second];
  }
  return nullptr;
}

}  // namespace tokensweep
