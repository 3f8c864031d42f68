#include "scanner/scan.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <iterator>
#include <optional>

#include "base/text.hpp"
#include "db/inventory.hpp"
#include "identity/fingerprint.hpp"
#include "report/output.hpp"
#include "report/row.hpp"
#include "report/table.hpp"
#include "rules/rule_file.hpp"
#include "scanner/classification.hpp"
#include "scanner/config.hpp"
#include "scanner/config_policy.hpp"
#include "scanner/inspector.hpp"
#include "scanner/inventory_access.hpp"
#include "scanner/network_side.hpp"
#include "scanner/read_file.hpp"
#include "scanner/sweep.hpp"

namespace tokensweep {
namespace {

constexpr std::size_t kLargestRuleFile = std::size_t{4} << 20U;

Result<std::string> read_rule_file(const std::string& path) {
  TRY(std::string text, read_file(path, kLargestRuleFile));
  if (text.size() > kLargestRuleFile) return Error{ErrorKind::misconfigured, "is larger than 4 MiB: no rule file"};
  return text;
}

/// Rules of a later file take the place of earlier ones with the same id.
void lay_over(RuleFile& rules, RuleFile more) {
  for (Rule& rule : more.rules) {
    const auto same = std::find_if(rules.rules.begin(), rules.rules.end(),
                                   [&rule](const Rule& known) { return known.id == rule.id; });
    if (same == rules.rules.end()) {
      rules.rules.push_back(std::move(rule));
    } else {
      *same = std::move(rule);
    }
  }
  std::move(more.allowlists.begin(), more.allowlists.end(), std::back_inserter(rules.allowlists));
}

/// Those that lie inside no other.
std::vector<filesystem::Root> outermost(std::vector<filesystem::Root> roots) {
  std::sort(roots.begin(), roots.end(), [](const auto& a, const auto& b) { return a.path < b.path; });
  std::vector<filesystem::Root> kept;
  for (filesystem::Root& root : roots) {
    const auto holds = [&root](const filesystem::Root& other) {
      return root.path == other.path || other.path == "/" || root.path.starts_with(other.path + "/");
    };
    if (std::none_of(kept.begin(), kept.end(), holds)) kept.push_back(std::move(root));
  }
  return kept;
}

/// What `--path` asks for: one source, whose paths all have to be there.
Result<SweepPlan> plan_of_paths(const ScanOptions& options) {
  FilesystemJob job{.name = "filesystem",
                    .roots = {},
                    .missing = {},
                    .options = {.paths = options.paths,
                                .deep = options.deep,
                                .exclude = options.exclude,
                                .cross_file_systems = options.cross_file_systems,
                                .rules = options.rules.files,
                                .threads = options.threads},
                    .detector = nullptr};
  for (const auto& path : options.paths) {
    auto root = filesystem::resolve_root(path.string());
    if (!root) return std::move(root).error().within("--path " + path.string());
    job.roots.push_back(std::move(*root));
  }
  job.roots = outermost(std::move(job.roots));
  TRY(Detector detector, load_detector(options.rules));
  job.detector = std::make_shared<const Detector>(std::move(detector));
  SweepPlan plan;
  plan.filesystem.push_back(std::move(job));
  return plan;
}

/// A source of directories. A path that is not there is the source's misfortune, and no error of the configuration.
Result<FilesystemJob> filesystem_job(const SourceConfig& source) {
  FilesystemJob job{.name = source.name,
                    .roots = {},
                    .missing = {},
                    .options = filesystem_source(source.settings),
                    .detector = nullptr};
  for (const auto& path : job.options.paths) {
    auto root = filesystem::resolve_root(path.string());
    if (root) {
      job.roots.push_back(std::move(*root));
    } else {
      job.missing.emplace_back(path.string(), std::move(root).error().within(path.string()).what);
    }
  }
  job.roots = outermost(std::move(job.roots));
  TRY(Detector detector, load_detector({.files = job.options.rules}));
  job.detector = std::make_shared<const Detector>(std::move(detector));
  return job;
}

/// What the configuration asks for: all its sources, or those that are named.
Result<SweepPlan> plan_of_config(const Config& config, const ScanOptions& options, NetworkSide& network) {
  TRY(const auto sources, chosen_sources(config, options.sources));
  SweepPlan plan;
  std::shared_ptr<const Detector> builtin;
  for (const SourceConfig* source : sources) {
    const ConnectorEntry* entry = connector_entry(source->type);
    if (entry == nullptr) {
      TRY(FilesystemJob job, filesystem_job(*source));
      plan.filesystem.push_back(std::move(job));
      continue;
    }
    if (!builtin) {
      TRY(Detector detector, load_detector({}));
      builtin = std::make_shared<const Detector>(std::move(detector));
    }
    TRY(auto connector, network.connect(*entry, source->settings, source->name));
    plan.network.push_back({.name = source->name,
                            .type = source->type,
                            .settings = source->settings.plan_text(),
                            .connector = std::move(connector),
                            .detector = builtin});
  }
  return plan;
}

/// Prints the sweep's hits in the format that was asked for, and says whether `--fail-on` found one.
Result<bool> print_sweep(const Inventory& inventory, const Sweep& sweep, const GlobalOptions& global,
                         const ScanOptions& options, const Policy& policy, const World& world) {
  DescriptorOutput output(STDOUT_FILENO);
  SweepTable table({.terminal = terminal_of(STDOUT_FILENO, world.environment), .list_unread = options.list_unread},
                   output);
  std::unique_ptr<RowWriter> writer;
  if (options.format == ScanFormat::json) writer = make_writer(ExportFormat::json, output);
  if (options.format == ScanFormat::jsonl) writer = make_writer(ExportFormat::jsonl, output);
  if (options.format == ScanFormat::csv) writer = make_writer(ExportFormat::csv, output);
  const bool draws = options.format == ScanFormat::table;

  const Time now = world.now();
  bool found = false;
  std::vector<SweepInfo> sweeps;
  if (options.format == ScanFormat::json) {
    TRY(sweeps, inventory.sweeps());
    std::erase_if(sweeps, [&sweep](const SweepInfo& info) { return info.id != sweep.id(); });
  }
  if (writer) writer->begin({.generated_at = now, .sweeps = sweeps});
  TRY_VOID(inventory.for_each_hit({.sweep = sweep.id()}, [&](const HitRow& hit) {
    const ExportRow row = make_row(hit, now, policy);
    found = found || std::any_of(options.fail_on.begin(), options.fail_on.end(),
                                 [&row](const Filter& filter) { return filter.matches(row); });
    if (writer) writer->row(row);
    if (draws) table.row(row);
    return !output.failed();
  }));
  if (writer) writer->end();
  if (draws) {
    TRY_VOID(inventory.for_each_gap(sweep.id(), [&](const GapRow& row) {
      table.gap(row.gap);
      return !output.failed();
    }));
    table.end(sweep.facts(global));
  }
  TRY_VOID(output.finish());
  return found;
}

/// The classification of a sweep. A policy that is not the one that the inventory has is kept there, and every class
/// that it has already is concluded anew.
Result<Classification> prepare_classification(Inventory& inventory, const Settled& settled,
                                              const std::filesystem::path& config_file, Time now) {
  std::optional<Policy> policy;
  if (settled.config) policy = settled.config->policy;
  TRY(Classification classification, Classification::of(inventory, policy, now));
  if (!policy) return classification;
  const std::string text = policy_text(*policy);
  TRY(const auto kept, inventory.policy());
  if (kept == text || (!kept && text == policy_text(Policy{}))) return classification;
  TRY_VOID(inventory.keep_policy(text, config_file.string(), now));
  TRY_VOID(inventory.judge_anew(classification.judge_hit(), classification.judge_token(), now));
  return classification;
}

/// The collector that the sweep seals to: the command line's, or else the configuration's.
Result<std::optional<CollectorPublicKey>> collector_of(const Settled& settled, const ScanOptions& options) {
  constexpr std::size_t kLargestLine = 4096;
  if (options.seal_to.empty()) return settled.config ? settled.config->collector_key : std::nullopt;
  const auto said = [&options](Error error) {
    return std::move(error).within("--seal-to " + options.seal_to.string());
  };
  const auto line = read_file(options.seal_to, kLargestLine);
  if (!line) return said(line.error());
  auto key = CollectorPublicKey::parse(*line);
  if (!key) return said(key.error());
  return std::optional(*key);
}

/// Fills `sealer` where there is a collector, and has the inventory keep it, for an export.
Result<> prepare_sealer(Inventory& inventory, const std::optional<CollectorPublicKey>& collector,
                        std::optional<Sealer>& sealer, Time now) {
  if (!collector) return {};
  TRY(auto sealed, inventory.sealed_tokens(collector->id()));
  sealer.emplace(*collector, std::move(sealed));
  return inventory.keep_collector(collector->text(), now);
}

int exit_code(SweepState state, bool found) {
  switch (state) {
    case SweepState::interrupted:
      return kInterrupted;
    case SweepState::incomplete:
    case SweepState::running:
      return kIncomplete;
    case SweepState::complete:
      return found ? kFound : kComplete;
  }
  return kIncomplete;
}

/// Prints findings as they come: one file, one thread.
class PrintingSink final : public FindingSink {
 public:
  explicit PrintingSink(Output& output) : output_(output) {}
  void found(Hit hit) override {
    ++hits_;
    output_.write(fmt::format(
        "{}  {}  {}{}{}{}\n", printable(hit.locator), hit.rule, hit.kind,
        hit.checksum == Checksum::none ? "" : fmt::format("  checksum {}", to_string(hit.checksum)),
        hit.preview ? "  " + printable(*hit.preview) : "", hit.name.empty() ? "" : "  " + printable(hit.name)));
  }
  void gap(Gap gap) override {
    gaps_ = true;
    output_.write(fmt::format("{}  not read: {}\n", printable(gap.place), printable(gap.reason)));
  }
  [[nodiscard]] std::size_t hits() const { return hits_; }
  [[nodiscard]] bool has_gaps() const { return gaps_; }

