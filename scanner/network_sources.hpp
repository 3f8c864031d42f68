#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "connectors/connector.hpp"
#include "scanner/filesystem_sources.hpp"
#include "scanner/network_side.hpp"
#include "scanner/sweep_event.hpp"
#include "scanner/text_search.hpp"

namespace tokensweep {

/// One source that is reached over a network.
struct NetworkJob {
  std::string name;      ///< what `--source`, exports and messages call it
  std::string type;      ///< the connector's id
  std::string settings;  ///< Settings::plan_text()
  std::shared_ptr<Connector> connector;
  std::shared_ptr<const Detector> detector;
};

/// The part of a sweep that crawls services: all at once, every socket on one thread, values matched on another.
class NetworkSources {
 public:
  /// `network` is where the connectors' clients live; nobody else runs it meanwhile.
  NetworkSources(const SweepContext& context, NetworkSide& network) : context_(context), network_(network) {}

  /// Crawls until all is done or stop() is called, on the calling thread and one more. What happens, the queue is told.
  void run(std::span<const NetworkJob> jobs);
  /// Ends run() soon, wherever the connectors are. Any thread may call it.
  void stop();

  /// Sources that gave up, and why; once run() has returned.
  [[nodiscard]] const std::vector<std::pair<const NetworkJob*, Error>>& failures() const { return failures_; }

 private:
  /// What connectors tell the matcher, which turns it into events for the writer.
  struct Item {
    std::size_t job = 0;
    ScopeNumber scope = 0;
    std::variant<Scope, Sighting, Gap, PlaceVersions, ScopeEnd> what;
  };
  using ItemQueue = BoundedQueue<Item>;
  class JobSink;

  Task<> crawl(const NetworkJob& job, JobSink& sink);
  void match_all(std::span<const NetworkJob> jobs);

  const SweepContext& context_;
  NetworkSide& network_;
  ItemQueue items_;
  std::vector<std::pair<const NetworkJob*, Error>> failures_;
};

}  // namespace tokensweep
