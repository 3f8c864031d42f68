#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "connectors/filesystem/walk.hpp"
#include "db/inventory.hpp"
#include "identity/fingerprint.hpp"
#include "report/table.hpp"
#include "scanner/classification.hpp"
#include "scanner/hit_queue.hpp"
#include "scanner/scan.hpp"
#include "scanner/source_types.hpp"
#include "scanner/text_search.hpp"

namespace tokensweep {

/// One source of a sweep: what is looked at, and how.
struct SweepJob {
  std::string name;                                          ///< what `--source`, exports and messages call it
  std::vector<filesystem::Root> roots;                       ///< none inside another
  std::vector<std::pair<std::string, std::string>> missing;  ///< paths that cannot be swept, and why
  FilesystemSource options;
  std::shared_ptr<const Detector> detector;
};

/// One sweep: its inventory, the roots of its sources one after the other, and the account of it.
class Sweep {
 public:
  /// Everything is borrowed, and has to outlive the sweep.
  Sweep(const World& world, const Fingerprinter& fingerprinter, const Classification& classification,
        Inventory& inventory)
      : world_(world), fingerprinter_(fingerprinter), classification_(classification), inventory_(inventory) {}

  /// Sweeps all of `jobs`; with `resume` only what the last sweep, if it was interrupted and had the same jobs, did not
  /// finish. Ends with every class concluded and the figures kept, unless it is interrupted.
  Result<> run(const std::vector<SweepJob>& jobs, bool resume);

  [[nodiscard]] SweepId id() const { return id_; }
  [[nodiscard]] SweepState state() const { return state_; }
  [[nodiscard]] SweepFacts facts(const GlobalOptions& global) const;

 private:
  Result<> begin(const std::vector<SweepJob>& jobs, bool resume);
  Result<> sweep(const SweepJob& job, const filesystem::Root& root);
  Result<> give_up(const SweepJob& job, const std::string& path, const std::string& reason);
  Result<> write_all(HitQueue& queue, ScopeId scope, const filesystem::WalkCounters& counters,
                     const filesystem::Root& root, std::atomic<bool>& stop_walk);
  Result<> close(ScopeId scope, const SweepJob& job, const filesystem::Root& root,
                 const filesystem::WalkCounters& counters, const Result<>& walked);
  [[nodiscard]] std::string own_home() const;

  const World& world_;
  const Fingerprinter& fingerprinter_;
  const Classification& classification_;
  Inventory& inventory_;
  SweepId id_ = 0;
  SweepState state_ = SweepState::complete;
  bool missed_ = false;
  std::uint64_t files_seen_ = 0;
  std::uint64_t files_read_ = 0;
  std::chrono::steady_clock::time_point started_;
  std::chrono::milliseconds took_{0};
};

}  // namespace tokensweep
