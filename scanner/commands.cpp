#include "scanner/commands.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include "base/text.hpp"
#include "db/inventory.hpp"
#include "report/output.hpp"
#include "report/row.hpp"
#include "report/show.hpp"
#include "scanner/classification.hpp"
#include "scanner/import_commands.hpp"
#include "scanner/inventory_access.hpp"
#include "scanner/merge_commands.hpp"
#include "scanner/report_commands.hpp"
#include "scanner/scan.hpp"
#include "scanner/source_commands.hpp"

namespace tokensweep {
namespace {

Result<> export_rows(const Inventory& inventory, const ExportOptions& options, Time now, Output& output) {
  TRY(const std::vector<SweepInfo> sweeps, inventory.sweeps());
  const auto writer = make_writer(options.format, output);
  writer->begin({.generated_at = now, .sweeps = sweeps});
  TRY(const Classification classification, Classification::of(inventory, std::nullopt, now));
  const auto write = [&](const HitRow& hit) {
    const ExportRow row = make_row(hit, now, classification.policy());
    if (options.filter.matches(row)) writer->row(row);
    return !output.failed();
  };
  TRY_VOID(inventory.for_each_hit(options.filter.query(), write));
  if (options.filter.flags.has(ScopeFlag::unfound)) TRY_VOID(inventory.for_each_unfound(write));
  writer->end();
  return output.finish();
}

int run_export(const GlobalOptions& global, const ExportOptions& options, const World& world) {
  auto settled = settle_options(global, options.config, world);
  if (!settled) return fail(world, kUsage, settled.error());
  auto inventory = open_to_read(settled->global);
  if (!inventory) return fail(world, kStorage, inventory.error());
  if (options.output.empty()) {
    DescriptorOutput output(STDOUT_FILENO);
    auto done = export_rows(*inventory, options, world.now(), output);
    return done ? static_cast<int>(kComplete) : fail(world, kStorage, done.error());
  }
  auto output = FileOutput::create(options.output);
  if (!output) return fail(world, kUsage, output.error());
  auto done = export_rows(*inventory, options, world.now(), **output);
  return done ? static_cast<int>(kComplete) : fail(world, kStorage, done.error());
}

int run_show(const GlobalOptions& global, const ShowOptions& options, const World& world) {
  auto inventory = open_to_read(global);
  if (!inventory) return fail(world, kStorage, inventory.error());
  auto classification = Classification::of(*inventory, std::nullopt, world.now());
  if (!classification) return fail(world, kStorage, classification.error());
  DescriptorOutput output(STDOUT_FILENO);
  const ShowContext context{.now = world.now(),
                            .policy = classification->policy(),
                            .terminal = terminal_of(STDOUT_FILENO, world.environment)};
  auto shown = show_token(
      options.id,
      [&inventory](const HitQuery& query, const auto& each) { return inventory->for_each_hit(query, each); }, context,
      output);
  if (!shown) return fail(world, shown.error());
  auto done = output.finish();
  return done ? static_cast<int>(kComplete) : fail(world, kStorage, done.error());
}

int run_rules_list(const RulesListOptions& options, const World& world) {
  auto detector = load_detector(options.rules);
  if (!detector) return fail(world, kUsage, detector.error());
  DescriptorOutput output(STDOUT_FILENO);
  for (const Rule& rule : detector->rules.rules()) {
    output.write(
        fmt::format("{:<24} {:<18} {}\n", printable(rule.id), printable(rule.kind), printable(rule.description)));
  }
  auto done = output.finish();
  return done ? static_cast<int>(kComplete) : fail(world, kStorage, done.error());
}

int run_generate(const GenerateOptions& options, const World& world) {
  DescriptorOutput output(STDOUT_FILENO);
  output.write(generate_document(options.document));
  auto done = output.finish();
  return done ? static_cast<int>(kComplete) : fail(world, kStorage, done.error());
}

}  // namespace

int run_command(const CommandLine& line, const World& world) {
  struct Run {
    const GlobalOptions& global;
    const World& world;
    int operator()(const ScanOptions& options) const { return run_scan(global, options, world); }
    int operator()(const ExportOptions& options) const {
      return options.seal ? run_sealed_export(global, options, world) : run_export(global, options, world);
    }
    int operator()(const ShowOptions& options) const { return run_show(global, options, world); }
    int operator()(const DiffOptions& options) const { return run_diff(global, options, world); }
    int operator()(const ReportOptions& options) const { return run_report(global, options, world); }
    int operator()(const ImportOptions& options) const {
      const bool inventories = options.kind == ImportKind::inventory;
      return inventories ? run_import_inventory(global, options, world) : run_import(global, options, world);
    }
    int operator()(const SourcesCheckOptions& options) const { return run_sources_check(global, options, world); }
    int operator()(const CollectorInitOptions& options) const { return run_collector_init(global, options, world); }
    int operator()(const ClassifyOptions& options) const { return run_classify(global, options, world); }
    int operator()(const RulesListOptions& options) const { return run_rules_list(options, world); }
    int operator()(const RulesTestOptions& options) const { return run_rules_test(options, world); }
    int operator()(const GenerateOptions& options) const { return run_generate(options, world); }
  };
  return std::visit(Run{line.global, world}, line.command);
}

}  // namespace tokensweep
