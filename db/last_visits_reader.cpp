#include "db/last_visits_reader.hpp"

#include <algorithm>
#include <string_view>

#include "db/hit_row.hpp"
#include "db/rule_list.hpp"

namespace tokensweep {
namespace {

// Of a group with one max(), SQLite takes the other columns from the row that has it (lang_select.html, section 3.1).
constexpr std::string_view kVisits =
    "SELECT visit.scope, max(visit.sweep), sweep.rules_digest, source.connector, source.name, scope.store, realm.name, "
    "scope.prefix, visit.state, visit.reason, visit.deep, visit.files_seen, visit.files_read, visit.bytes_read, "
    "coalesce(visit.ended_at, visit.started_at), coalesce(rule_list.rules, '[]') FROM visit "
    "JOIN sweep ON sweep.id = visit.sweep JOIN scope ON scope.id = visit.scope "
    "JOIN source ON source.id = scope.source JOIN realm ON realm.id = scope.realm "
    "LEFT JOIN rule_list ON rule_list.id = visit.rules GROUP BY visit.scope ORDER BY visit.scope";
constexpr std::string_view kGaps =
    "SELECT gap.scope, gap.place, gap.reason, gap.incomplete FROM gap JOIN "
    "(SELECT scope, max(sweep) AS sweep FROM visit GROUP BY scope) AS last "
    "ON last.sweep = gap.sweep AND last.scope = gap.scope ORDER BY gap.id";
constexpr std::string_view kHits = "SELECT row, scope FROM hit WHERE state <> 'gone' ORDER BY realm, place, id";

std::uint64_t count_at(const sqlite::Statement& row, int column) {
  return static_cast<std::uint64_t>(row.integer(column));
}

Result<VisitRow> visit_of(sqlite::Database& database, const sqlite::Statement& row) {
  VisitRow visit{.id = row.integer(0),
                 .sweep = row.integer(1),
                 .rules_digest = std::string(row.text(2)),
                 .scope = {.source = std::string(row.text(3)),
                           .name = std::string(row.text(4)),
                           .store = std::string(row.text(5)),
                           .realm = std::string(row.text(6)),
                           .prefix = std::string(row.text(7))},
                 .end = {.reason = std::string(row.text(9)),
                         .deep = row.integer(10) != 0,
                         .rules = {},
                         .covers = {},
                         .files_seen = count_at(row, 11),
                         .files_read = count_at(row, 12),
                         .bytes_read = count_at(row, 13)},
                 .ended_at = row.time(14)};
  const auto state = parse_scope_state(row.text(8));
  if (!state) return strange_row();
  visit.end.state = *state;
  if (*state == ScopeState::open) {
    visit.end.state = ScopeState::incomplete;
    visit.end.reason = "the sweep did not end";
  }
  TRY(visit.end.rules, read_rule_list(database, row.text(15)));
  return visit;
}

Result<> read_visits(sqlite::Database& database, LastVisitReader& reader) {
  TRY(auto rows, database.prepare("read the visits", kVisits));
  for (;;) {
    TRY(const bool more, rows.step());
    if (!more) return {};
    TRY(const VisitRow visit, visit_of(database, rows));
    reader.visit(visit);
  }
}

Result<> read_gaps(sqlite::Database& database, LastVisitReader& reader) {
  TRY(auto rows, database.prepare("read the gaps", kGaps));
  for (;;) {
    TRY(const bool more, rows.step());
    if (!more) return {};
    reader.gap(
        rows.integer(0),
        {.place = std::string(rows.text(1)), .reason = std::string(rows.text(2)), .incomplete = rows.integer(3) != 0});
  }
}

}  // namespace

Result<> read_last_visits(sqlite::Database& database, LastVisitReader& reader) {
  TRY(const Snapshot snapshot, Snapshot::take(database));
  TRY_VOID(read_visits(database, reader));
  TRY_VOID(read_gaps(database, reader));
  TRY(auto rows, database.prepare("read the hits", kHits));
  HitRowReader hits(database, HitRowReader::Classes::own, true);
  HitRow hit;
  for (;;) {
    TRY(const bool more, rows.step());
    if (!more) return {};
    TRY_VOID(hits.read(rows.integer(0), hit));
    reader.hit(rows.integer(1), hit);
  }
}

Result<std::set<Fingerprint>> read_sealed_tokens(sqlite::Database& database, std::string_view collector_id) {
  TRY(auto rows, database.prepare("read what is sealed",
                                  "SELECT fingerprint FROM token WHERE lower(hex(substr(sealed, 1, 8))) = ?1"));
  rows.bind(collector_id);
  std::set<Fingerprint> all;
  for (;;) {
    TRY(const bool more, rows.step());
    if (!more) return all;
    const auto bytes = rows.blob(0);
    Fingerprint fingerprint{};
    if (bytes.size() != fingerprint.size()) return strange_row();
    std::copy(bytes.begin(), bytes.end(), fingerprint.begin());
    all.insert(fingerprint);
  }
}

}  // namespace tokensweep
