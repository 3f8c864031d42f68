#include "report/events.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "base/text.hpp"
#include "base/time.hpp"
#include "report/table.hpp"

namespace tokensweep {
namespace {

constexpr std::size_t kFlushAt = 64UL << 10;
constexpr std::size_t kClassColumns = 3;
constexpr std::size_t kWhatColumns = 11;
constexpr std::size_t kTitleAtMost = 24;
constexpr std::size_t kIdColumns = 19;
constexpr std::size_t kWideEnoughForIds = 110;
constexpr std::size_t kDetailAtLeast = 12;  // rather than less, the place gets all the room

bool became_stricter(const EventRow& event) {
  return event.kind == EventKind::class_changed && event.klass && event.old_class && *event.klass < *event.old_class;
}

/// Among events of one class: what is new before what is settled.
int urgency(EventKind kind) {
  constexpr int kOrder[] = {0, 1, 6, 5, 2, 4, 3};
  return kOrder[static_cast<std::size_t>(kind)];
}

bool worse(const EventRow& a, const EventRow& b) {
  const auto key = [](const EventRow& event) {
    return std::tuple(!became_stricter(event), event.klass.value_or(Class::D), urgency(event.kind),
                      std::string_view(event.store), std::string_view(event.locator), std::string_view(event.id));
  };
  return key(a) < key(b);
}

std::string_view class_word(std::optional<Class> klass) { return klass ? to_string(*klass) : "-"; }

std::string what_happened(const EventRow& event) {
  switch (event.kind) {
    case EventKind::came:
    case EventKind::moved:
      break;
    case EventKind::returned:
      return "came back";
    case EventKind::went:
      return "gone";
    case EventKind::value_changed:
      return "new value";
    case EventKind::class_changed:
      return fmt::format("{} to {}", class_word(event.old_class), class_word(event.klass));
    case EventKind::flags_changed:
      return "flags";
  }
  return std::string(to_string(event.kind));
}

Tone tone_of(const EventRow& event) {
  if (became_stricter(event)) return Tone::alarm;
  switch (event.kind) {
    case EventKind::came:
    case EventKind::returned:
      return Tone::warning;
    case EventKind::went:
    case EventKind::value_changed:
    case EventKind::class_changed:
      return Tone::good;
    case EventKind::moved:
    case EventKind::flags_changed:
      break;
  }
  return Tone::plain;
}

/// `+world-readable -publish`
std::string difference(ScopeFlags before, ScopeFlags after) {
  std::string words;
  const auto add = [&words](char sign, ScopeFlags flags) {
    for (const std::string_view name : names(flags)) {
      words.append(words.empty() ? "" : " ").append(1, sign).append(name);
    }
  };
  add('+', ScopeFlags(after.bits() & ~before.bits()));
  add('-', ScopeFlags(before.bits() & ~after.bits()));
  return words;
}

std::string place_text(const std::string& store, const std::string& locator) {
  return fmt::format("{}: {}", printable(store), printable(locator));
}

std::string detail_of(const EventRow& event) {
  switch (event.kind) {
    case EventKind::came:
    case EventKind::returned:
      return difference({}, event.flags);
    case EventKind::value_changed:
      return event.old_preview ? "was " + printable(*event.old_preview) : std::string();
    case EventKind::moved:
      return "from " + (event.old_store == event.store ? printable(event.old_locator)
                                                       : place_text(event.old_store, event.old_locator));
    case EventKind::flags_changed:
      return difference(event.old_flags, event.flags);
    case EventKind::class_changed:
      return printable(event.reason);
    case EventKind::went:
      break;
  }
  return {};
}

/// `2 came, 1 gone`; all kinds that there were.
std::string counts_text(const std::array<std::uint64_t, 7>& counts) {
  constexpr std::string_view kWords[] = {
      "came", "came back", "gone", "with a new value", "moved", "of another class", "with other flags"};
  std::string text;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] > 0) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", grouped(counts[i]), kWords[i]);
  }
  return text;
}

Cell class_cell(std::optional<Class> klass) { return klass ? Cell(to_string(*klass)) : Cell(); }

void put_event(JsonText& json, const EventRow& event) {
  const bool value = event.kind == EventKind::value_changed;
  const bool moved = event.kind == EventKind::moved;
  json.begin_object().key("sweep").number(event.sweep).key("at").value(event.at);
  json.key("event").text(to_string(event.kind)).key("id").text(event.id);
  json.key("class").value(class_cell(event.klass)).key("old_class").value(class_cell(event.old_class));
  json.key("source").text(event.source);
  json.key("source_name").text(event.source_name);
  json.key("store").text(event.store).key("locator").text(event.locator);
  json.key("old_store").value(moved ? Cell(std::string_view(event.old_store)) : Cell());
  json.key("old_locator").value(moved ? Cell(std::string_view(event.old_locator)) : Cell());
  json.key("name").text(event.name);
  json.key("token").text_or_null(event.token).key("preview").text_or_null(event.preview);
  json.key("old_token").text_or_null(value ? event.old_token : std::nullopt);
  json.key("old_preview").text_or_null(value ? event.old_preview : std::nullopt);
  json.key("scope").value(event.flags);
  json.key("old_scope").value(event.kind == EventKind::flags_changed ? Cell(event.old_flags) : Cell());
  json.key("reason").text(event.reason).end_object();
}

