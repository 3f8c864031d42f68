#include "scanner/scan.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <thread>

#include "base/text.hpp"
#include "db/inventory.hpp"
#include "identity/fingerprint.hpp"
#include "report/output.hpp"
#include "report/row.hpp"
#include "report/table.hpp"
#include "rules/rule_file.hpp"
#include "scanner/hit_queue.hpp"
#include "scanner/inspector.hpp"

namespace tokensweep {
namespace {

constexpr std::size_t kLargestRuleFile = std::size_t{4} << 20U;
constexpr std::chrono::milliseconds kPatience{100};
constexpr std::chrono::seconds kBetweenCommits{1};

Result<std::string> read_rule_file(const std::string& path) {
  std::error_code unknown;
  if (std::filesystem::is_directory(path, unknown))
    return Error{ErrorKind::misconfigured, "is a directory, not a rule file"};
  std::ifstream file(path, std::ios::binary);
  if (!file) return Error{ErrorKind::misconfigured, "cannot be opened for reading"};
  std::string text(std::istreambuf_iterator<char>(file), {});
  if (file.bad()) return Error{ErrorKind::misconfigured, "cannot be read"};
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

std::string host_name() {
  std::array<char, 256> name{};
  if (gethostname(name.data(), name.size() - 1) != 0 || name[0] == 0) return "localhost";
  return name.data();
}

/// The roots of a sweep, those inside others left out. An error names the one that is wrong.
Result<std::vector<filesystem::Root>> resolve_roots(const std::vector<std::filesystem::path>& paths) {
  std::vector<filesystem::Root> roots;
  for (const auto& path : paths) {
    auto root = filesystem::resolve_root(path.string());
    if (!root) return std::move(root).error().within("--path " + path.string());
    roots.push_back(std::move(*root));
  }
  std::sort(roots.begin(), roots.end(), [](const auto& a, const auto& b) { return a.path < b.path; });
  std::vector<filesystem::Root> outermost;
  for (filesystem::Root& root : roots) {
    const auto holds = [&root](const filesystem::Root& other) {
      return root.path == other.path || other.path == "/" || root.path.starts_with(other.path + "/");
    };
    if (std::none_of(outermost.begin(), outermost.end(), holds)) outermost.push_back(std::move(root));
  }
  return outermost;
}

/// How the sweep of one root ended.
struct Crawled {
  ScopeEnd end;
  std::uint64_t hits = 0;
};

/// One sweep: its inventory, its roots one after the other, and the account of it.
class Sweep {
 public:
  Sweep(const ScanOptions& options, const World& world, const Detector& detector, const Fingerprinter& fingerprinter,
        const Ranks& ranks, Inventory& inventory)
      : options_(options),
        world_(world),
        detector_(detector),
        fingerprinter_(fingerprinter),
        ranks_(ranks),
        inventory_(inventory) {}

  Result<> run(const std::vector<filesystem::Root>& roots) {
    started_ = std::chrono::steady_clock::now();
    TRY(id_, inventory_.begin_sweep(world_.now(), tokensweep_version(), detector_.rules.digest()));
    for (const filesystem::Root& root : roots) TRY_VOID(sweep(root));
    if (world_.stop.load()) state_ = SweepState::interrupted;
    TRY_VOID(inventory_.finish_sweep(id_, state_, world_.now()));
    took_ = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - started_);
    return {};
  }

  [[nodiscard]] SweepId id() const { return id_; }
  [[nodiscard]] SweepState state() const { return state_; }
  [[nodiscard]] SweepFacts facts(const GlobalOptions& global) const {
    return {.state = state_,
            .files_seen = files_seen_,
            .files_read = files_read_,
            .took = took_,
            .inventory = global.db.string(),
            .default_inventory = global.default_db};
  }

 private:
  Result<> sweep(const filesystem::Root& root) {
    const std::string host = host_name();
    const std::string directory = root.is_file ? std::filesystem::path(root.path).parent_path().string() : root.path;
    const Scope scope{.source = "filesystem",
                      .name = "filesystem",
                      .store = host + ":" + directory,
                      .realm = "filesystem:" + host,
                      .prefix = root.path};
    TRY(const ScopeId scope_id, inventory_.open_scope(id_, scope));

    HitQueue queue;
    const Inspection inspection{.detector = detector_,
                                .fingerprinter = fingerprinter_,
                                .ranks = ranks_,
                                .root = root,
                                .host = host,
                                .store = scope.store,
                                .own_home = own_home(),
                                .deep = options_.deep,
                                .sink = queue};
    UserFiles user_files(inspection);
    filesystem::TrackedFiles tracked(root.path);
    filesystem::WalkCounters counters;
    std::atomic<bool> stop_walk{false};
    const filesystem::WalkOptions walk_options{
        .threads = options_.threads, .cross_file_systems = options_.cross_file_systems, .exclude = options_.exclude};
    Result<> walked;
    std::jthread walker([&] {
      try {
        walked = filesystem::walk(root, walk_options, counters, stop_walk,
                                  [&] { return std::make_unique<Inspector>(inspection, user_files, tracked); });
        user_files.finish();
      } catch (const std::exception& bug) {
        walked = Error{ErrorKind::internal, fmt::format("the walk failed: {}", bug.what())};
      }
      queue.close();
    });
    Result<> written = write_all(queue, scope_id, counters, root, stop_walk);
    if (!written) {
      stop_walk = true;
      queue.abandon();
    }
    walker.join();
    world_.messages.end_progress();
    if (!written) return written;
    return close(scope_id, root, counters, walked);
  }

  /// $HOME as the paths below a root are spelled: without links.
  [[nodiscard]] std::string own_home() const {
    const std::string home = world_.environment("HOME").value_or("");
    const auto resolved = home.empty() ? Result<filesystem::Root>(Error{}) : filesystem::resolve_root(home);
    return resolved ? resolved->path : home;
  }

  Result<> write_all(HitQueue& queue, ScopeId scope, const filesystem::WalkCounters& counters,
                     const filesystem::Root& root, std::atomic<bool>& stop_walk) {
    HitQueue::Batch pending;
    auto committed = std::chrono::steady_clock::now();
    std::uint64_t hits = 0;
    for (bool last = false; !last;) {
      HitQueue::Batch batch = queue.take(kPatience);
      if (world_.stop.load()) stop_walk = true;
      last = batch.last;
      hits += batch.hits.size();
      std::move(batch.hits.begin(), batch.hits.end(), std::back_inserter(pending.hits));
      std::move(batch.gaps.begin(), batch.gaps.end(), std::back_inserter(pending.gaps));
      const auto now = std::chrono::steady_clock::now();
      if (!pending.empty() && (last || pending.size() >= HitQueue::kBatch || now - committed >= kBetweenCommits)) {
        TRY_VOID(inventory_.write(id_, scope, pending.hits, pending.gaps, world_.now()));
        for (const Gap& gap : pending.gaps) missed_ = missed_ || gap.incomplete;
        pending = {};
        committed = now;
      }
      world_.messages.progress(counters.files.load(std::memory_order_relaxed), hits, root.path);
    }
    return {};
  }

  Result<> close(ScopeId scope, const filesystem::Root& root, const filesystem::WalkCounters& counters,
                 const Result<>& walked) {
    ScopeEnd end{.deep = options_.deep,
                 .files_seen = counters.files,
                 .files_read = counters.files_read,
                 .bytes_read = counters.bytes_read};
    if (!options_.exclude.empty()) {
      end.covers = [this, &root](std::string_view place) {
        const std::size_t root_size = root.path == "/" ? 1 : root.path.size() + 1;
        return place.size() < root_size ||
               !filesystem::is_excluded(options_.exclude, std::string(place.substr(root_size)));
      };
    }
    for (const Rule& rule : detector_.rules.rules()) end.rules.push_back(rule.id);
    for (const std::string_view rule : reader_rules()) end.rules.emplace_back(rule);
    if (!walked) {
      end.state = walked.error().kind == ErrorKind::denied ? ScopeState::denied : ScopeState::failed;
      end.reason = walked.error().what;
      world_.messages.error(walked.error().what);
    } else if (world_.stop.load()) {
      end.state = ScopeState::incomplete;
      end.reason = "interrupted";
    } else if (missed_) {
      end.state = ScopeState::incomplete;
      end.reason = "some places could not be read";
    }
    if (end.state != ScopeState::complete) state_ = SweepState::incomplete;
    files_seen_ += end.files_seen;
    files_read_ += end.files_read;
    missed_ = false;
    return inventory_.close_scope(id_, scope, end, world_.now());
  }

  const ScanOptions& options_;
  const World& world_;
  const Detector& detector_;
  const Fingerprinter& fingerprinter_;
  const Ranks& ranks_;
  Inventory& inventory_;
  SweepId id_ = 0;
  SweepState state_ = SweepState::complete;
  bool missed_ = false;
  std::uint64_t files_seen_ = 0;
  std::uint64_t files_read_ = 0;
  std::chrono::steady_clock::time_point started_;
  std::chrono::milliseconds took_{0};
};

/// Prints the sweep's hits in the format that was asked for, and says whether `--fail-on` found one.
Result<bool> print_sweep(const Inventory& inventory, const Sweep& sweep, const GlobalOptions& global,
                         const ScanOptions& options, const World& world) {
  DescriptorOutput output(STDOUT_FILENO);
  SweepTable table({.terminal = terminal_of(STDOUT_FILENO, world.environment), .list_unread = options.list_unread},
                   output);
  std::unique_ptr<RowWriter> writer;
  if (options.format == ScanFormat::json) writer = make_writer(ExportFormat::json, output);
  if (options.format == ScanFormat::jsonl) writer = make_writer(ExportFormat::jsonl, output);
  if (options.format == ScanFormat::csv) writer = make_writer(ExportFormat::csv, output);
  const bool draws = options.format == ScanFormat::table;

  const Time now = world.now();
  const Policy policy;
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

std::filesystem::path key_file_of(const std::filesystem::path& inventory) {
  std::filesystem::path key = inventory;
  key += ".key";
  return key;
}

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

int run_scan(const GlobalOptions& global, const ScanOptions& options, const World& world) {
  const auto fail = [&world](int code, const Error& error) {
    world.messages.error(error.what);
    return code;
  };
  auto roots = resolve_roots(options.paths);
  if (!roots) return fail(kUsage, roots.error());
  auto detector = load_detector(options.rules);
  if (!detector) return fail(kUsage, detector.error());
  const Ranks& ranks = builtin_ranks();

  std::error_code unknown;
  const bool is_new = !std::filesystem::exists(global.db, unknown);
  const auto key_file = key_file_of(global.db);
  auto key = is_new ? InventoryKey::load_or_create(key_file) : InventoryKey::load(key_file);
  if (!key) return fail(kStorage, key.error());
  auto inventory = Inventory::open(global.db, {.access = Inventory::Access::write, .key_id = key->id()});
  if (!inventory) return fail(kStorage, inventory.error());

  const Fingerprinter fingerprinter(*key);
  Sweep sweep(options, world, *detector, fingerprinter, ranks, *inventory);
  if (auto swept = sweep.run(*roots); !swept) return fail(kStorage, swept.error());
  auto found = print_sweep(*inventory, sweep, global, options, world);
  if (!found) return fail(kStorage, found.error());
  // The table says it itself; a program that reads the others must not take half for all.
  if (options.format != ScanFormat::table && sweep.state() == SweepState::interrupted) {
    world.messages.warning("the sweep was interrupted: what was read is kept, nothing was called gone");
  } else if (options.format != ScanFormat::table && sweep.state() != SweepState::complete) {
    world.messages.warning(
        "the sweep is incomplete: some places could not be read, and nothing there was called gone; "
        "scan --list-unread names them");
  }
  return exit_code(sweep.state(), *found);
}

int run_rules_test(const RulesTestOptions& options, const World& world) {
  const auto fail = [&world](int code, const Error& error) {
    world.messages.error(error.what);
    return code;
  };
  auto detector = load_detector(options.rules);
  if (!detector) return fail(kUsage, detector.error());
  auto root = filesystem::resolve_root(options.file.string());
  if (!root) return fail(kUsage, std::move(root).error().within(options.file.string()));
  if (!root->is_file)
    return fail(kUsage, {ErrorKind::misconfigured, options.file.string() + ": not a file; use scan for directories"});

  // Nothing is kept, so nothing has to be recognised again: any key will do.
  const Fingerprinter fingerprinter(InventoryKey::random());
  DescriptorOutput output(STDOUT_FILENO);
  PrintingSink sink(output);
  const Inspection inspection{.detector = *detector,
                              .fingerprinter = fingerprinter,
                              .ranks = builtin_ranks(),
                              .root = *root,
                              .host = {},
                              .store = {},
                              .own_home = {},
                              .deep = true,
                              .sink = sink};
  UserFiles user_files(inspection);
  filesystem::TrackedFiles tracked(root->path);
  filesystem::WalkCounters counters;
  auto walked = filesystem::walk(*root, {.threads = 1}, counters, world.stop,
                                 [&] { return std::make_unique<Inspector>(inspection, user_files, tracked); });
  user_files.finish();
  if (!walked) return fail(kIncomplete, walked.error());
  output.write(fmt::format("{} in {}\n", counted(sink.hits(), "hit"), printable(options.file.string())));
  if (auto done = output.finish(); !done) return fail(kStorage, done.error());
  return sink.has_gaps() ? kIncomplete : kComplete;
}

}  // namespace tokensweep
