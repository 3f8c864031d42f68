#pragma once

#include <filesystem>
#include <optional>

#include "base/result.hpp"
#include "db/inventory.hpp"
#include "identity/fingerprint.hpp"
#include "scanner/cli.hpp"
#include "scanner/config.hpp"
#include "scanner/world.hpp"

/// Which inventory a command is about, and how it is opened.
namespace tokensweep {

/// The options of a command with its configuration, where it has one.
struct Settled {
  GlobalOptions global;  ///< with the configuration's inventory, unless `--db` names one
  std::filesystem::path key_file;
  std::optional<Config> config;
};

/// `config_file` may be empty.
Result<Settled> settle_options(const GlobalOptions& global, const std::filesystem::path& config_file,
                               const World& world);

/// An inventory with the key that its fingerprints are made with.
struct KeyedInventory {
  InventoryKey key;
  Inventory inventory;
};

/// Both are made where the inventory is new.
Result<KeyedInventory> open_to_write(const Settled& settled);
/// For what is derived from the key: another inventory's is refused.
Result<KeyedInventory> open_to_read_with_key(const Settled& settled);
/// Where there is no inventory, the error says what makes one.
Result<Inventory> open_to_read(const GlobalOptions& global, std::string key_id = {});

/// Where an inventory's key is, unless its configuration says otherwise: beside it.
std::filesystem::path key_file_of(const std::filesystem::path& inventory);
/// Where a collector's secret key is: beside its inventory.
std::filesystem::path collector_file_of(const std::filesystem::path& inventory);

}  // namespace tokensweep
