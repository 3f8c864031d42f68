#include "scanner/import_commands.hpp"

#include <fmt/format.h>

#include "base/text.hpp"
#include "db/inventory.hpp"
#include "formats/npm_output.hpp"
#include "formats/npm_package_list.hpp"
#include "formats/npm_token_list.hpp"
#include "identity/fingerprint.hpp"
#include "report/terminal.hpp"
#include "scanner/classification.hpp"
#include "scanner/inventory_access.hpp"
#include "scanner/read_file.hpp"

namespace tokensweep {
namespace {

/// One file, read and understood.
struct Import {
  ListInfo list;
  std::vector<RegistryToken> tokens;
  std::vector<WritablePackage> packages;
  std::string ranks;
};

Result<Import> understand(const ImportOptions& options, const std::filesystem::path& file, Time now) {
  TRY(std::string text, read_file(file, kLargestNpmOutput));
  Import import;
  import.list = {.account = options.account.empty() ? file.stem().string() : options.account,
                 .file = file.string(),
                 .imported_at = now};
  switch (options.kind) {
    case ImportKind::npm_tokens: {
      TRY(import.tokens, read_npm_token_list(text, import.list.account));
      import.list.kind = ListInfo::Kind::npm_tokens;
      import.list.entries = static_cast<std::int64_t>(import.tokens.size());
      break;
    }
    case ImportKind::npm_packages: {
      TRY(import.packages, read_npm_package_list(text, import.list.account));
      import.list.kind = ListInfo::Kind::npm_packages;
      import.list.entries = static_cast<std::int64_t>(import.packages.size());
      break;
    }
    case ImportKind::inventory:  // run_import_inventory's
      break;
    case ImportKind::ranks: {
      TRY(const Ranks ranks, Ranks::parse(text, "ranks", std::chrono::floor<std::chrono::days>(now)));
      import.list.kind = ListInfo::Kind::ranks;
      import.list.account.clear();
      import.list.entries = static_cast<std::int64_t>(ranks.size());
      import.ranks = std::move(text);
      break;
    }
  }
  return import;
}

Result<> write_import(Inventory& inventory, const Import& import, const Classification& classification) {
  switch (import.list.kind) {
    case ListInfo::Kind::npm_tokens:
      return inventory.import_tokens(import.list, import.tokens, classification.judge_token());
    case ListInfo::Kind::npm_packages:
      return inventory.import_packages(import.list, import.packages);
    case ListInfo::Kind::ranks:
      return inventory.import_ranks(import.list, import.ranks);
  }
  return {};
}

/// With what was imported before the classes, so that they follow from all of it.
Result<> write_all(Inventory& inventory, const std::vector<Import>& imports, Time now) {
  TRY(const Classification before, Classification::of(inventory, std::nullopt, now));
  bool anew = false;
  for (const Import& import : imports) {
    TRY_VOID(write_import(inventory, import, before));
    anew = anew || import.list.kind != ListInfo::Kind::npm_tokens;
  }
  TRY(const Classification after, Classification::of(inventory, std::nullopt, now));
  if (anew) TRY_VOID(inventory.judge_anew(after.judge_hit(), after.judge_token(), now));
  return inventory.settle_classes(0, after.judge_token(), now);
}

}  // namespace

int run_import(const GlobalOptions& global, const ImportOptions& options, const World& world) {
  auto settled = settle_options(global, options.config, world);
  if (!settled) return fail(world, kUsage, settled.error());
  const Time now = world.now();
  std::vector<Import> imports;
  for (const auto& file : options.files) {
    auto import = understand(options, file, now);
    if (!import) return fail(world, kUsage, std::move(import).error().within(printable(file.string())));
    imports.push_back(std::move(*import));
  }
  auto opened = open_to_write(*settled);
  if (!opened) return fail(world, kStorage, opened.error());
  if (auto written = write_all(opened->inventory, imports, now); !written)
    return fail(world, kStorage, written.error());
  for (const Import& import : imports) {
    const bool ranks = import.list.kind == ListInfo::Kind::ranks;
    const std::string_view what = import.list.kind == ListInfo::Kind::npm_tokens ? "token" : "package";
    world.messages.info(fmt::format("{}: {}{}", printable(import.list.file),
                                    counted(static_cast<std::uint64_t>(import.list.entries), what),
                                    ranks ? "" : " of " + printable(import.list.account)));
  }
  return kComplete;
}

}  // namespace tokensweep
