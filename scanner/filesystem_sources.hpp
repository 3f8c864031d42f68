#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "connectors/filesystem/walk.hpp"
#include "scanner/classification.hpp"
#include "scanner/inspection.hpp"
#include "scanner/source_types.hpp"
#include "scanner/sweep_event.hpp"
#include "scanner/text_search.hpp"

namespace tokensweep {

/// One source of directories: what is looked at, and how.
struct FilesystemJob {
  std::string name;                                          ///< what `--source`, exports and messages call it
  std::vector<filesystem::Root> roots;                       ///< none inside another
  std::vector<std::pair<std::string, std::string>> missing;  ///< paths that cannot be swept, and why
  FilesystemSource options;
  std::shared_ptr<const Detector> detector;
};

/// What the sources of a sweep share, whatever they are. Everything is borrowed.
struct SweepContext {
  ValueKeys keys;
  const Classification& classification;
  const std::set<std::string>& done;  ///< key_of() the scopes that this sweep has read before it was interrupted
  const std::map<std::string, filesystem::TreesRead>& read_before;  ///< and of others, by key_of(), what of them
  const VersionMemory& versions;                                    ///< what earlier sweeps have read
  SweepQueue& queue;
  ScopeNumbers& numbers;
  const std::atomic<bool>& stop;
};

/// The part of a sweep that walks directories: the roots of its jobs one after the other, each on all cores.
class FilesystemSources {
 public:
  /// `own_home` is $HOME, as the environment has it.
  FilesystemSources(const SweepContext& context, const std::string& own_home);

  /// Walks until all is done or `stop` is set, on the calling thread and those of the walk. What happens, the queue is
  /// told.
  void run(std::span<const FilesystemJob> jobs);

  /// How many files were seen so far; any thread may ask.
  [[nodiscard]] std::uint64_t files() const { return counters_.files.load(std::memory_order_relaxed); }
  /// How many directories were passed over so far, because this sweep had read them before it was interrupted.
  [[nodiscard]] std::uint64_t directories_before() const { return counters_.directories_before.load(); }

 private:
  void sweep(const FilesystemJob& job, const filesystem::Root& root);
  void give_up(const FilesystemJob& job, const std::string& path, const std::string& reason);
  void begin(std::uint32_t number, const Scope& scope) { context_.queue.push({number, scope}); }
  void end(std::uint32_t number, ScopeEnd how) { context_.queue.push({number, std::move(how)}); }

  const SweepContext& context_;
  std::string host_;
  std::string own_home_;
  filesystem::WalkCounters counters_;
};

/// What was read of the directory `prefix` of a scope, by paths relative to it, from the places as the inventory has
/// them.
filesystem::TreesRead trees_below(std::string_view prefix, const std::vector<TreeRead>& trees);

/// The ids of all rules that a sweep with this detector has in force.
std::vector<std::string> rules_in_force(const Detector& detector);

}  // namespace tokensweep
