#include "db/settle_classes.hpp"

#include <string>
#include <vector>

#include "db/hit_reader.hpp"
#include "db/hit_row.hpp"
#include "db/lists.hpp"

namespace tokensweep {
namespace {

using sqlite::Database;
using sqlite::Statement;

// A token that is held in more places is concluded from the strictest of them.
constexpr std::int64_t kMostPlaces = 1000;

/// A token as its index entries show it.
struct Unsettled {
  std::int64_t id = 0;
  std::string kind;
  std::string preview;
  std::int64_t places_before = 0;
  bool concluded = false;  ///< it has a verdict of its own
  std::int64_t places = 0;
  bool places_agree = true;
  bool own_in_force = true;  ///< in each place its own class and flags are in force
};

Result<std::vector<Unsettled>> find_unsettled(Database& database, std::int64_t after, std::int64_t most) {
  TRY(auto rows,
      database.prepare("find the tokens that changed",
                       "SELECT token.id, token.kind, coalesce(token.preview, ''), token.places, "
                       "token.class IS NOT NULL, count(hit.token), min(hit.own_class) IS max(hit.own_class), "
                       "coalesce(max(hit.class <> hit.own_class OR hit.flags <> hit.own_flags), 0) "
                       "FROM (SELECT * FROM token WHERE NOT settled AND id > ?1 ORDER BY id LIMIT ?2) AS token "
                       "LEFT JOIN hit INDEXED BY hit_token ON hit.token = token.id AND hit.token IS NOT NULL AND "
                       "hit.state <> 'gone' GROUP BY token.id ORDER BY token.id"));
  rows.bind(after).bind(most);
  std::vector<Unsettled> all;
  for (;;) {
    TRY(const bool more, rows.step());
    if (!more) return all;
    all.push_back({.id = rows.integer(0),
                   .kind = std::string(rows.text(1)),
                   .preview = std::string(rows.text(2)),
                   .places_before = rows.integer(3),
                   .concluded = rows.integer(4) != 0,
                   .places = rows.integer(5),
                   .places_agree = rows.integer(6) != 0,
                   .own_in_force = rows.integer(7) == 0});
  }
}

void bind_class(Statement& statement, const std::optional<TokenVerdict>& verdict) {
  if (!verdict) {
    statement.bind(std::nullopt).bind(std::nullopt).bind(std::nullopt).bind(std::nullopt).bind(std::int64_t{0});
    return;
  }
  statement.bind(to_string(verdict->klass)).bind(to_string(verdict->confidence)).bind(verdict->reason);
  verdict->rank ? statement.bind(std::int64_t{*verdict->rank}) : statement.bind(std::nullopt);
  statement.bind(static_cast<std::int64_t>(verdict->flags.bits()));
}

/// Brings tokens to their conclusions, one after the other.
class TokenSettler {
 public:
  TokenSettler(Database& database, SweepId sweep, const JudgeToken& judge, Time now)
      : database_(database), sweep_(sweep), judge_(judge), now_(now), listed_(database) {}

  Result<> prepare() {
    TRY(lists_, listed_.any());
    TRY(clear_fits_, database_.prepare("settle a token", "DELETE FROM fit WHERE token = ?1"));
    TRY(write_fit_, database_.prepare("settle a token", "INSERT INTO fit (token, listed) VALUES (?1, ?2)"));
    TRY(update_, database_.prepare("settle a token",
                                   "UPDATE token SET class = ?2, confidence = ?3, reason = ?4, rank = ?5, flags = ?6, "
                                   "places = ?7, settled = 1 WHERE id = ?1"));
    TRY(class_events_,
        database_.prepare("keep an event",
                          "INSERT INTO event (sweep, at, kind, hit, class, old_class) "
                          "SELECT ?2, ?3, 'class_changed', row, coalesce(?4, own_class), class FROM hit "
                          "WHERE token = ?1 AND state <> 'gone' AND class <> coalesce(?4, own_class) "
                          "AND (?2 IS NULL OR (first_sweep <> ?2 AND NOT EXISTS (SELECT 1 FROM event AS told WHERE "
                          "told.sweep = ?2 AND told.hit = hit.row AND told.kind = 'returned')))"));
    TRY(in_force_,
        database_.prepare("settle a token",
                          "UPDATE hit SET class = coalesce(?2, own_class), flags = own_flags | ?3 WHERE token = ?1 "
                          "AND state <> 'gone' AND (class <> coalesce(?2, own_class) OR flags <> own_flags | ?3)"));
    TRY(flag_events_,
        database_.prepare("keep an event",
                          "INSERT INTO event (sweep, at, kind, hit, flags, old_flags) "
                          "SELECT ?2, ?3, 'flags_changed', row, own_flags | ?4, flags FROM hit "
                          "WHERE token = ?1 AND state <> 'gone' AND flags <> own_flags | ?4 "
                          "AND (?2 IS NULL OR (first_sweep <> ?2 AND NOT EXISTS (SELECT 1 FROM event AS "
                          "told WHERE told.sweep = ?2 AND told.hit = hit.row AND told.kind = 'returned')))"));
    TRY(accept_, database_.prepare("settle a token", "UPDATE token SET settled = 1, places = ?2 WHERE id = ?1"));
    return {};
  }