void write_out(std::string& buffer, Output& output) {
  output.write(buffer);
  buffer.clear();
}

}  // namespace

EventTable::EventTable(const Options& options, Output& output)
    : options_(options), output_(output), canvas_(options.terminal) {}

void EventTable::begin(const EventsHead& head) { head_ = head; }

void EventTable::event(const EventRow& event) {
  if (sweep_ && *sweep_ != event.sweep) draw_sweep();
  sweep_ = event.sweep;
  ++of_sweep_;
  ++counts_[static_cast<std::size_t>(event.kind)];
  events_.push_back(event);
  if (events_.size() >= 2 * options_.max_events + 1) keep_worst();
}

void EventTable::keep_worst() {
  std::sort(events_.begin(), events_.end(), worse);
  if (events_.size() > options_.max_events) events_.resize(options_.max_events);
}

void EventTable::draw_sweep() {
  const std::string at = format_time(events_.front().at);
  keep_worst();
  ++sweeps_;
  canvas_.put(fmt::format("{} {}", at.substr(0, 10), at.substr(11, 5)), Tone::strong);
  canvas_.put(*sweep_ == 0 ? std::string("  import") : fmt::format("  sweep {}", *sweep_), Tone::quiet);
  one_store_ = std::all_of(events_.begin(), events_.end(),
                           [this](const EventRow& event) { return event.store == events_.front().store; });
  if (one_store_) canvas_.put("  " + printable(events_.front().store), Tone::quiet);
  canvas_.line();
  std::size_t columns = 0;
  for (const EventRow& event : events_) columns = std::max(columns, display_width(title_of(event.preview, event.name)));
  for (const EventRow& event : events_) draw_event(event, std::min(columns, kTitleAtMost));
  if (of_sweep_ > events_.size()) {
    const std::string more = counted(of_sweep_ - events_.size(), "more event");
    canvas_.space(kClassColumns).put(fmt::format("… and {}", more), Tone::quiet).line();
  }
  canvas_.line();
  flush();
  events_.clear();
  of_sweep_ = 0;
}

void EventTable::draw_event(const EventRow& event, std::size_t title_columns) {
  const bool ids = canvas_.width() >= kWideEnoughForIds;
  const std::string where = one_store_ ? printable(event.locator) : place_text(event.store, event.locator);
  const std::string detail = detail_of(event);
  const std::size_t room = canvas_.width() - kClassColumns - kWhatColumns - title_columns - 2 - (ids ? kIdColumns : 0);
  const std::size_t wanted = display_width(where) + 2 + display_width(detail);
  std::size_t for_detail = wanted <= room ? display_width(detail) : room - std::min(room, display_width(where) + 2);
  for_detail = detail.empty() ? 0 : std::max(for_detail, room / 3);
  if (for_detail < kDetailAtLeast && wanted > room) for_detail = 0;

  canvas_.left(class_word(event.klass), kClassColumns, event.klass ? tone_of(*event.klass) : Tone::plain);
  canvas_.left(what_happened(event), kWhatColumns, tone_of(event));
  canvas_.left(truncate_middle(title_of(event.preview, event.name), title_columns), title_columns + 2, Tone::strong);
  if (ids) canvas_.left(event.token.value_or("-"), kIdColumns, Tone::quiet);
  canvas_.put(truncate_middle(where, for_detail > 0 ? room - for_detail - 2 : room));
  if (for_detail > 0) canvas_.space(2).put(truncate_middle(detail, for_detail), Tone::quiet);
  canvas_.line();
}

void EventTable::end() {
  if (sweep_) draw_sweep();
  const std::string time = fmt::format("from {} to {}", format_time(head_.since), format_time(head_.until));
  if (!sweep_) {
    canvas_.put("Nothing changed", Tone::good).put(fmt::format(" {}.", time)).line();
  } else {
    put_wrapped(canvas_, fmt::format("{} in {} {}", counts_text(counts_), counted(sweeps_, "sweep"), time), 0);
  }
  flush();
}

void EventTable::flush() { output_.write(canvas_.take()); }

void EventJsonWriter::begin(const EventsHead& head) {
  json_.begin_object().key("schema_version").number(1).key("since").value(head.since).key("until").value(head.until);
  json_.key("events").begin_array();
}

void EventJsonWriter::event(const EventRow& event) {
  put_event(json_.line(), event);
  if (buffer_.size() >= kFlushAt) write_out(buffer_, output_);
}

void EventJsonWriter::end() {
  json_.line().end_array().end_object();
  buffer_.push_back('\n');
  write_out(buffer_, output_);
}

void EventLinesWriter::begin(const EventsHead& /*head: each line stands alone*/) {}

void EventLinesWriter::event(const EventRow& event) {
  JsonText json(buffer_);
  put_event(json, event);
  buffer_.push_back('\n');
  if (buffer_.size() >= kFlushAt) write_out(buffer_, output_);
}

void EventLinesWriter::end() { write_out(buffer_, output_); }

}  // namespace tokensweep
