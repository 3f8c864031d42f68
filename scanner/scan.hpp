#pragma once

#include <atomic>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "model/model.hpp"
#include "report/terminal.hpp"
#include "scanner/cli.hpp"
#include "scanner/config.hpp"
#include "scanner/messages.hpp"
#include "scanner/text_search.hpp"

namespace tokensweep {

/// The exit codes of the contract.
enum ExitCode : int {
  kComplete = 0,
  kFound = 1,
  kUsage = 2,
  kIncomplete = 3,
  kStorage = 4,
  kInterrupted = 130,
};

/// The world around a command, as it is handed in by main.
struct World {
  Environment environment;
  Messages& messages;
  std::function<Time()> now;
  const std::atomic<bool>& stop;  ///< Ctrl-C, SIGTERM
};

/// The options of a command with its configuration, where it has one.
struct Settled {
  GlobalOptions global;  ///< with the configuration's inventory, unless `--db` names one
  std::filesystem::path key_file;
  std::optional<Config> config;
};
Result<Settled> settle_options(const GlobalOptions& global, const std::filesystem::path& config_file,
                               const World& world);

/// The configuration's sources, or those that are named; `misconfigured` where a name is none of them, or where there
/// is none at all.
Result<std::vector<const SourceConfig*>> chosen_sources(const Config& config, std::span<const std::string> names);

/// `tokensweep scan`: sweeps, writes the inventory, prints what was found. Returns the exit code.
int run_scan(const GlobalOptions& global, const ScanOptions& options, const World& world);

/// `tokensweep rules test FILE`: what the rules find in one file. Writes no inventory.
int run_rules_test(const RulesTestOptions& options, const World& world);

/// The rules in force.
Result<Detector> load_detector(const RuleOptions& options);

/// Where an inventory's key is: beside it.
std::filesystem::path key_file_of(const std::filesystem::path& inventory);

}  // namespace tokensweep
