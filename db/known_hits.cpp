#include "db/known_hits.hpp"

#include <algorithm>
#include <tuple>

#include "db/evidence_text.hpp"
#include "db/row_runs.hpp"

namespace tokensweep {
namespace {

using sqlite::Statement;

constexpr std::string_view kWalk =
    "SELECT hit.row, hit.place, hit.id, hit.state, hit.scope, hit.locator, hit.name, hit.own_class, hit.confidence, "
    "hit.reason, hit.rank, hit.evidence, hit.rule, hit.kind, hit.registry, hit.preview, hit.checksum, hit.created_at, "
    "hit.updated_at, hit.age_basis, hit.own_flags, hit.deep, token.fingerprint, token.id, token.settled, token.kind, "
    "token.preview, token.checksum, token.last_seen = max(token.first_seen, ?4) "
    "FROM hit INDEXED BY hit_place LEFT JOIN token ON token.id = hit.token "
    "WHERE hit.realm = ?1 AND hit.place >= ?2 AND hit.place <= ?3 ORDER BY hit.place, hit.id";
enum Column : int {
  kRow,
  kPlace,
  kId,
  kState,
  kScope,
  kLocator,
  kName,
  kOwnClass,
  kConfidence,
  kReason,
  kRank,
  kEvidence,
  kRule,
  kKind,
  kRegistry,
  kPreview,
  kChecksum,
  kCreatedAt,
  kUpdatedAt,
  kAgeBasis,
  kOwnFlags,
  kDeep,
  kFingerprint,
  kToken,
  kSettled,
  kTokenKind,
  kTokenPreview,
  kTokenChecksum,
  kTokenSeen,
};

// No column of an index: SQLite would take the entry out and put it in again.
constexpr std::string_view kRefresh =
    "UPDATE hit SET last_sweep = ?3, last_seen = max(first_seen, ?4) WHERE row BETWEEN ?1 AND ?2";

// Between the places of a call may lie others. A walk that comes by more of them than of the call's own ends: what is
// behind is found one by one.
constexpr std::size_t kOthers = 16;

bool says(const Statement& row, int column, std::string_view text) { return row.text(column) == text; }
bool is(const Statement& row, int column, const std::optional<std::string>& text) {
  return text ? row.text(column) == *text && !row.is_null(column) : row.is_null(column);
}
bool is(const Statement& row, int column, const std::optional<Time>& time) {
  return time ? !row.is_null(column) && row.time(column) == *time : row.is_null(column);
}
bool is(const Statement& row, int column, const std::optional<int>& number) {
  return number ? !row.is_null(column) && row.integer(column) == *number : row.is_null(column);
}
bool is(const Statement& row, int column, const std::optional<Fingerprint>& bytes) {
  if (!bytes) return row.is_null(column);
  const auto blob = row.blob(column);
  return std::equal(blob.begin(), blob.end(), bytes->begin(), bytes->end());
}

auto key_of(const Hit& hit) { return std::tuple<std::string_view, std::string_view>(hit.place, hit.id); }

}  // namespace

bool KnownHits::is_as_found(const Statement& row, const Hit& hit, const Sight& sight) {
  const bool same = says(row, kState, to_string(State::present)) && row.integer(kScope) == sight.scope &&
                    is(row, kFingerprint, hit.fingerprint) && says(row, kLocator, hit.locator) &&
                    says(row, kName, hit.name) && says(row, kOwnClass, to_string(hit.klass)) &&
                    says(row, kConfidence, to_string(hit.confidence)) && says(row, kReason, hit.reason) &&
                    is(row, kRank, hit.rank) && says(row, kRule, hit.rule) && says(row, kKind, hit.kind) &&
                    is(row, kRegistry, hit.registry) && is(row, kPreview, hit.preview) &&
                    says(row, kChecksum, to_string(hit.checksum)) && is(row, kCreatedAt, hit.created_at) &&
                    is(row, kUpdatedAt, hit.updated_at) && says(row, kAgeBasis, to_string(hit.age_basis)) &&
                    row.integer(kOwnFlags) == static_cast<std::int64_t>(hit.scope.bits()) &&
                    row.integer(kDeep) == std::int64_t{hit.deep};
  if (!same) return false;
  evidence_.clear();
  append_evidence(evidence_, hit.evidence);
  return says(row, kEvidence, std::string_view(evidence_));
}

Result<> KnownHits::find(std::span<const Hit> hits, const Sight& sight) {
  hits_ = hits;
  rows_.clear();
  known_.assign(hits.size(), {});
  by_place_.resize(hits.size());
  for (std::size_t i = 0; i < hits.size(); ++i) by_place_[i] = i;
  std::sort(by_place_.begin(), by_place_.end(), [hits](std::size_t a, std::size_t b) {
    return std::tuple(key_of(hits[a]), a) < std::tuple(key_of(hits[b]), b);
  });
  return hits.empty() ? Result<>() : walk(sight);
}

Result<> KnownHits::walk(const Sight& sight) {
  TRY(Statement * row, database_.prepared("find the hits", kWalk));
  row->bind(sight.realm).bind(hits_[by_place_.front()].place).bind(hits_[by_place_.back()].place).bind(sight.now);
  std::size_t others = 0;
  for (std::size_t at = 0; at < by_place_.size() && others <= rows_.size() + kOthers;) {
    TRY(const bool more, row->step());
    if (!more) break;
    const std::tuple key(row->text(kPlace), row->text(kId));
    while (at < by_place_.size() && key_of(hits_[by_place_[at]]) < key) ++at;
    if (at == by_place_.size() || key_of(hits_[by_place_[at]]) != key) {
      ++others;
      continue;
    }
    const std::size_t index = by_place_[at++];
    const Hit& hit = hits_[index];
    if (!is_as_found(*row, hit, sight)) continue;
    rows_.push_back(row->integer(kRow));
    known_[index].row = rows_.back();
    if (!hit.fingerprint) continue;
    known_[index].token =
        KnownToken{.id = row->integer(kToken),
                   .settled = row->integer(kSettled) != 0,
                   .says_the_same = says(*row, kTokenKind, hit.kind) && is(*row, kTokenPreview, hit.preview) &&
                                    says(*row, kTokenChecksum, to_string(hit.checksum)),
                   .was_seen = row->integer(kTokenSeen) != 0};
  }
  row->reset();
  return {};
}

Result<> KnownHits::refresh(const Sight& sight) {
  return for_each_run(rows_, [&](std::int64_t first, std::int64_t last) -> Result<> {
    TRY(Statement * refresh, database_.prepared("refresh hits", kRefresh));
    return refresh->bind(first).bind(last).bind(sight.sweep).bind(sight.now).run();
  });
}

}  // namespace tokensweep
