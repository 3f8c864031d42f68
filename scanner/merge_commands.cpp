#include "scanner/merge_commands.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "base/text.hpp"
#include "merge/merge.hpp"
#include "merge/sealed_line.hpp"
#include "report/output.hpp"
#include "report/terminal.hpp"
#include "scanner/classification.hpp"
#include "scanner/figures.hpp"
#include "scanner/inventory_access.hpp"
#include "scanner/read_file.hpp"

namespace tokensweep {
namespace {

/// Whom an inventory is handed over to: as the configuration says, else as the last sweep had it.
Result<CollectorPublicKey> collector_of(const Settled& settled, const Inventory& inventory) {
  if (settled.config && settled.config->collector_key) return *settled.config->collector_key;
  TRY(const auto line, inventory.collector());
  if (line) return CollectorPublicKey::parse(*line);
  return Error{ErrorKind::misconfigured,
               "--seal: no collector is known: sweep with `scan --seal-to FILE`, FILE being what `tokensweep collector "
               "init` printed, or with inventory.collector_key in the configuration"};
}

Result<> write_sealed(const KeyedInventory& opened, const CollectorPublicKey& collector, Output& output,
                      const World& world) {
  SealedExport sealed(output, opened.key, collector, std::string(tokensweep_version()), world.now());
  TRY_VOID(hand_over(opened.inventory, sealed));
  TRY_VOID(sealed.end());
  TRY_VOID(output.finish());
  world.messages.info(fmt::format("{} of {} handed over, as sender {}", counted(sealed.hits(), "hit"),
                                  counted(sealed.scopes(), "scope"), sealed.sender()));
  if (sealed.unsealed() > 0) {
    world.messages.warning(
        fmt::format("{} without what the collector knows the token by: no sweep has seen it since there is this "
                    "collector; sweep again, then export again",
                    counted(sealed.unsealed(), "hit")));
  }
  return {};
}

/// Takes files in, one after the other.
class Merge {
 public:
  /// Everything is borrowed.
  Merge(Inventory& inventory, Collector collector, const Classification& classification, Messages& messages)
      : inventory_(inventory), collector_(std::move(collector)), classification_(classification), messages_(messages) {}

  /// An error that is not of the storage refuses this file alone.
  Result<> take(const std::filesystem::path& file) {
    TRY(const std::string text, read_ordinary_file(file, kLargestSealedFile));
    TRY(SealedInventory laptop, read_sealed(text, collector_));
    judge(laptop);
    TRY(last_, merge(inventory_, laptop, classification_.judge_token(), collector_.now));
    collector_.newest[laptop.sender] = laptop.generated_at;
    messages_.info(
        fmt::format("{}: {} of sender {}", printable(file.string()), counted(laptop.hits, "hit"), laptop.sender));
    return {};
  }

  /// Once for all files: the figures are of the whole inventory.
  Result<> finish() {
    if (last_ == 0) return {};
    TRY(const Figures figures, count_figures(inventory_, classification_.policy(), last_, collector_.now));
    TRY_VOID(keep_figures(inventory_, last_, figures));
    return inventory_.commit();
  }

 private:
  /// Classes follow from the evidence by this inventory's policy and ranks, as they would after a change of these.
  void judge(SealedInventory& laptop) const {
    for (MergedScope& scope : laptop.scopes) {
      for (Hit& hit : scope.hits) {
        classification_.judge(hit, hit.fingerprint ? token_id(*hit.fingerprint) : std::string(), scope.scope.name);
      }
    }
  }

  Inventory& inventory_;
  Collector collector_;
  const Classification& classification_;
  Messages& messages_;
  SweepId last_ = 0;
};

/// The exit code of taking all files in.
int take_all(Merge& merge, const std::vector<std::filesystem::path>& files, const World& world) {
  int code = kComplete;
  for (const std::filesystem::path& file : files) {
    if (world.stop.load()) return kInterrupted;
    auto taken = merge.take(file);
    if (!taken) code = fail(world, std::move(taken).error().within(printable(file.string())));
    if (code == kStorage) return code;
  }
  auto finished = merge.finish();
  return finished ? code : fail(world, kStorage, finished.error());
}

}  // namespace

int run_collector_init(const GlobalOptions& global, const CollectorInitOptions& options, const World& world) {
  auto settled = settle_options(global, options.config, world);
  if (!settled) return fail(world, kUsage, settled.error());
  // Opened, and not only its key read: a key that is another inventory's would give a line that fits nothing.
  auto opened = open_to_write(*settled);
  if (!opened) return fail(world, kStorage, opened.error());
  const Fingerprinter fingerprinter(opened->key);
  auto pair = CollectorKeyPair::load_or_create(collector_file_of(settled->global.db), fingerprinter.salt());
  if (!pair) return fail(world, kStorage, pair.error());
  DescriptorOutput output(STDOUT_FILENO);
  output.write(pair->public_key().text() + "\n");
  auto done = output.finish();
  return done ? static_cast<int>(kComplete) : fail(world, kStorage, done.error());
}

int run_sealed_export(const GlobalOptions& global, const ExportOptions& options, const World& world) {
  auto settled = settle_options(global, options.config, world);
  if (!settled) return fail(world, kUsage, settled.error());
  auto opened = open_to_read_with_key(*settled);
  if (!opened) return fail(world, kStorage, opened.error());
  auto collector = collector_of(*settled, opened->inventory);
  if (!collector) return fail(world, collector.error());
  std::unique_ptr<Output> output = std::make_unique<DescriptorOutput>(STDOUT_FILENO);
  if (!options.output.empty()) {
    auto file = FileOutput::create(options.output);
    if (!file) return fail(world, kUsage, file.error());
    output = std::move(*file);
  }
  auto done = write_sealed(*opened, *collector, *output, world);
  return done ? static_cast<int>(kComplete) : fail(world, done.error());
}

int run_import_inventory(const GlobalOptions& global, const ImportOptions& options, const World& world) {
  auto settled = settle_options(global, options.config, world);
  if (!settled) return fail(world, kUsage, settled.error());
  const std::filesystem::path secret =
      options.collector_key.empty() ? collector_file_of(settled->global.db) : options.collector_key;
  std::error_code unknown;
  if (!std::filesystem::exists(secret, unknown)) {  // before anything is made
    return fail(
        world, kUsage,
        {ErrorKind::misconfigured, fmt::format("{}: no collector's key there; `tokensweep collector init` makes "
                                               "one, --collector-key names another",
                                               secret.string())});
  }
  auto opened = open_to_write(*settled);
  if (!opened) return fail(world, kStorage, opened.error());
  const Fingerprinter fingerprinter(opened->key);
  auto keys = CollectorKeyPair::load(secret, fingerprinter.salt());
  if (!keys) return fail(world, kUsage, keys.error());
  auto newest = newest_merged(opened->inventory);
  if (!newest) return fail(world, kStorage, newest.error());
  auto classification = Classification::of(opened->inventory, std::nullopt, world.now());
  if (!classification) return fail(world, kStorage, classification.error());
  Merge merge(opened->inventory,
              {.keys = *keys,
               .fingerprinter = fingerprinter,
               .now = world.now(),
               .senders = settled->config ? settled->config->senders : std::vector<std::string>{},
               .newest = std::move(*newest)},
              *classification, world.messages);
  return take_all(merge, options.files, world);
}

}  // namespace tokensweep
