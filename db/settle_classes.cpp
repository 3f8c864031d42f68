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

/// A place whose class and flags in force are to become others.
struct Differing {
  std::int64_t row = 0;
  bool told = false;  ///< the sweep itself found the place, or it returned in it: that event tells the class as well
  Class klass = Class::D;
  Class old_class = Class::D;
  std::int64_t flags = 0;
  std::int64_t old_flags = 0;
};

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
      : database_(database), sweep_(sweep), judge_(judge), now_(now), listed_(database), places_(database) {}

  Result<> prepare() {
    TRY(lists_, listed_.any());
    TRY(clear_fits_, database_.prepare("settle a token", "DELETE FROM fit WHERE token = ?1"));
    TRY(write_fit_, database_.prepare("settle a token", "INSERT INTO fit (token, listed) VALUES (?1, ?2)"));
    TRY(update_, database_.prepare("settle a token",
                                   "UPDATE token SET class = ?2, confidence = ?3, reason = ?4, rank = ?5, flags = ?6, "
                                   "places = ?7, settled = 1 WHERE id = ?1"));
    TRY(differing_, database_.prepare("settle a token",
                                      "SELECT row, first_sweep, class, coalesce(?2, own_class), flags, own_flags | ?3 "
                                      "FROM hit WHERE token = ?1 AND state <> 'gone' "
                                      "AND (class <> coalesce(?2, own_class) OR flags <> own_flags | ?3)"));
    TRY(returned_, database_.prepare("read the events",
                                     "SELECT 1 FROM event WHERE sweep = ?1 AND hit = ?2 AND kind = 'returned' LIMIT 1"));
    TRY(in_force_, database_.prepare("settle a token", "UPDATE hit SET class = ?2, flags = ?3 WHERE row = ?1"));
    TRY(event_, database_.prepare("keep an event",
                                  "INSERT INTO event (sweep, at, kind, hit, class, old_class, flags, old_flags) "
                                  "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"));
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
    TRY(const auto hits, places_.read(token.id, kMostPlaces));
    std::vector<RegistryToken> listed;
    for (const ListedRow& one : fitting) listed.push_back(one.token);
    return judge_({.hits = hits, .listed = listed});
  }

  Result<> put_in_force(const Unsettled& token, const std::optional<TokenVerdict>& verdict) {
    const auto flags = verdict ? static_cast<std::int64_t>(verdict->flags.bits()) : std::int64_t{0};
    std::optional<std::string_view> klass;
    if (verdict) klass = to_string(verdict->klass);
    TRY_VOID(find_differing(token.id, klass, flags));
    // All of a kind together: the order of a token's events.
    for (const Differing& place : differing_places_) TRY_VOID(note_flags(place));
    for (const Differing& place : differing_places_) TRY_VOID(note_class(place));
    for (const Differing& place : differing_places_) {
      TRY_VOID(in_force_.reset().bind(place.row).bind(to_string(place.klass)).bind(place.flags).run());
    }
    bind_class(update_.reset().bind(token.id), verdict);
    return update_.bind(token.places).run();
  }

  /// First all reading, then all writing: a table that changes under a running query may show a row twice.
  Result<> find_differing(std::int64_t token, std::optional<std::string_view> klass, std::int64_t flags) {
    differing_places_.clear();
    differing_.reset().bind(token).bind(klass).bind(flags);
    for (;;) {
      TRY(const bool more, differing_.step());
      if (!more) break;
      const auto old_class = parse_class(differing_.text(2));
      const auto new_class = parse_class(differing_.text(3));
      if (!old_class || !new_class) return strange_row();
      differing_places_.push_back({.row = differing_.integer(0),
                                   .told = differing_.integer(1) == sweep_,
                                   .klass = *new_class,
                                   .old_class = *old_class,
                                   .flags = differing_.integer(5),
                                   .old_flags = differing_.integer(4)});
    }
    for (Differing& place : differing_places_) {
      if (place.told || sweep_ == 0) continue;
      TRY(const auto returned, returned_.reset().bind(sweep_).bind(place.row).value());
      place.told = returned.has_value();
    }
    return {};
  }

  Result<> note_flags(const Differing& place) {
    if (place.told || place.flags == place.old_flags) return {};
    begin_event("flags_changed", place).bind(std::nullopt).bind(std::nullopt);
    return event_.bind(place.flags).bind(place.old_flags).run();
  }

  Result<> note_class(const Differing& place) {
    if (place.told || place.klass == place.old_class) return {};
    begin_event("class_changed", place).bind(to_string(place.klass)).bind(to_string(place.old_class));
    return event_.bind(std::nullopt).bind(std::nullopt).run();
  }

  Statement& begin_event(std::string_view kind, const Differing& place) {
    event_.reset();
    sweep_ == 0 ? event_.bind(std::nullopt) : event_.bind(sweep_);
    return event_.bind(now_).bind(kind).bind(place.row);
  }

  Database& database_;
  SweepId sweep_;
  const JudgeToken& judge_;
  Time now_;
  ListedReader listed_;
  PlacesReader places_;
  std::vector<Differing> differing_places_;
  bool lists_ = false;
  Statement clear_fits_;
  Statement write_fit_;
  Statement update_;
  Statement differing_;
  Statement returned_;
  Statement in_force_;
  Statement event_;
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
