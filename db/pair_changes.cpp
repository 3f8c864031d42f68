#include "db/pair_changes.hpp"

#include <optional>
#include <set>
#include <string_view>
#include <vector>

namespace tokensweep {
namespace {

struct Went {
  std::int64_t event = 0;
  std::int64_t hit = 0;
};

Result<std::vector<Went>> those_that_went(sqlite::Database& database, SweepId sweep) {
  TRY(auto rows, database.prepare("read the events",
                                  "SELECT event.id, event.hit FROM event JOIN hit ON hit.row = event.hit "
                                  "WHERE event.sweep = ?1 AND event.kind = 'went' AND hit.token IS NOT NULL "
                                  "ORDER BY event.id"));
  rows.bind(sweep);
  std::vector<Went> all;
  for (;;) {
    TRY(const bool more, rows.step());
    if (!more) return all;
    all.push_back({.event = rows.integer(0), .hit = rows.integer(1)});
  }
}

/// The first hit of `rows` (hits that came instead of `went`) that answers for no other.
Result<std::optional<std::int64_t>> first_free(sqlite::Statement& rows, const std::set<std::int64_t>& taken) {
  for (;;) {
    TRY(const bool more, rows.step());
    if (!more) return std::optional<std::int64_t>();
    if (!taken.contains(rows.integer(0))) return std::optional(rows.integer(0));
  }
}

}  // namespace

Result<> pair_changes(sqlite::Database& database, SweepId sweep) {
  TRY(const auto all, those_that_went(database, sweep));
  TRY(auto same_name, database.prepare("pair the changes",
                                       "SELECT came.row FROM hit AS gone JOIN hit AS came INDEXED BY hit_place "
                                       "ON came.realm = gone.realm AND came.place = gone.place "
                                       "WHERE gone.row = ?1 AND came.first_sweep = ?2 AND came.name = gone.name "
                                       "AND came.token IS NOT gone.token AND came.token IS NOT NULL "
                                       "ORDER BY came.locator = gone.locator DESC, came.row"));
  TRY(auto same_token, database.prepare("pair the changes",
                                        "SELECT came.row FROM hit AS gone JOIN hit AS came INDEXED BY hit_token "
                                        "ON came.token = gone.token AND came.token IS NOT NULL "
                                        "WHERE gone.row = ?1 AND came.first_sweep = ?2 "
                                        "ORDER BY came.realm, came.place, came.row"));
  TRY(auto pair,
      database.prepare("pair the changes", "UPDATE event SET kind = ?2, hit = ?3, old_hit = hit WHERE id = ?1"));
  std::set<std::int64_t> taken;
  for (const auto& [rows, kind] :
       {std::pair(&same_name, std::string_view("value_changed")), std::pair(&same_token, std::string_view("moved"))}) {
    for (const Went& went : all) {
      if (taken.contains(went.hit)) continue;
      rows->reset().bind(went.hit).bind(sweep);
      TRY(const auto came, first_free(*rows, taken));
      rows->reset();
      if (!came) continue;
      taken.insert(*came);
      taken.insert(went.hit);
      TRY_VOID(pair.reset().bind(went.event).bind(kind).bind(*came).run());
    }
  }
  return {};
}

}  // namespace tokensweep
