#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "db/inventory.hpp"
#include "scanner/sweep_event.hpp"

namespace tokensweep {

/// Brings the events of a sweep into its inventory, in their order: the only writer.
class SweepWriter {
 public:
  struct Account {
    std::uint64_t hits = 0;
    std::uint64_t scopes = 0;  ///< that ended
    std::uint64_t files_seen = 0;
    std::uint64_t files_read = 0;
    bool incomplete = false;   ///< some scope is neither complete nor skipped
    std::uint64_t unread = 0;  ///< scopes of services that were denied or failed
    std::vector<std::pair<std::string, std::string>> unread_examples;  ///< their stores, and why; the first ones
  };

  using OnFailure = std::function<void(const Scope& scope, const ScopeEnd& end)>;

  /// `now` is asked for each write. `on_failure` hears of each scope that was denied or failed.
  SweepWriter(Inventory& inventory, SweepId sweep, std::function<Time()> now, OnFailure on_failure)
      : inventory_(inventory), sweep_(sweep), now_(std::move(now)), on_failure_(std::move(on_failure)) {}

  /// Takes what a source told. Hits and gaps reach the inventory with their scope's end, in batches, or a second later;
  /// so does what was read whole, after them: a scope that is complete by then is never said to be read in part.
  Result<> take(std::vector<SweepEvent> events);

  [[nodiscard]] const Account& account() const { return account_; }
  /// Scopes that this writer has seen the end of.
  [[nodiscard]] bool has_ended(const Scope& scope) const;

 private:
  struct OpenScope {
    Scope scope;
    ScopeId id = 0;
    std::vector<Hit> hits;
    std::vector<Gap> gaps;
    std::vector<TreeRead> trees;
    PlaceVersions versions;
    bool missed = false;
    std::chrono::steady_clock::time_point began;
    std::chrono::steady_clock::time_point written;
  };

  Result<> take(std::uint32_t number, Scope scope);
  Result<> take(std::uint32_t number, Hit hit);
  Result<> take(std::uint32_t number, Gap gap);
  Result<> take(std::uint32_t number, std::vector<TreeRead> trees);
  Result<> take(std::uint32_t number, PlaceVersions versions);
  Result<> take(std::uint32_t number, ScopeEnd end);
  Result<> flush(OpenScope& scope);
  Result<> keep_versions(const OpenScope& scope, bool is_whole);

  Inventory& inventory_;
  SweepId sweep_;
  std::function<Time()> now_;
  OnFailure on_failure_;
  std::unordered_map<std::uint32_t, OpenScope> open_;
  std::unordered_set<std::string> ended_;
  Account account_;
};

/// One text for a scope, equal for equal scopes alone.
std::string key_of(const Scope& scope);

}  // namespace tokensweep
