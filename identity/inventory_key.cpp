#include "identity/fingerprint.hpp"
#include "identity/key_file.hpp"

namespace tokensweep {
namespace {

static_assert(InventoryKey::kSize == kKeySize);

constexpr KeyFileAdvice kAdvice = {
    .missing =
        "put it back from a copy (without it the inventory's tokens cannot be recognised again), or begin a new "
        "inventory with another --db",
    .damaged = "restore it from a copy, or begin a new inventory with another --db"};

}  // namespace

InventoryKey InventoryKey::random() { return InventoryKey(random_key()); }

Result<InventoryKey> InventoryKey::load(const std::filesystem::path& file) {
  TRY(Secret root, load_key_file(file, kAdvice));
  return InventoryKey(std::move(root));
}

Result<InventoryKey> InventoryKey::load_or_create(const std::filesystem::path& file) {
  TRY(Secret root, load_or_create_key_file(file, kAdvice));
  return InventoryKey(std::move(root));
}

}  // namespace tokensweep