 private:
  Output& output_;
  std::size_t hits_ = 0;
  bool gaps_ = false;
};

}  // namespace

Result<Detector> load_detector(const RuleOptions& options) {
  RuleFile rules;
  if (!options.no_defaults) rules = builtin_rules();
  for (const auto& path : options.files) {
    const std::string name = path.string();
    auto text = read_rule_file(name);
    if (!text) return std::move(text).error().within(name);
    TRY(RuleFile more, parse_rule_file(*text, name, read_rule_file));
    lay_over(rules, std::move(more));
  }
  TRY(RuleSet set, RuleSet::compile(std::move(rules), {.proven = options.files.empty()}));
  return Detector::make(std::move(set));
}

Result<std::vector<const SourceConfig*>> chosen_sources(const Config& config, std::span<const std::string> names) {
  for (const std::string& name : names) {
    if (config.source(name) == nullptr) {
      std::string known;
      for (const SourceConfig& source : config.sources) known.append(known.empty() ? "" : ", ").append(source.name);
      return Error{ErrorKind::misconfigured, "--source: no such source; the configuration has " + known};
    }
  }
  std::vector<const SourceConfig*> chosen;
  for (const SourceConfig& source : config.sources) {
    if (names.empty() || std::find(names.begin(), names.end(), source.name) != names.end()) chosen.push_back(&source);
  }
  if (chosen.empty()) return Error{ErrorKind::misconfigured, "the configuration names no [[source]]: nothing to sweep"};
  return chosen;
}

int run_scan(const GlobalOptions& given, const ScanOptions& options, const World& world) {
  auto settled = settle_options(given, options.config, world);
  if (!settled) return fail(world, kUsage, settled.error());
  const GlobalOptions& global = settled->global;
  NetworkSide network(world, global.db);
  auto plan = settled->config ? plan_of_config(*settled->config, options, network) : plan_of_paths(options);
  if (!plan) return fail(world, kUsage, plan.error());

  auto collector = collector_of(*settled, options);
  if (!collector) return fail(world, kUsage, collector.error());

  auto opened = open_to_write(*settled);
  if (!opened) return fail(world, kStorage, opened.error());
  Inventory& inventory = opened->inventory;
  auto classification = prepare_classification(inventory, *settled, options.config, world.now());
  if (!classification) return fail(world, kStorage, classification.error());

  std::optional<Sealer> sealer;
  if (auto ready = prepare_sealer(inventory, *collector, sealer, world.now()); !ready) {
    return fail(world, kStorage, ready.error());
  }

  const Fingerprinter fingerprinter(opened->key);
  Sweep sweep(world, fingerprinter, sealer ? &*sealer : nullptr, *classification, inventory, network);
  if (auto swept = sweep.run(*plan, options.resume); !swept) return fail(world, kStorage, swept.error());
  auto found = print_sweep(inventory, sweep, global, options, classification->policy(), world);
  if (!found) return fail(world, kStorage, found.error());
  // The table says it itself; a program that reads the others must not take half for all.
  if (options.format != ScanFormat::table && sweep.state() == SweepState::interrupted) {
    world.messages.warning(
        "the sweep was interrupted: what was read is kept, nothing was called gone; scan --resume goes on with it");
  } else if (options.format != ScanFormat::table && sweep.state() != SweepState::complete) {
    world.messages.warning(
        "the sweep is incomplete: some places could not be read, and nothing there was called gone; "
        "scan --list-unread names them");
  }
  return exit_code(sweep.state(), *found);
}

int run_rules_test(const RulesTestOptions& options, const World& world) {
  auto detector = load_detector(options.rules);
  if (!detector) return fail(world, kUsage, detector.error());
  auto root = filesystem::resolve_root(options.file.string());
  if (!root) return fail(world, kUsage, std::move(root).error().within(options.file.string()));
  if (!root->is_file)
    return fail(world, kUsage,
                {ErrorKind::misconfigured, options.file.string() + ": not a file; use scan for directories"});

  // Nothing is kept, so nothing has to be recognised again: any key will do.
  const Fingerprinter fingerprinter(InventoryKey::random());
  DescriptorOutput output(STDOUT_FILENO);
  PrintingSink sink(output);
  const Classification classification;
  const Inspection inspection{.detector = *detector,
                              .keys = {fingerprinter},
                              .classification = classification,
                              .root = *root,
                              .host = {},
                              .store = {},
                              .source_name = {},
                              .own_home = {},
                              .deep = true,
                              .sink = sink};
  UserFiles user_files(inspection);
  filesystem::TrackedFiles tracked(root->path);
  filesystem::WalkCounters counters;
  auto walked = filesystem::walk(*root, {.threads = 1}, counters, world.stop,
                                 [&] { return std::make_unique<Inspector>(inspection, user_files, tracked); });
  user_files.finish();
  if (!walked) return fail(world, kIncomplete, walked.error());
  output.write(fmt::format("{} in {}\n", counted(sink.hits(), "hit"), printable(options.file.string())));
  if (auto done = output.finish(); !done) return fail(world, kStorage, done.error());
  return sink.has_gaps() ? kIncomplete : kComplete;
}

}  // namespace tokensweep
