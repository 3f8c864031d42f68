#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "db/inventory.hpp"
#include "identity/fingerprint.hpp"
#include "identity/sealing.hpp"
#include "report/table.hpp"
#include "scanner/classification.hpp"
#include "scanner/filesystem_sources.hpp"
#include "scanner/network_side.hpp"
#include "scanner/network_sources.hpp"
#include "scanner/sweep_writer.hpp"
#include "scanner/world.hpp"

namespace tokensweep {

/// What a sweep covers.
struct SweepPlan {
  std::vector<FilesystemJob> filesystem;
  std::vector<NetworkJob> network;
};

/// One sweep: its inventory, its sources, all of them at once, and the account of it.
class Sweep {
 public:
  /// Everything is borrowed, and has to outlive the sweep. `sealer` is null where nobody collects.
  Sweep(const World& world, const Fingerprinter& fingerprinter, Sealer* sealer, const Classification& classification,
        Inventory& inventory, NetworkSide& network)
      : world_(world),
        fingerprinter_(fingerprinter),
        sealer_(sealer),
        classification_(classification),
        inventory_(inventory),
        network_(network) {}

  /// Sweeps what is planned; with `resume` only what the last sweep, if it was interrupted and had the same plan, did
  /// not finish. Ends with every class concluded and the figures kept, unless it is interrupted.
  Result<> run(const SweepPlan& plan, bool resume);

  [[nodiscard]] SweepId id() const { return id_; }
  [[nodiscard]] SweepState state() const { return state_; }
  [[nodiscard]] SweepFacts facts(const GlobalOptions& global) const;

 private:
  Result<> begin(const SweepPlan& plan, bool resume);
  Result<> sweep(const SweepPlan& plan);
  Result<> leave_unreached(const NetworkJob& job, const Error& error, SweepWriter& writer);
  Result<> end();

  const World& world_;
  const Fingerprinter& fingerprinter_;
  Sealer* sealer_;
  const Classification& classification_;
  Inventory& inventory_;
  NetworkSide& network_;
  SweepId id_ = 0;
  SweepState state_ = SweepState::complete;
  SweepWriter::Account account_;
  std::uint64_t requests_ = 0;
  std::uint64_t directories_before_ = 0;
  std::chrono::steady_clock::time_point started_;
  std::chrono::milliseconds took_{0};
};

}  // namespace tokensweep
