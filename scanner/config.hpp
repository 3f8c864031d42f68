#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "connectors/settings.hpp"
#include "identity/sealing.hpp"
#include "model/policy.hpp"
#include "report/terminal.hpp"
#include "scanner/source_types.hpp"

/// `tokensweep.toml`: which inventory, what the company decided, what is swept. docs/configuration.md has all keys.
namespace tokensweep {

/// One `[[source]]`.
struct SourceConfig {
  std::string name;   ///< unique in the file
  std::string type;   ///< one of `source_types()` that is built
  Settings settings;  ///< checked against the keys of its type: filesystem_source() and its like read them
};

struct Config {
  std::optional<std::filesystem::path> inventory;   ///< empty: the default of the command line
  std::optional<std::filesystem::path> key_file;    ///< empty: beside the inventory
  std::optional<CollectorPublicKey> collector_key;  ///< empty: what is found is sealed to nobody
  std::vector<std::string> senders;                 ///< whose inventories are taken; empty: everybody's
  Policy policy;
  std::vector<SourceConfig> sources;  ///< in the file's order; may be empty, for commands that sweep nothing

  /// Null where there is none of that name.
  [[nodiscard]] const SourceConfig* source(std::string_view name) const;
};

/// The keys of the whole file. `types` is what a `[[source]]` may be.
std::vector<KeySpec> config_keys(std::span<const TypeSpec> types = source_types());

/// Reads the text of a configuration. `file` is its name, for messages and as what relative paths are relative to;
/// `~/` is the HOME of `environment`, and nothing else is expanded. An error (`misconfigured`) is one line,
/// `tokensweep.toml:12: …`, about what is wrong first in the file: a key that is not known (with the one that was meant
/// and all that are allowed), a value of the wrong type, a key that is missing, two that exclude each other, a policy
/// that contradicts itself. It repeats no value. Touches no file.
Result<Config> parse_config(std::string_view text, std::string_view file,
                            const Environment& environment = process_environment,
                            std::span<const TypeSpec> types = source_types());

/// The same for a file. It is refused where others could write it or put another one in its place, as the inventory is:
/// a configuration says which programs are started and where credentials are sent. Others may read it.
Result<Config> load_config(const std::filesystem::path& file, const Environment& environment = process_environment);

}  // namespace tokensweep
