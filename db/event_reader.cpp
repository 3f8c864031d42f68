#include "db/event_reader.hpp"

#include <fmt/core.h>

#include "db/hit_row.hpp"

namespace tokensweep {
namespace {

// What came has no row of its own: it is told by the hit, unless another event says what it came instead of.
constexpr std::string_view kSelect =
    "SELECT * FROM ("
    "SELECT coalesce(event.sweep, 0) AS sweep, event.at AS at, event.kind AS kind, event.hit AS hit, "
    "event.old_hit AS old_hit, event.class AS class, event.old_class AS old_class, event.flags AS flags, "
    "event.old_flags AS old_flags, event.id AS number FROM event WHERE event.at >= ?2 AND (?1 IS NULL OR "
    "event.sweep > ?1 OR (event.sweep IS NULL AND event.at >= (SELECT finished_at FROM sweep WHERE id = ?1))) "
    "UNION ALL "
    "SELECT first_sweep, first_seen, 'came', row, NULL, NULL, NULL, NULL, NULL, row FROM hit "
    "WHERE first_seen >= ?2 AND (?1 IS NULL OR first_sweep > ?1) AND NOT EXISTS (SELECT 1 FROM event "
    "WHERE event.sweep = hit.first_sweep AND event.hit = hit.row AND event.old_hit IS NOT NULL)) "
    "ORDER BY at, sweep, kind, number";
constexpr std::string_view kSelectHit =
    "SELECT hit.id, source.connector, source.name, scope.store, hit.locator, hit.name, token.fingerprint, hit.preview, "
    "hit.class, hit.flags, coalesce(token.reason, hit.reason) FROM hit "
    "JOIN scope ON scope.id = hit.scope JOIN source ON source.id = scope.source "
    "LEFT JOIN token ON token.id = hit.token WHERE hit.row = ?1";

constexpr std::pair<std::string_view, EventKind> kKinds[] = {{"came", EventKind::came},
                                                             {"returned", EventKind::returned},
                                                             {"went", EventKind::went},
                                                             {"value_changed", EventKind::value_changed},
                                                             {"moved", EventKind::moved},
                                                             {"class_changed", EventKind::class_changed},
                                                             {"flags_changed", EventKind::flags_changed}};

bool refill(EventKind& kind, std::string_view name) {
  for (const auto& [word, value] : kKinds) {
    if (word == name) return kind = value, true;
  }
  return false;
}

ScopeFlags flags_of(const sqlite::Statement& row, int column) {
  return ScopeFlags(static_cast<std::uint64_t>(row.integer(column)));
}

bool fill_hit(EventRow& event, const sqlite::Statement& hit) {
  event.id = hit.text(0);
  event.source = hit.text(1);
  event.source_name = hit.text(2);
  event.store = hit.text(3);
  event.locator = hit.text(4);
  event.name = hit.text(5);
  event.token = token_id_or_null(hit, 6);
  refill_text(event.preview, hit, 7);
  event.klass = parse_class(hit.text(8));
  event.flags = flags_of(hit, 9);
  event.reason = hit.text(10);
  return event.klass.has_value();
}

}  // namespace

Result<> read_events(sqlite::Database& database, const EventQuery& query,
                     const std::function<bool(const EventRow&)>& each) {
  TRY(const Snapshot snapshot, Snapshot::take(database));
  TRY(auto rows, database.prepare("read the events", kSelect));
  TRY(auto hit, database.prepare("read a hit", kSelectHit));
  rows.bind(query.after_sweep).bind(query.since.value_or(Time::min()));
  for (;;) {
    TRY(const bool more, rows.step());
    if (!more) return {};
    EventRow event;
    event.sweep = rows.integer(0);
    event.at = rows.time(1);
    if (!refill(event.kind, rows.text(2))) return strange_row();
    TRY(const bool found, hit.reset().bind(rows.integer(3)).step());
    if (!found || !fill_hit(event, hit)) return strange_row();
    if (!rows.is_null(4)) {
      TRY(const bool old, hit.reset().bind(rows.integer(4)).step());
      if (!old) return strange_row();
      event.old_store = hit.text(3);
      event.old_locator = hit.text(4);
      event.old_token = token_id_or_null(hit, 6);
      refill_text(event.old_preview, hit, 7);
    }
    if (!rows.is_null(5)) event.klass = parse_class(rows.text(5));
    event.old_class = parse_class(rows.text(6));
    if (!rows.is_null(7)) event.flags = flags_of(rows, 7);
    event.old_flags = rows.is_null(8) ? event.flags : flags_of(rows, 8);
    if (!each(event)) return {};
  }
}

}  // namespace tokensweep
