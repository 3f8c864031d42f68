#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "connectors/connector.hpp"
#include "connectors/settings.hpp"

/// The kinds of sources that the configuration knows, as data. A new connector adds its row here: its keys, and where
/// it has settings of its own, a struct and a function that fills it. Nothing in the reader changes.
namespace tokensweep {

/// In the order of the documentation. Those that are not `is_built()` have a name in the documentation of the format,
/// and no connector in this build.
std::span<const TypeSpec> source_types();

/// The connector of a type; null for `filesystem`, and for those that are not built.
const ConnectorEntry* connector_entry(std::string_view type);

/// What a source of type `filesystem` says.
struct FilesystemSource {
  std::vector<std::filesystem::path> paths;  ///< at least one
  bool deep = false;
  std::vector<std::string> exclude;
  bool cross_file_systems = false;
  std::vector<std::filesystem::path> rules;  ///< files, beside the built-in rules
  unsigned threads = 0;                      ///< 0: one for each core
};
FilesystemSource filesystem_source(const Settings& settings);

}  // namespace tokensweep
