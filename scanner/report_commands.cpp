#include "scanner/report_commands.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "base/text.hpp"
#include "db/event.hpp"
#include "report/events.hpp"
#include "report/html.hpp"
#include "report/metrics.hpp"
#include "report/output.hpp"
#include "report/summary.hpp"
#include "scanner/classification.hpp"
#include "scanner/endings.hpp"
#include "scanner/figures.hpp"
#include "scanner/inventory_access.hpp"

namespace tokensweep {
namespace {

/// What the last sweep changed, unless something else is asked for.
Result<EventQuery> query_of(const Inventory& inventory, const DiffOptions& options, EventsHead& head) {
  TRY(const auto sweeps, inventory.sweeps());
  EventQuery query{.after_sweep = options.after_sweep, .since = options.since};
  if (!query.after_sweep && !query.since && !sweeps.empty()) query.after_sweep = sweeps.back().id - 1;
  head.since = query.since.value_or(Time{});
  for (const SweepInfo& sweep : sweeps) {
    if (query.after_sweep && sweep.id <= *query.after_sweep) head.since = sweep.finished_at.value_or(sweep.started_at);
  }
  const bool unknown =
      options.after_sweep && *options.after_sweep > 0 && (sweeps.empty() || sweeps.back().id < *options.after_sweep);
  if (unknown) return Error{ErrorKind::misconfigured, "--since: there is no sweep of that number"};
  return query;
}

std::unique_ptr<EventWriter> writer_of(DiffFormat format, const World& world, Output& output) {
  if (format == DiffFormat::json) return std::make_unique<EventJsonWriter>(output);
  if (format == DiffFormat::jsonl) return std::make_unique<EventLinesWriter>(output);
  return std::make_unique<EventTable>(EventTable::Options{.terminal = terminal_of(STDOUT_FILENO, world.environment)},
                                      output);
}

/// What a report is made of, besides the rows.
struct ReportFacts {
  Policy policy;
  Figures now;
  std::vector<Figures> series;
  std::vector<SweepInfo> sweeps;
  std::vector<CoverageRow> coverage;
};

Result<ReportFacts> gather(const Inventory& inventory, Time now) {
  ReportFacts facts;
  TRY(const Classification classification, Classification::of(inventory, std::nullopt, now));
  facts.policy = classification.policy();
  TRY(facts.sweeps, inventory.sweeps());
  const SweepId last = facts.sweeps.empty() ? 0 : facts.sweeps.back().id;
  TRY(facts.coverage, coverage_of(inventory, last));
  TRY(facts.series, kept_figures(inventory));
  TRY(facts.now, count_figures(inventory, facts.policy, last, now));
  return facts;
}

template <class Each>
Result<> for_each_row(const Inventory& inventory, const ReportFacts& facts, const HitQuery& query, Time now,
                      const Each& each) {
  const auto compute = [&](const HitRow& row) { return each(make_row(row, now, facts.policy)); };
  TRY_VOID(inventory.for_each_hit(query, compute));
  return inventory.for_each_unfound(compute);
}

Result<> write_page(const Inventory& inventory, const ReportFacts& facts, const GlobalOptions& global,
                    const std::filesystem::path& file, Time now) {
  TRY(const auto output, FileOutput::create(file));
  const std::string name = global.db.string();
  HtmlReport page(*output, {.generated_at = now,
                            .now = facts.now,
                            .series = facts.series,
                            .sweeps = facts.sweeps,
                            .coverage = facts.coverage,
                            .inventory = name,
                            .policy = facts.policy});
  TRY_VOID(for_each_row(inventory, facts, {.state = std::nullopt}, now, [&](const ExportRow& row) {
    page.row(row);
    return !output->failed();
  }));
  page.end();
  return output->finish();
}

Result<> write_figures(const ReportFacts& facts, const std::filesystem::path& file) {
  TRY(const auto output, FileOutput::create(file, FileOutput::Readers::everybody));
  write_metrics({.figures = facts.now, .sweeps = facts.sweeps, .coverage = facts.coverage}, *output);
  return output->finish();
}

Result<> print_summary(const Inventory& inventory, const ReportFacts& facts, const GlobalOptions& global,
                       const World& world, Time now) {
  DescriptorOutput output(STDOUT_FILENO);
  Summary summary({.terminal = terminal_of(STDOUT_FILENO, world.environment), .now = now}, output);
  TRY_VOID(for_each_row(inventory, facts, {.evidence = true}, now, [&](const ExportRow& row) {
    summary.row(row);
    return !output.failed();
  }));
  summary.end({.now = facts.now,
               .series = facts.series,
               .sweeps = facts.sweeps,
               .coverage = facts.coverage,
               .inventory = global.db.string(),
               .default_inventory = global.default_db});
  return output.finish();
}

/// What is known of how a masked value ends. `known` is filled when it is needed first.
Result<std::optional<Link>> ending_link(const Inventory& inventory, const GlobalOptions& global, const Hit& hit,
                                        std::optional<KnownEndings>& known) {
  const bool has_ending = std::any_of(hit.evidence.begin(), hit.evidence.end(),
                                      [](const Evidence& one) { return one.kind == EvidenceKind::ending; });
  if (!has_ending) return std::optional<Link>();
  if (!known) {
    auto key = InventoryKey::load(key_file_of(global.db));
    if (!key)
      return std::optional<Link>({LinkKind::ending, "its last characters cannot be compared without the key", {}});
    TRY(known, KnownEndings::of(inventory, Fingerprinter(*key)));
  }
  return known->link_for(hit);
}

void explain(const HitRow& row, const Verdict& verdict, Output& output) {
  output.write(fmt::format("{}  {} {}\n  class {}, {}: {}\n", printable(row.hit.id), printable(row.hit.store),
                           printable(row.hit.locator), to_string(row.hit.klass), to_string(row.hit.confidence),
                           printable(row.hit.reason, kNoCap)));
  for (const Link& link : verdict.chain) {
    output.write(fmt::format("  {} {:<9} {}{}\n", link.decided ? "*" : " ", to_string(link.kind), printable(link.what),
                             link.from.empty() ? "" : fmt::format(" ({})", printable(link.from))));
  }
  output.write("\n");
}

}  // namespace

int run_diff(const GlobalOptions& global, const DiffOptions& options, const World& world) {
  auto inventory = open_to_read(global);
  if (!inventory) return fail(world, kStorage, inventory.error());
  EventsHead head{.since = {}, .until = world.now()};
  auto query = query_of(*inventory, options, head);
  if (!query) return fail(world, query.error());
  DescriptorOutput output(STDOUT_FILENO);
  const auto writer = writer_of(options.format, world, output);
  writer->begin(head);
  auto read = inventory->for_each_event(*query, [&](const EventRow& event) {
    writer->event(event);
    return !output.failed();
  });
  if (!read) return fail(world, kStorage, read.error());
  writer->end();
  auto done = output.finish();
  return done ? static_cast<int>(kComplete) : fail(world, kStorage, done.error());
}

int run_report(const GlobalOptions& global, const ReportOptions& options, const World& world) {
  auto inventory = open_to_read(global);
  if (!inventory) return fail(world, kStorage, inventory.error());
  const Time now = world.now();
  auto facts = gather(*inventory, now);
  if (!facts) return fail(world, kStorage, facts.error());
  if (!options.html.empty()) {
    auto done = write_page(*inventory, *facts, global, options.html, now);
    if (!done) return fail(world, done.error());
  }
  if (!options.metrics.empty()) {
    auto done = write_figures(*facts, options.metrics);
    if (!done) return fail(world, done.error());
  }
  if (!options.html.empty() || !options.metrics.empty()) return kComplete;
  auto done = print_summary(*inventory, *facts, global, world, now);
  return done ? static_cast<int>(kComplete) : fail(world, kStorage, done.error());
}

int run_classify(const GlobalOptions& global, const ClassifyOptions& options, const World& world) {
  auto inventory = open_to_read(global);
  if (!inventory) return fail(world, kStorage, inventory.error());
  auto classification = Classification::of(*inventory, std::nullopt, world.now());
  if (!classification) return fail(world, kStorage, classification.error());
  DescriptorOutput output(STDOUT_FILENO);
  std::size_t places = 0;
  std::optional<Error> wrong;
  std::optional<KnownEndings> endings;
  HitQuery query{.state = std::nullopt, .evidence = true};
  (options.id.starts_with('t') ? query.token : query.id) = options.id;
  auto read = inventory->for_each_hit(query, [&](const HitRow& row) {
    if (row.hit.id != options.id && row.token != options.id) return true;  // the beginning of an id is none
    std::vector<RegistryToken> listed;
    if (row.hit.fingerprint) {
      auto fitting = inventory->listed_for(*row.hit.fingerprint);
      if (!fitting) return wrong = fitting.error(), false;
      listed = std::move(*fitting);
    }
    ++places;
    Verdict verdict = classification->explain(row, listed);
    auto ending = ending_link(*inventory, global, row.hit, endings);
    if (!ending) return wrong = ending.error(), false;
    if (*ending) verdict.chain.push_back(*std::move(*ending));
    explain(row, verdict, output);
    return !output.failed();
  });
  if (!read) return fail(world, kStorage, read.error());
  if (wrong) return fail(world, kStorage, *wrong);
  if (places == 0) {
    return fail(world, kUsage,
                {ErrorKind::misconfigured,
                 "--explain: no hit and no token of that id; `tokensweep export --format csv` lists them"});
  }
  auto done = output.finish();
  return done ? static_cast<int>(kComplete) : fail(world, kStorage, done.error());
}

}  // namespace tokensweep
