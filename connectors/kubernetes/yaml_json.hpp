#pragma once

#include <string>

#include "base/result.hpp"
#include "formats/yaml_tree.hpp"

namespace tokensweep::kubernetes {

/// A node and all below it as JSON, typed as kubectl types plain scalars (JSON's own words and numbers; `yes` stays a
/// text). Aliases are expanded, within a bound on nodes, depth and bytes, beyond which it is an error
/// (`misconfigured`).
Result<std::string> to_json(const YamlTree& tree, const YamlTree::Node& node);

}  // namespace tokensweep::kubernetes