  Result<> settle(const Unsettled& token) {
    std::vector<ListedRow> fitting;
    if (lists_ && token.kind == "npm-token") {
      TRY(fitting, listed_.that_fit(token.preview));
    }
    const bool is_plain = fitting.empty() && token.places_agree && !token.concluded && token.own_in_force;
    if (is_plain) return accept_.reset().bind(token.id).bind(token.places).run();
    TRY_VOID(write_fits(token.id, fitting));
    TRY(const auto verdict, conclude(token, fitting));
    return put_in_force(token, verdict);
  }

 private:
  Result<> write_fits(std::int64_t token, const std::vector<ListedRow>& fitting) {
    if (!lists_) return {};
    TRY_VOID(clear_fits_.reset().bind(token).run());
    for (const ListedRow& one : fitting) TRY_VOID(write_fit_.reset().bind(token).bind(one.id).run());
    return {};
  }

  Result<std::optional<TokenVerdict>> conclude(const Unsettled& token, const std::vector<ListedRow>& fitting) {
    if (fitting.empty() && token.places_agree) return std::optional<TokenVerdict>();
    std::vector<HitRow> hits;
    TRY_VOID(read_own_classes(database_, token.id, kMostPlaces, hits));
    std::vector<RegistryToken> listed;
    for (const ListedRow& one : fitting) listed.push_back(one.token);
    return judge_({.hits = hits, .listed = listed});
  }

  Result<> put_in_force(const Unsettled& token, const std::optional<TokenVerdict>& verdict) {
    const auto flags = verdict ? static_cast<std::int64_t>(verdict->flags.bits()) : std::int64_t{0};
    std::optional<std::string_view> klass;
    if (verdict) klass = to_string(verdict->klass);
    TRY_VOID(bind_event(flag_events_, token.id).bind(flags).run());
    TRY_VOID(bind_event(class_events_, token.id).bind(klass).run());
    TRY_VOID(in_force_.reset().bind(token.id).bind(klass).bind(flags).run());
    bind_class(update_.reset().bind(token.id), verdict);
    return update_.bind(token.places).run();
  }

  Statement& bind_event(Statement& statement, std::int64_t token) {
    statement.reset().bind(token);
    sweep_ == 0 ? statement.bind(std::nullopt) : statement.bind(sweep_);
    return statement.bind(now_);
  }

  Database& database_;
  SweepId sweep_;
  const JudgeToken& judge_;
  Time now_;
  ListedReader listed_;
  bool lists_ = false;
  Statement clear_fits_;
  Statement write_fit_;
  Statement update_;
  Statement class_events_;
  Statement in_force_;
  Statement flag_events_;
  Statement accept_;
};

}  // namespace

Result<std::optional<std::int64_t>> settle_some_tokens(Database& database, SweepId sweep, const JudgeToken& judge,
                                                       Time now, std::int64_t after, std::int64_t most) {
  TRY(const auto unsettled, find_unsettled(database, after, most));
  if (unsettled.empty()) return std::optional<std::int64_t>();
  TokenSettler settler(database, sweep, judge, now);
  TRY_VOID(settler.prepare());
  for (const Unsettled& token : unsettled) TRY_VOID(settler.settle(token));
  return std::optional(unsettled.back().id);
}

Result<std::optional<std::int64_t>> judge_some_hits(Database& database, const JudgeHit& judge, Time now,
                                                    std::int64_t after, std::int64_t most) {
  TRY(auto rows, database.prepare("read the hits",
                                  "SELECT row FROM hit WHERE row > ?1 AND state <> 'gone' ORDER BY row LIMIT ?2"));
  rows.bind(after).bind(most);
  std::vector<std::int64_t> some;
  for (;;) {
    TRY(const bool more, rows.step());
    if (!more) break;
    some.push_back(rows.integer(0));
  }
  if (some.empty()) return std::optional<std::int64_t>();
  TRY(auto update, database.prepare("judge a hit",
                                    "UPDATE hit SET own_class = ?2, confidence = ?3, reason = ?4, rank = ?5, "
                                    "own_flags = ?6, class = iif(token IS NULL, ?2, class), "
                                    "flags = iif(token IS NULL, ?6, flags) WHERE row = ?1"));
  TRY(auto unsettle, database.prepare("judge a hit",
                                      "UPDATE token SET settled = 0 WHERE settled AND id = "
                                      "(SELECT token FROM hit WHERE row = ?1)"));
  TRY(auto event, database.prepare("keep an event",
                                   "INSERT INTO event (at, kind, hit, class, old_class) "
                                   "SELECT ?2, 'class_changed', row, ?3, class FROM hit "
                                   "WHERE row = ?1 AND token IS NULL AND class <> ?3"));
  HitRowReader reader(database, HitRowReader::Classes::own, true);
  HitRow hit;
  for (const std::int64_t row : some) {
    TRY_VOID(reader.read(row, hit));
    const TokenVerdict verdict = judge(hit);
    const bool same = verdict.klass == hit.hit.klass && verdict.confidence == hit.hit.confidence &&
                      verdict.reason == hit.hit.reason && verdict.rank == hit.hit.rank &&
                      verdict.flags == hit.hit.scope;
    if (same) continue;
    TRY_VOID(event.reset().bind(row).bind(now).bind(to_string(verdict.klass)).run());
    update.reset().bind(row).bind(to_string(verdict.klass)).bind(to_string(verdict.confidence)).bind(verdict.reason);
    verdict.rank ? update.bind(std::int64_t{*verdict.rank}) : update.bind(std::nullopt);
    TRY_VOID(update.bind(static_cast<std::int64_t>(verdict.flags.bits())).run());
    TRY_VOID(unsettle.reset().bind(row).run());
  }
  return std::optional(some.back());
}

}  // namespace tokensweep
