#include "scanner/sweep.hpp"

#include <fmt/format.h>

#include <exception>
#include <map>
#include <set>
#include <thread>
#include <utility>

#include "scanner/figures.hpp"

namespace tokensweep {
namespace {

constexpr std::chrono::milliseconds kPatience{100};

/// What a sweep covers and how, in words that are equal for equal plans: only the same plan can be resumed.
std::string text_of(const SweepPlan& plan) {
  std::string text;
  for (const FilesystemJob& job : plan.filesystem) {
    text += fmt::format("{}:{} deep={} cross={}\n", job.name.size(), job.name, job.options.deep,
                        job.options.cross_file_systems);
    for (const filesystem::Root& root : job.roots) text += fmt::format(" {}:{}\n", root.path.size(), root.path);
    for (const std::string& glob : job.options.exclude) text += fmt::format(" -{}:{}\n", glob.size(), glob);
  }
  for (const NetworkJob& job : plan.network) {
    text += fmt::format("{}:{} {} {}\n", job.name.size(), job.name, job.type, job.settings);
  }
  return text;
}

/// The rules of all sources: a sweep of one has the digest of its rules.
std::string digest_of(const SweepPlan& plan) {
  std::string digest;
  const auto add = [&digest](const Detector& detector) {
    const std::string& one = detector.rules.digest();
    if (digest.find(one) == std::string::npos) digest.append(digest.empty() ? "" : "+").append(one);
  };
  for (const FilesystemJob& job : plan.filesystem) add(*job.detector);
  for (const NetworkJob& job : plan.network) add(*job.detector);
  return digest;
}

/// What progress is drawn of: the one root or source, or how many sources.
std::string what_is_swept(const SweepPlan& plan) {
  if (plan.network.empty() && plan.filesystem.size() == 1 && plan.filesystem.front().roots.size() == 1) {
    return plan.filesystem.front().roots.front().path;
  }
  const std::size_t sources = plan.filesystem.size() + plan.network.size();
  if (sources > 1) return fmt::format("{} sources", sources);
  return plan.network.empty() ? plan.filesystem.front().name : plan.network.front().name;
}

}  // namespace

Result<> Sweep::run(const SweepPlan& plan, bool resume) {
  started_ = std::chrono::steady_clock::now();
  TRY_VOID(begin(plan, resume));
  TRY_VOID(inventory_.conclude_at_once(classification_.judge_token()));
  TRY_VOID(sweep(plan));
  return end();
}

Result<> Sweep::begin(const SweepPlan& plan, bool resume) {
  const std::string digest = digest_of(plan);
  std::string text = text_of(plan);
  // What was read before there was this collector has no box for it, so such a sweep is another one.
  if (sealer_ != nullptr) text += "sealed to " + sealer_->key().id() + "\n";
  if (resume) {
    TRY(const auto resumed, inventory_.resume_sweep(digest, text));
    if (resumed) {
      id_ = *resumed;
      return {};
    }
    world_.messages.info("nothing to resume: the last sweep ended, or covered something else; a new one begins");
  }
  TRY(id_, inventory_.begin_sweep(world_.now(), tokensweep_version(), digest, text));
  return {};
}

Result<> Sweep::sweep(const SweepPlan& plan) {
  std::set<std::string> done;
  TRY_VOID(inventory_.for_each_complete_scope(id_, [&done](const Scope& scope) { done.insert(key_of(scope)); }));
  std::map<std::string, filesystem::TreesRead> read_before;
  TRY_VOID(inventory_.for_each_tree_read([&read_before](const Scope& scope, const std::vector<TreeRead>& trees) {
    read_before.emplace(key_of(scope), trees_below(scope.prefix, trees));
  }));
  VersionMemory versions;
  for (const NetworkJob& job : plan.network) TRY_VOID(versions.load(inventory_, job.type, job.name));
  SweepQueue queue;
  ScopeNumbers numbers{0};
  std::atomic<bool> stop{false};
  const SweepContext context{.keys = {fingerprinter_, sealer_},
                             .classification = classification_,
                             .done = done,
                             .read_before = read_before,
                             .versions = versions,
                             .queue = queue,
                             .numbers = numbers,
                             .stop = stop};
  FilesystemSources directories(context, world_.environment("HOME").value_or(""));
  NetworkSources services(context, network_);
  std::atomic<int> running{2};
  const auto run = [&](auto& sources, const auto& jobs) {
    sources.run(jobs);
    if (--running == 0) queue.close();
  };
  std::jthread walker([&] { run(directories, plan.filesystem); });
  std::jthread crawler([&] { run(services, plan.network); });

  SweepWriter writer(inventory_, id_, world_.now, [this](const Scope& scope, const ScopeEnd& end) {
    if (scope.source != "filesystem") return;  // a service can refuse thousands: the summary counts them
    world_.messages.error(scope.name == scope.source ? end.reason : fmt::format("{}: {}", scope.name, end.reason));
  });
  const std::string swept = what_is_swept(plan);
  Result<> written;
  for (bool last = false; !last && written;) {
    SweepQueue::Batch batch = queue.take(kPatience);
    if (world_.stop.load() && !stop.exchange(true)) services.stop();
    last = batch.last;
    written = writer.take(std::move(batch.items));
    world_.messages.progress(
        {.files = directories.files(), .requests = network_.requests(), .hits = writer.account().hits}, swept);
  }
  if (!written) {
    stop = true;
    services.stop();
    queue.abandon();
  }
  walker.join();
  crawler.join();
  world_.messages.end_progress();
  if (!written) return written;
  for (const auto& [job, error] : services.failures()) TRY_VOID(leave_unreached(*job, error, writer));
  account_ = writer.account();
  requests_ = network_.requests();
  directories_before_ = directories.directories_before();
  return {};
}

/// A source that gave up has scopes that nobody came to: each of them says why, so that nothing there passes for seen.
Result<> Sweep::leave_unreached(const NetworkJob& job, const Error& error, SweepWriter& writer) {
  world_.messages.error(error.what);
  const ScopeEnd how{.state = error.kind == ErrorKind::denied ? ScopeState::denied : ScopeState::failed,
                     .reason = error.what};
  std::vector<Scope> unreached;
  bool any = false;
  TRY_VOID(inventory_.for_each_scope(job.type, job.name, [&](const Scope& scope) {
    any = true;
    if (!writer.has_ended(scope)) unreached.push_back(scope);
  }));
  // Of a source that was never read, one scope stands for all.
  if (!any) {
    unreached.push_back({.source = job.type, .name = job.name, .store = job.name, .realm = "source:" + job.name});
  }
  std::uint32_t number = UINT32_MAX;
  for (Scope& scope : unreached) {
    std::vector<SweepEvent> events;
    events.push_back({number, std::move(scope)});
    events.push_back({number, how});
    TRY_VOID(writer.take(std::move(events)));
    --number;
  }
  return {};
}

Result<> Sweep::end() {
  const bool interrupted = world_.stop.load();
  if (account_.incomplete) state_ = SweepState::incomplete;
  if (interrupted) state_ = SweepState::interrupted;
  TRY_VOID(inventory_.settle_classes(id_, classification_.judge_token(), world_.now()));
  if (!interrupted) {
    TRY(const Figures figures, count_figures(inventory_, classification_.policy(), id_, world_.now()));
    TRY_VOID(keep_figures(inventory_, id_, figures));
  }
  TRY_VOID(inventory_.finish_sweep(id_, state_, world_.now()));
  took_ = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - started_);
  return {};
}

SweepFacts Sweep::facts(const GlobalOptions& global) const {
  return {.state = state_,
          .files_seen = account_.files_seen,
          .files_read = account_.files_read,
          .directories_before = directories_before_,
          .requests = requests_,
          .scopes = account_.scopes,
          .unread_scopes = account_.unread,
          .unread_examples = account_.unread_examples,
          .took = took_,
          .inventory = global.db.string(),
          .default_inventory = global.default_db};
}

}  // namespace tokensweep
