#include "db/hit_row.hpp"

#include <algorithm>
#include <array>

#include "db/evidence_text.hpp"

namespace tokensweep {
namespace {

constexpr std::string_view kColumns =
    "hit.id, hit.rule, hit.kind, source.connector, source.name, scope.store, hit.place, hit.locator, hit.name, "
    "hit.registry, token.fingerprint, hit.preview, hit.checksum, hit.created_at, hit.updated_at, hit.age_basis, "
    "hit.deep, hit.first_seen, hit.last_seen, hit.gone_at, hit.state, token.first_seen, coalesce(token.places, 1), "
    "token.sealed, hit.token, ";
// What is not asked for is not carried through the sort.
constexpr std::string_view kWithEvidence = "hit.evidence ";
constexpr std::string_view kWithoutEvidence = "'[]' ";
constexpr std::string_view kInForce =
    "SELECT hit.class, coalesce(token.confidence, hit.confidence), coalesce(token.reason, hit.reason), "
    "iif(token.class IS NULL, hit.rank, token.rank), hit.flags, ";
constexpr std::string_view kOwn = "SELECT hit.own_class, hit.confidence, hit.reason, hit.rank, hit.own_flags, ";
// CROSS: in this order, from the hits.
constexpr std::string_view kFrom =
    "FROM hit CROSS JOIN scope ON scope.id = hit.scope CROSS JOIN source ON source.id = scope.source "
    "LEFT JOIN token ON token.id = hit.token ";
constexpr std::string_view kOne = "WHERE hit.row = ?1";

enum Column : int {
  kClass,
  kConfidence,
  kReason,
  kRank,
  kFlags,
  kId,
  kRule,
  kKind,
  kSource,
  kSourceName,
  kStore,
  kPlace,
  kLocator,
  kName,
  kRegistry,
  kFingerprint,
  kPreview,
  kChecksum,
  kCreatedAt,
  kUpdatedAt,
  kAgeBasis,
  kDeep,
  kFirstSeen,
  kLastSeen,
  kGoneAt,
  kState,
  kTokenFirstSeen,
  kPlaces,
  kSealed,
  kToken,
  kEvidence,
};

constexpr std::int64_t kSecondsInDay = 86'400;

/// The tables' CHECKs allow no other words; a file whose rows say something else was changed past SQLite.
template <class Enum>
bool refill(Enum& value, std::optional<Enum> parsed) {
  if (parsed) value = *parsed;
  return parsed.has_value();
}

/// Null is nothing; false for a blob of another size.
template <std::size_t N>
bool refill(std::optional<std::array<std::uint8_t, N>>& bytes, const sqlite::Statement& row, int column) {
  bytes.reset();
  if (row.is_null(column)) return true;
  const auto blob = row.blob(column);
  if (blob.size() != N) return false;
  std::copy(blob.begin(), blob.end(), bytes.emplace().begin());
  return true;
}

bool refill_token(HitRow& out, const sqlite::Statement& row) {
  out.token.reset();
  out.token_first_seen = time_or_null(row, kTokenFirstSeen);
  if (!refill(out.hit.fingerprint, row, kFingerprint) || !refill(out.hit.sealed, row, kSealed)) return false;
  if (out.hit.fingerprint) out.token = token_id(*out.hit.fingerprint);
  return true;
}

bool refill(HitRow& out, const sqlite::Statement& row) {
  Hit& hit = out.hit;
  hit.id.assign(row.text(kId));
  hit.reason.assign(row.text(kReason));
  hit.rule.assign(row.text(kRule));
  hit.kind.assign(row.text(kKind));
  hit.source.assign(row.text(kSource));
  hit.store.assign(row.text(kStore));
  hit.place.assign(row.text(kPlace));
  hit.locator.assign(row.text(kLocator));
  hit.name.assign(row.text(kName));
  refill_text(hit.registry, row, kRegistry);
  refill_text(hit.preview, row, kPreview);
  hit.created_at = time_or_null(row, kCreatedAt);
  hit.updated_at = time_or_null(row, kUpdatedAt);
  hit.scope = ScopeFlags(static_cast<std::uint64_t>(row.integer(kFlags)));
  hit.deep = row.integer(kDeep) != 0;
  hit.rank.reset();
  if (!row.is_null(kRank)) hit.rank = static_cast<int>(row.integer(kRank));
  out.source_name.assign(row.text(kSourceName));
  out.places = row.integer(kPlaces);
  out.first_seen = row.time(kFirstSeen);
  out.last_seen = row.time(kLastSeen);
  out.gone_at = time_or_null(row, kGoneAt);
  return refill(hit.klass, parse_class(row.text(kClass))) &&
         refill(hit.confidence, parse_confidence(row.text(kConfidence))) &&
         refill(hit.checksum, parse_checksum(row.text(kChecksum))) &&
         refill(hit.age_basis, parse_age_basis(row.text(kAgeBasis))) &&
         refill(out.state, parse_state(row.text(kState))) && refill_token(out, row);
}

Result<std::set<std::int64_t>> read_shared_days(sqlite::Database& database) {
  TRY(auto days, database.prepare("read the listed tokens",
                                  "SELECT expires_at / 86400 FROM listed_token WHERE gone_at IS NULL AND NOT revoked "
                                  "AND expires_at IS NOT NULL AND id IN (SELECT listed FROM fit) "
                                  "GROUP BY 1 HAVING count(*) > 1"));
  std::set<std::int64_t> all;
  for (;;) {
    TRY(const bool more, days.step());
    if (!more) return all;
    all.insert(days.integer(0));
  }
}

}  // namespace

void refill_text(std::optional<std::string>& text, const sqlite::Statement& row, int column) {
  if (row.is_null(column)) {
    text.reset();
  } else if (text) {
    text->assign(row.text(column));
  } else {
    text.emplace(row.text(column));
  }
}

std::optional<Time> time_or_null(const sqlite::Statement& row, int column) {
  if (row.is_null(column)) return std::nullopt;
  return row.time(column);
}

std::optional<std::string> token_id_or_null(const sqlite::Statement& row, int column) {
  const auto bytes = row.blob(column);
  Fingerprint fingerprint{};
  if (bytes.size() != fingerprint.size()) return std::nullopt;
  std::copy(bytes.begin(), bytes.end(), fingerprint.begin());
  return token_id(fingerprint);
}

Error strange_row() {
  return {ErrorKind::storage, "read the hits: a row says what no tokensweep writes: restore a copy of the inventory"};
}

Result<sqlite::Statement*> HitRowReader::select(std::string_view which) {
  std::string sql(classes_ == Classes::in_force ? kInForce : kOwn);
  sql.append(kColumns).append(evidence_ ? kWithEvidence : kWithoutEvidence).append(kFrom).append(which);
  TRY(select_, database_.prepare("read the hits", sql));
  if (classes_ == Classes::own) return &select_;
  TRY(any_listed_, listed_.any());
  if (any_listed_) {
    TRY(shared_days_, read_shared_days(database_));
  }
  return &select_;
}

Result<bool> HitRowReader::next(HitRow& out) {
  TRY(const bool found, select_.step());
  if (!found) return false;
  if (!refill(out, select_)) return strange_row();
  out.hit.evidence.clear();
  if (evidence_) {
    TRY(out.hit.evidence, read_evidence(database_, select_.text(kEvidence)));
  }
  out.listing.reset();
  if (any_listed_ && !select_.is_null(kToken)) TRY_VOID(read_listing(select_.integer(kToken), out));
  return true;
}

Result<> HitRowReader::read(std::int64_t row, HitRow& out) {
  if (!select_) TRY_VOID(select(kOne));
  select_.reset().bind(row);
  TRY(const bool found, next(out));
  return found ? Result<>() : strange_row();
}

Result<> HitRowReader::read_listing(std::int64_t token, HitRow& out) {
  TRY(const auto fitting, listed_.of_token(token));
  if (fitting.size() != 1) return {};
  const RegistryToken& listed = fitting.front().token;
  out.listing = {.created_at = listed.created_at,
                 .accessed_at = listed.accessed_at,
                 .expires_at = listed.expires_at,
                 .dead = listed.revoked || listed.classic};
  if (listed.expires_at) {
    out.listing->shared_expiry =
        shared_days_.contains(listed.expires_at->time_since_epoch().count() / kSecondsInDay) && !out.listing->dead;
  }
  return {};
}

Result<Snapshot> Snapshot::take(sqlite::Database& database) {
  if (database.in_transaction()) return Snapshot(nullptr);  // of a reader around this one, or of what is being written
  TRY_VOID(database.execute("read the hits", "BEGIN"));
  return Snapshot(&database);
}

Snapshot::~Snapshot() {
  if (database_ != nullptr) (void)database_->execute("read the hits", "COMMIT");
}

}  // namespace tokensweep
