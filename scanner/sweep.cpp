#include "scanner/sweep.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <iterator>
#include <thread>

#include "base/text.hpp"
#include "scanner/figures.hpp"
#include "scanner/inspector.hpp"

namespace tokensweep {
namespace {

constexpr std::chrono::milliseconds kPatience{100};
constexpr std::chrono::seconds kBetweenCommits{1};

std::string host_name() {
  std::array<char, 256> name{};
  if (gethostname(name.data(), name.size() - 1) != 0 || name[0] == 0) return "localhost";
  return name.data();
}

Scope scope_of(const std::string& source, const std::string& host, const std::string& path,
               const std::string& directory) {
  return {.source = "filesystem",
          .name = source,
          .store = host + ":" + directory,
          .realm = "filesystem:" + host,
          .prefix = path};
}

/// What a sweep covers and how, in words that are equal for equal plans: only the same plan can be resumed.
std::string plan_of(const std::vector<SweepJob>& jobs) {
  std::string plan;
  for (const SweepJob& job : jobs) {
    plan += fmt::format("{}:{} deep={} cross={}\n", job.name.size(), job.name, job.options.deep,
                        job.options.cross_file_systems);
    for (const filesystem::Root& root : job.roots) plan += fmt::format(" {}:{}\n", root.path.size(), root.path);
    for (const std::string& glob : job.options.exclude) plan += fmt::format(" -{}:{}\n", glob.size(), glob);
  }
  return plan;
}

/// The rules of all jobs: a sweep of one source has the digest of its rules.
std::string digest_of(const std::vector<SweepJob>& jobs) {
  std::string digest;
  for (const SweepJob& job : jobs) {
    const std::string& one = job.detector->rules.digest();
    if (digest.find(one) == std::string::npos) digest.append(digest.empty() ? "" : "+").append(one);
  }
  return digest;
}

}  // namespace

Result<> Sweep::run(const std::vector<SweepJob>& jobs, bool resume) {
  started_ = std::chrono::steady_clock::now();
  TRY_VOID(begin(jobs, resume));
  for (const SweepJob& job : jobs) {
    for (const auto& [path, reason] : job.missing) TRY_VOID(give_up(job, path, reason));
    for (const filesystem::Root& root : job.roots) {
      if (!world_.stop.load()) TRY_VOID(sweep(job, root));
    }
  }
  const bool interrupted = world_.stop.load();
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

Result<> Sweep::begin(const std::vector<SweepJob>& jobs, bool resume) {
  const std::string digest = digest_of(jobs);
  const std::string plan = plan_of(jobs);
  if (resume) {
    TRY(const auto resumed, inventory_.resume_sweep(digest, plan));
    if (resumed) {
      id_ = *resumed;
      return {};
    }
    world_.messages.info("nothing to resume: the last sweep ended, or covered something else; a new one begins");
  }
  TRY(id_, inventory_.begin_sweep(world_.now(), tokensweep_version(), digest, plan));
  return {};
}

SweepFacts Sweep::facts(const GlobalOptions& global) const {
  return {.state = state_,
          .files_seen = files_seen_,
          .files_read = files_read_,
          .took = took_,
          .inventory = global.db.string(),
          .default_inventory = global.default_db};
}

Result<> Sweep::sweep(const SweepJob& job, const filesystem::Root& root) {
  const std::string host = host_name();
  const std::string directory = root.is_file ? std::filesystem::path(root.path).parent_path().string() : root.path;
  const Scope scope = scope_of(job.name, host, root.path, directory);
  TRY(const bool done, inventory_.is_complete(id_, scope));
  if (done) return {};
  TRY(const ScopeId scope_id, inventory_.open_scope(id_, scope));

  HitQueue queue;
  const Inspection inspection{.detector = *job.detector,
                              .fingerprinter = fingerprinter_,
                              .classification = classification_,
                              .root = root,
                              .host = host,
                              .store = scope.store,
                              .source_name = job.name,
                              .own_home = own_home(),
                              .deep = job.options.deep,
                              .sink = queue};
  UserFiles user_files(inspection);
  filesystem::TrackedFiles tracked(root.path);
  filesystem::WalkCounters counters;
  std::atomic<bool> stop_walk{false};
  const filesystem::WalkOptions walk_options{.threads = job.options.threads,
                                             .cross_file_systems = job.options.cross_file_systems,
                                             .exclude = job.options.exclude};
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
  return close(scope_id, job, root, counters, walked);
}

/// A source whose path is not there costs the others nothing: its scope says why, and the sweep is incomplete.
Result<> Sweep::give_up(const SweepJob& job, const std::string& path, const std::string& reason) {
  world_.messages.error(fmt::format("{}: {}", job.name, reason));
  const std::string absolute = std::filesystem::absolute(path).lexically_normal().string();
  TRY(const ScopeId scope, inventory_.open_scope(id_, scope_of(job.name, host_name(), absolute, absolute)));
  state_ = SweepState::incomplete;
  return inventory_.close_scope(id_, scope, {.state = ScopeState::failed, .reason = reason, .covers = {}},
                                world_.now());
}

/// $HOME as the paths below a root are spelled: without links.
std::string Sweep::own_home() const {
  const std::string home = world_.environment("HOME").value_or("");
  const auto resolved = home.empty() ? Result<filesystem::Root>(Error{}) : filesystem::resolve_root(home);
  return resolved ? resolved->path : home;
}

Result<> Sweep::write_all(HitQueue& queue, ScopeId scope, const filesystem::WalkCounters& counters,
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

Result<> Sweep::close(ScopeId scope, const SweepJob& job, const filesystem::Root& root,
                      const filesystem::WalkCounters& counters, const Result<>& walked) {
  ScopeEnd end{.deep = job.options.deep,
               .files_seen = counters.files,
               .files_read = counters.files_read,
               .bytes_read = counters.bytes_read};
  if (!job.options.exclude.empty()) {
    end.covers = [&job, &root](std::string_view place) {
      const std::size_t root_size = root.path == "/" ? 1 : root.path.size() + 1;
      return place.size() < root_size ||
             !filesystem::is_excluded(job.options.exclude, std::string(place.substr(root_size)));
    };
  }
  for (const Rule& rule : job.detector->rules.rules()) end.rules.push_back(rule.id);
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
  TRY_VOID(inventory_.close_scope(id_, scope, end, world_.now()));
  // On disk before the next root begins: what was finished is not read again after a kill.
  return inventory_.commit();
}

}  // namespace tokensweep
