#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "db/event.hpp"
#include "report/json_text.hpp"
#include "report/output.hpp"
#include "report/terminal.hpp"

namespace tokensweep {

/// Of which time `diff` tells.
struct EventsHead {
  Time since;
  Time until;
};

/// Writes what changed, event by event: `begin`, any number of `event`, `end`. What went wrong, the Output's `finish`
/// tells.
class EventWriter {
 public:
  virtual ~EventWriter() = default;
  virtual void begin(const EventsHead& head) = 0;
  virtual void event(const EventRow& event) = 0;
  virtual void end() = 0;
};

/// For people: sweep by sweep, and in each the worst first: what became of a stricter class, then by class. One line an
/// event. Events have to come sweep by sweep, in any order within one. Memory is bounded: of each sweep `max_events`
/// are shown, and the others counted.
class EventTable final : public EventWriter {
 public:
  struct Options {
    Terminal terminal;
    std::size_t max_events = 40;
  };

  /// `output` has to outlive the table.
  EventTable(const Options& options, Output& output);
  void begin(const EventsHead& head) override;
  void event(const EventRow& event) override;
  void end() override;

 private:
  void keep_worst();
  void draw_sweep();
  void draw_event(const EventRow& event, std::size_t title_columns);
  void flush();

  Options options_;
  Output& output_;
  Canvas canvas_;
  EventsHead head_;
  std::optional<SweepId> sweep_;  ///< the one whose events are in `events_`
  std::vector<EventRow> events_;
  bool one_store_ = false;                 ///< whether all that are shown of it are in one
  std::uint64_t of_sweep_ = 0;             ///< how many it has
  std::uint64_t sweeps_ = 0;               ///< how many had events
  std::array<std::uint64_t, 7> counts_{};  ///< of all sweeps, by kind
};

/// `{"schema_version":1,"since":…,"until":…,"events":[…]}`, one event a line, in the order in which they come. Every
/// event has the same keys; what it does not know is null, and the old values are those of EventRow.
class EventJsonWriter final : public EventWriter {
 public:
  explicit EventJsonWriter(Output& output) : output_(output), json_(buffer_) {}
  void begin(const EventsHead& head) override;
  void event(const EventRow& event) override;
  void end() override;

 private:
  Output& output_;
  std::string buffer_;
  JsonText json_;
};

/// One event a line, nothing else.
class EventLinesWriter final : public EventWriter {
 public:
  explicit EventLinesWriter(Output& output) : output_(output) {}
  void begin(const EventsHead& head) override;
  void event(const EventRow& event) override;
  void end() override;

 private:
  Output& output_;
  std::string buffer_;
};

}  // namespace tokensweep
