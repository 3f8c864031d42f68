#include "db/settle.hpp"

#include <algorithm>
#include <functional>
#include <set>
#include <string_view>
#include <vector>

#include "db/place_range.hpp"

namespace tokensweep {
namespace {

// Sets that a string_view can ask without becoming a string.
using Names = std::set<std::string, std::less<>>;

struct Unseen {
  std::int64_t row = 0;
  bool gone = false;
};

/// Where this visit could not look.
Result<Names> gap_places(sqlite::Database& database, const ClosingScope& closing) {
  if (!closing.has_gaps) return Names();
  TRY(auto* gaps, database.prepared("read the gaps", "SELECT place FROM gap WHERE sweep = ?1 AND scope = ?2"));
  gaps->bind(closing.sweep).bind(closing.scope);
  Names places;
  for (;;) {
    TRY(const bool more, gaps->step());
    if (!more) return places;
    places.emplace(normal_prefix(gaps->text(0)));
  }
}

/// Whether one of `gaps` is `place` or lies above it: looks at the place's ancestors, not at every gap.
bool is_hidden(std::string_view place, const Names& gaps) {
  if (gaps.empty()) return false;
  for (;;) {
    if (gaps.contains(place)) return true;
    const std::size_t slash = place.rfind('/');
    if (slash == std::string_view::npos) return gaps.contains(std::string_view());
    place = place.substr(0, slash);
  }
}

Result<std::vector<Unseen>> find_unseen(sqlite::Database& database, const ClosingScope& closing, const ScopeEnd& end,
                                        const Names& gaps) {
  const Names rules(end.rules.begin(), end.rules.end());
  TRY(auto* hits,
      database.prepared("find what was not seen again",
                        "SELECT row, place, rule, deep, state FROM hit INDEXED BY hit_place "
                        "WHERE realm = ?1 AND place >= ?2 AND place < ?3 AND last_sweep <> ?4 AND state <> 'gone'"));
  const std::string range_end = end_of_range(closing.prefix);
  hits->bind(closing.realm).bind(closing.prefix);
  // For the whole realm the end is a blob: every text sorts before it.
  closing.prefix.empty() ? hits->bind_blob({}) : hits->bind(range_end);
  hits->bind(closing.sweep);
  std::vector<Unseen> unseen;
  for (;;) {
    TRY(const bool more, hits->step());
    if (!more) return unseen;
    const std::string_view place = hits->text(1);
    if (!is_at_or_below(place, closing.prefix)) continue;
    const bool deep = hits->integer(3) != 0;
    const bool gone = end.state == ScopeState::complete && rules.contains(hits->text(2)) && (!deep || end.deep) &&
                      !is_hidden(place, gaps) && (!end.covers || end.covers(place));
    if (gone || hits->text(4) == to_string(State::present)) unseen.push_back({.row = hits->integer(0), .gone = gone});
  }
}

}  // namespace

Result<> settle(sqlite::Database& database, const ClosingScope& closing, const ScopeEnd& end, Time now) {
  TRY(const Names gaps, gap_places(database, closing));
  // First all reading, then all writing: a table that changes under a running query may show a row twice.
  TRY(const auto unseen, find_unseen(database, closing, end, gaps));
  if (unseen.empty()) return {};
  TRY(auto* gone, database.prepared("mark a hit as gone",
                                    "UPDATE hit SET state = 'gone', gone_at = max(?2, last_seen) WHERE row = ?1"));
  TRY(auto* unknown, database.prepared("mark a hit as unknown", "UPDATE hit SET state = 'unknown' WHERE row = ?1"));
  TRY(auto* event,
      database.prepared("keep an event", "INSERT INTO event (sweep, at, kind, hit) VALUES (?1, ?2, 'went', ?3)"));
  TRY(auto* unsettle, database.prepared("unsettle a token",
                                        "UPDATE token SET settled = 0 WHERE settled AND id = "
                                        "(SELECT token FROM hit WHERE row = ?1)"));
  for (const Unseen& one : unseen) {
    if (one.gone) {
      TRY_VOID(gone->reset().bind(one.row).bind(now).run());
      TRY_VOID(event->reset().bind(closing.sweep).bind(now).bind(one.row).run());
      TRY_VOID(unsettle->reset().bind(one.row).run());
    } else {
      TRY_VOID(unknown->reset().bind(one.row).run());
    }
  }
  return {};
}

}  // namespace tokensweep
