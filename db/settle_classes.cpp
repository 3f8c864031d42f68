#include "db/settle_classes.hpp"

#include <algorithm>
#include <iterator>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "db/hit_row.hpp"
#include "db/lists.hpp"

namespace tokensweep {
namespace {

using sqlite::Database;
using sqlite::Statement;

// So many places are looked at in one call, but for those of its last token.
constexpr std::size_t kPlacesAtOnce = 50'000;

/// One place of a token, as its index entry shows it.
struct Place {
  std::int64_t row = 0;
  Class own_class = Class::D;
  Class klass = Class::D;  ///< in force
  std::int64_t own_flags = 0;
  std::int64_t flags = 0;  ///< in force
};

struct Unsettled {
  std::int64_t id = 0;
  std::string kind;
  std::string preview;
  bool concluded = false;     ///< it has a verdict of its own
  std::vector<Place> places;  ///< not the gone ones; in the order of the index

  [[nodiscard]] bool places_agree() const {
    return std::all_of(places.begin(), places.end(),
                       [this](const Place& one) { return one.own_class == places.front().own_class; });
  }
  [[nodiscard]] bool own_in_force() const {
    return std::all_of(places.begin(), places.end(),
                       [](const Place& one) { return one.klass == one.own_class && one.flags == one.own_flags; });
  }
};

Result<Place> place_of(const Statement& row, int column) {
  const auto own_class = parse_class(row.text(column + 1));
  const auto klass = parse_class(row.text(column + 2));
  if (!own_class || !klass) return strange_row();
  return Place{.row = row.integer(column),
               .own_class = *own_class,
               .klass = *klass,
               .own_flags = row.integer(column + 3),
               .flags = row.integer(column + 4)};
}

Result<std::vector<Unsettled>> find_unsettled(Database& database, std::int64_t after, std::int64_t most) {
  TRY(auto* rows,
      database.prepared("find the tokens that changed",
                        "SELECT token.id, token.kind, coalesce(token.preview, ''), token.class IS NOT NULL, "
                        "hit.row, hit.own_class, hit.class, hit.own_flags, hit.flags "
                        "FROM (SELECT * FROM token WHERE NOT settled AND id > ?1 ORDER BY id LIMIT ?2) AS token "
                        "LEFT JOIN hit INDEXED BY hit_token ON hit.token = token.id AND hit.token IS NOT NULL AND "
                        "hit.state <> 'gone' ORDER BY token.id"));
  rows->bind(after).bind(most);
  std::vector<Unsettled> all;
  for (std::size_t places = 0;; ++places) {
    TRY(const bool more, rows->step());
    const bool is_next = more && (all.empty() || all.back().id != rows->integer(0));
    if (!more || (is_next && places >= kPlacesAtOnce)) break;
    if (is_next) {
      all.push_back({.id = rows->integer(0),
                     .kind = std::string(rows->text(1)),
                     .preview = std::string(rows->text(2)),
                     .concluded = rows->integer(3) != 0,
                     .places = {}});
    }
    if (rows->is_null(4)) continue;
    TRY(const Place place, place_of(*rows, 4));
    all.back().places.push_back(place);
  }
  rows->reset();
  return all;
}

/// A place whose class or flags in force become others.
struct Change {
  const Place& place;
  Class klass = Class::D;
  std::int64_t flags = 0;
};

/// Brings tokens to their conclusions, one after the other.
class TokenSettler {
 public:
  TokenSettler(Database& database, SweepId sweep, const JudgeToken& judge, Time now)
      : database_(database),
        sweep_(sweep),
        judge_(judge),
        now_(now),
        listed_(database),
        hit_(database, HitRowReader::Classes::own, true) {}

  Result<> prepare() {
    TRY(lists_, listed_.any());
    TRY(clear_fits_, database_.prepare("settle a token", "DELETE FROM fit WHERE token = ?1"));
    TRY(write_fit_, database_.prepare("settle a token", "INSERT INTO fit (token, listed) VALUES (?1, ?2)"));
    TRY(update_, database_.prepare("settle a token",
                                   "UPDATE token SET class = ?2, confidence = ?3, reason = ?4, rank = ?5, flags = ?6, "
                                   "places = ?7, settled = 1 WHERE id = ?1"));
    TRY(first_found_, first_found());
    TRY(returned_, database_.prepare("read the events",
                                     "SELECT 1 FROM event WHERE sweep = ?1 AND hit = ?2 AND kind = 'returned'"));
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
    const bool is_plain = fitting.empty() && !token.concluded && token.places_agree() && token.own_in_force();
    if (is_plain) return accept_.reset().bind(token.id).bind(std::ssize(token.places)).run();
    TRY_VOID(write_fits(token.id, fitting));
    TRY(const auto verdict, conclude(token, fitting));
    return put_in_force(token, verdict);
  }

