#include "scanner/inventory_access.hpp"

#include <system_error>
#include <utility>

namespace tokensweep {
namespace {

bool is_there(const std::filesystem::path& file) {
  std::error_code unknown;
  return std::filesystem::exists(file, unknown);
}

}  // namespace

Result<Settled> settle_options(const GlobalOptions& global, const std::filesystem::path& config_file,
                               const World& world) {
  Settled settled{.global = global, .key_file = key_file_of(global.db), .config = std::nullopt};
  if (config_file.empty()) return settled;
  TRY(settled.config, load_config(config_file, world.environment));
  if (!global.db_given && settled.config->inventory) {
    settled.global.default_db = *settled.config->inventory == settled.global.db;
    settled.global.db = *settled.config->inventory;
    settled.key_file = key_file_of(settled.global.db);
  }
  if (settled.config->key_file) settled.key_file = *settled.config->key_file;
  return settled;
}

Result<KeyedInventory> open_to_write(const Settled& settled) {
  const std::filesystem::path& file = settled.global.db;
  TRY(InventoryKey key,
      is_there(file) ? InventoryKey::load(settled.key_file) : InventoryKey::load_or_create(settled.key_file));
  TRY(Inventory inventory, Inventory::open(file, {.access = Inventory::Access::write, .key_id = key.id()}));
  return KeyedInventory{.key = std::move(key), .inventory = std::move(inventory)};
}

Result<KeyedInventory> open_to_read_with_key(const Settled& settled) {
  // Without a key first: where there is no inventory, there is no key to be missed.
  TRY_VOID(open_to_read(settled.global));
  TRY(InventoryKey key, InventoryKey::load(settled.key_file));
  TRY(Inventory inventory, open_to_read(settled.global, key.id()));
  return KeyedInventory{.key = std::move(key), .inventory = std::move(inventory)};
}

Result<Inventory> open_to_read(const GlobalOptions& global, std::string key_id) {
  if (!is_there(global.db)) {
    return Error{ErrorKind::storage,
                 global.db.string() + ": no inventory there; `tokensweep scan` makes one, --db names another"};
  }
  return Inventory::open(global.db, {.access = Inventory::Access::read, .key_id = std::move(key_id)});
}

std::filesystem::path key_file_of(const std::filesystem::path& inventory) {
  return std::filesystem::path(inventory) += ".key";
}

std::filesystem::path collector_file_of(const std::filesystem::path& inventory) {
  return std::filesystem::path(inventory) += ".collector";
}

}  // namespace tokensweep
