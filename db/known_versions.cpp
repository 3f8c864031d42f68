#include "db/known_versions.hpp"

#include <algorithm>
#include <iterator>
#include <string>

#include "db/place_range.hpp"

namespace tokensweep {
namespace {

struct Unchanged {
  std::int64_t row = 0;
  std::optional<std::int64_t> token;
};

Result<std::vector<Unchanged>> find_unchanged(sqlite::Database& database, const Sight& sight, std::string_view prefix,
                                              const UnchangedSince& unchanged_since) {
  TRY(auto* hits,
      database.prepared("find what is as it was",
                        "SELECT row, place, token, last_sweep FROM hit INDEXED BY hit_place "
                        "WHERE realm = ?1 AND place >= ?2 AND place < ?3 AND last_sweep <> ?4 AND state <> 'gone'"));
  const std::string range_end = end_of_range(prefix);
  hits->bind(sight.realm).bind(prefix);
  // For the whole realm the end is a blob: every text sorts before it.
  prefix.empty() ? hits->bind_blob({}) : hits->bind(range_end);
  hits->bind(sight.sweep);
  std::vector<Unchanged> all;
  for (;;) {
    TRY(const bool more, hits->step());
    if (!more) return all;
    if (!is_at_or_below(hits->text(1), prefix)) continue;
    const auto since = unchanged_since(hits->text(1));
    if (!since || hits->integer(3) < *since) continue;
    Unchanged one{.row = hits->integer(0)};
    if (!hits->is_null(2)) one.token = hits->integer(2);
    all.push_back(one);
  }
}

}  // namespace

Result<std::vector<KnownVersion>> known_versions(sqlite::Database& database, ScopeId scope) {
  TRY(auto* rows, database.prepared("read the known versions",
                                    "SELECT version, sweep FROM known_version WHERE scope = ?1 ORDER BY version"));
  rows->bind(scope);
  std::vector<KnownVersion> all;
  for (;;) {
    TRY(const bool more, rows->step());
    if (!more) return all;
    const auto bytes = rows->blob(0);
    KnownVersion known{.since = rows->integer(1)};
    if (bytes.size() != known.version.size()) continue;
    std::copy(bytes.begin(), bytes.end(), known.version.begin());
    all.push_back(known);
  }
}

Result<> keep_versions(sqlite::Database& database, SweepId sweep, ScopeId scope, std::vector<Mark> read,
                       bool is_whole) {
  std::sort(read.begin(), read.end());
  read.erase(std::unique(read.begin(), read.end()), read.end());
  TRY(const auto known, known_versions(database, scope));
  std::vector<Mark> kept(known.size());
  std::transform(known.begin(), known.end(), kept.begin(), [](const KnownVersion& one) { return one.version; });
  std::vector<Mark> is_new;
  std::set_difference(read.begin(), read.end(), kept.begin(), kept.end(), std::back_inserter(is_new));
  std::vector<Mark> went;
  if (is_whole) std::set_difference(kept.begin(), kept.end(), read.begin(), read.end(), std::back_inserter(went));
  TRY(auto* forget,
      database.prepared("forget a version", "DELETE FROM known_version WHERE scope = ?1 AND version = ?2"));
  for (const Mark& one : went) TRY_VOID(forget->reset().bind(scope).bind_blob(one).run());
  TRY(auto* keep,
      database.prepared("keep a version", "INSERT INTO known_version (scope, version, sweep) VALUES (?1, ?2, ?3)"));
  for (const Mark& one : is_new) TRY_VOID(keep->reset().bind(scope).bind_blob(one).bind(sweep).run());
  return {};
}

Result<> see_again(sqlite::Database& database, const Sight& sight, std::string_view prefix,
                   const UnchangedSince& unchanged_since) {
  // First all reading, then all writing: a table that changes under a running query may show a row twice.
  TRY(const auto unchanged, find_unchanged(database, sight, prefix, unchanged_since));
  TRY(auto* hit, database.prepared("see a hit again",
                                   "UPDATE hit SET state = 'present', last_sweep = ?2, last_seen = max(first_seen, ?3) "
                                   "WHERE row = ?1"));
  TRY(auto* token,
      database.prepared("see a token again", "UPDATE token SET last_seen = max(first_seen, ?2) WHERE id = ?1"));
  for (const Unchanged& one : unchanged) {
    TRY_VOID(hit->reset().bind(one.row).bind(sight.sweep).bind(sight.now).run());
    if (one.token) TRY_VOID(token->reset().bind(*one.token).bind(sight.now).run());
  }
  return {};
}

}  // namespace tokensweep