 private:
  /// Rows are written sweep by sweep, and none is deleted: halving finds where this sweep's begin.
  Result<std::int64_t> first_found() {
    TRY(const std::int64_t last, database_.integer("find what came", "SELECT coalesce(max(row), 0) FROM hit"));
    TRY(auto came,
        database_.prepare("find what came", "SELECT first_sweep FROM hit WHERE row >= ?1 ORDER BY row LIMIT 1"));
    std::int64_t low = 1;
    std::int64_t high = last + 1;
    while (low < high) {
      const std::int64_t middle = low + (high - low) / 2;
      TRY(const auto sweep, came.reset().bind(middle).value());
      if (sweep && *sweep < sweep_) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  Result<> write_fits(std::int64_t token, const std::vector<ListedRow>& fitting) {
    if (!lists_) return {};
    TRY_VOID(clear_fits_.reset().bind(token).run());
    for (const ListedRow& one : fitting) TRY_VOID(write_fit_.reset().bind(token).bind(one.id).run());
    return {};
  }

  Result<std::optional<TokenVerdict>> conclude(const Unsettled& token, const std::vector<ListedRow>& fitting) {
    if (fitting.empty() && token.places_agree()) return std::optional<TokenVerdict>();
    TRY(const auto hits, read_strictest(token, fitting.empty()));
    std::vector<RegistryToken> listed;
    for (const ListedRow& one : fitting) listed.push_back(one.token);
    return judge_({.hits = hits, .listed = listed});
  }

  /// The strictest places first; `alone`: none but those of the strictest class. The next call ends the rows.
  Result<std::span<const HitRow>> read_strictest(const Unsettled& token, bool alone) {
    strictest_.clear();
    for (const Place& place : token.places) strictest_.emplace_back(place.own_class, place.row);
    if (alone) {
      const Class strictest = std::min_element(strictest_.begin(), strictest_.end())->first;
      std::erase_if(strictest_, [strictest](const auto& one) { return one.first != strictest; });
    }
    const std::size_t count = std::min(strictest_.size(), kMostPlaces);
    std::partial_sort(strictest_.begin(), strictest_.begin() + static_cast<std::ptrdiff_t>(count), strictest_.end());
    if (hits_.size() < count) hits_.resize(count);
    for (std::size_t i = 0; i < count; ++i) TRY_VOID(hit_.read(strictest_[i].second, hits_[i]));
    return std::span<const HitRow>(hits_).first(count);
  }

  Result<> put_in_force(const Unsettled& token, const std::optional<TokenVerdict>& verdict) {
    const auto flags = verdict ? static_cast<std::int64_t>(verdict->flags.bits()) : std::int64_t{0};
    std::vector<Change> changes;
    for (const Place& place : token.places) {
      const Change change{
          .place = place, .klass = verdict ? verdict->klass : place.own_class, .flags = place.own_flags | flags};
      if (change.klass != place.klass || change.flags != place.flags) changes.push_back(change);
    }
    TRY_VOID(note(changes));
    for (const Change& change : changes) {
      TRY_VOID(in_force_.reset().bind(change.place.row).bind(to_string(change.klass)).bind(change.flags).run());
    }
    bind_verdict(update_.reset().bind(token.id), verdict);
    return update_.bind(std::ssize(token.places)).run();
  }

  /// Keeps changes as events, but for places that the sweep itself found or that returned in it: that tells their class
  /// as well. All of a kind together.
  Result<> note(const std::vector<Change>& changes) {
    std::vector<const Change*> untold;
    for (const Change& change : changes) {
      TRY(const bool told, is_told(change.place));
      if (!told) untold.push_back(&change);
    }
    for (const Change* change : untold) {
      if (change->flags == change->place.flags) continue;
      begin_event("flags_changed", change->place).bind(std::nullopt).bind(std::nullopt);
      TRY_VOID(event_.bind(change->flags).bind(change->place.flags).run());
    }
    for (const Change* change : untold) {
      if (change->klass == change->place.klass) continue;
      begin_event("class_changed", change->place).bind(to_string(change->klass)).bind(to_string(change->place.klass));
      TRY_VOID(event_.bind(std::nullopt).bind(std::nullopt).run());
    }
    return {};
  }

  Result<bool> is_told(const Place& place) {
    if (sweep_ == 0) return false;
    if (place.row >= first_found_) return true;
    TRY(const auto returned, returned_.reset().bind(sweep_).bind(place.row).value());
    return returned.has_value();
  }

  Statement& begin_event(std::string_view kind, const Place& place) {
    event_.reset();
    sweep_ == 0 ? event_.bind(std::nullopt) : event_.bind(sweep_);
    return event_.bind(now_).bind(kind).bind(place.row);
  }

  Database& database_;
  SweepId sweep_;
  const JudgeToken& judge_;
  Time now_;
  ListedReader listed_;
  HitRowReader hit_;
  std::vector<std::pair<Class, std::int64_t>> strictest_;
  std::vector<HitRow> hits_;  ///< never shrinks: strings keep their memory
  bool lists_ = false;
  Statement clear_fits_;
  Statement write_fit_;
  Statement update_;
  std::int64_t first_found_ = 0;  ///< the first row of the hits that the sweep itself found
  Statement returned_;
  Statement in_force_;
  Statement event_;
  Statement accept_;
};

}  // namespace

Statement& bind_verdict(Statement& statement, const std::optional<TokenVerdict>& verdict) {
  if (!verdict) {
    return statement.bind(std::nullopt).bind(std::nullopt).bind(std::nullopt).bind(std::nullopt).bind(std::int64_t{0});
  }
  statement.bind(to_string(verdict->klass)).bind(to_string(verdict->confidence)).bind(verdict->reason);
  verdict->rank ? statement.bind(std::int64_t{*verdict->rank}) : statement.bind(std::nullopt);
  return statement.bind(static_cast<std::int64_t>(verdict->flags.bits()));
}

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
