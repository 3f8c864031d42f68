#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "base/secret.hpp"

namespace tokensweep {

/// The first document of a YAML file, as far as the readers of settings need it: scalars as text (nobody's `~` or
/// `0x1f` is interpreted), maps, aliases left unexpanded. That and a limit on nodes keep a hostile file from growing in
/// memory.
class YamlTree {
 public:
  struct Node {
    enum class Kind : std::uint8_t { null, scalar, map, sequence };
    Kind kind = Kind::null;
    Secret text;             ///< of a scalar
    bool plain = false;      ///< a scalar without quotes or tag, which others may take for a number or a truth value
    std::uint32_t line = 0;  ///< 1-based
    /// Of a map, keys and values; of a sequence, the second of each pair. Indexes for node().
    std::vector<std::pair<std::uint32_t, std::uint32_t>> members;
  };

  /// Fails with line and column, never with a piece of the file.
  static Result<YamlTree> parse(std::string_view bytes);

  /// Null for an empty document.
  [[nodiscard]] const Node* root() const { return nodes_.empty() ? nullptr : &nodes_.front(); }
  [[nodiscard]] const Node& node(std::uint32_t index) const { return nodes_[index]; }
  /// The value of `key` in a map (of a repeated key, the last one); null where there is none, or where `parent` is
  /// none.
  [[nodiscard]] const Node* member(const Node* parent, std::string_view key) const;
  /// Calls `act(std::string_view key, const Node& value)` for each member of a map; does nothing for anything else.
  template <class Act>
  void for_each(const Node* parent, Act&& act) const {
    if (parent == nullptr || parent->kind != Node::Kind::map) return;
    for (const auto& [key, value] : parent->members) {
      if (nodes_[key].kind == Node::Kind::scalar) act(nodes_[key].text.reveal(), nodes_[value]);
    }
  }

 private:
  friend class YamlTreeBuilder;
  std::vector<Node> nodes_;
};

}  // namespace tokensweep
