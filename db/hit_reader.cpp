#include "db/hit_reader.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <utility>

namespace tokensweep {
namespace {

// The order first, of narrow rows: SQLite sorts what it selects, and a million whole hits would not stay in memory. One
// fixed text: what does not restrict is null.
constexpr std::string_view kSelectRows =
    "SELECT row FROM hit WHERE (?1 >> (unicode(class) - unicode('A')) & 1) "
    "AND (?2 IS NULL OR scope IN (SELECT scope.id FROM scope JOIN source ON source.id = scope.source "
    "WHERE source.connector = ?2 OR source.name = ?2)) "
    "AND (?3 IS NULL OR state = ?3 OR (?3 = 'present' AND state = 'unknown')) "
    "AND (?4 IS NULL OR flags & ?4) "
    "AND (?5 IS NULL OR token IN (SELECT id FROM token WHERE lower(hex(fingerprint)) GLOB ?5)) "
    "AND (?6 IS NULL OR last_sweep = ?6) "
    "ORDER BY class, coalesce(updated_at, created_at, first_seen), id";

constexpr std::string_view kSelectHit =
    "SELECT hit.id, hit.class, hit.confidence, hit.reason, hit.rule, hit.kind, source.connector, scope.store, "
    "hit.place, "
    "hit.locator, hit.name, hit.registry, token.fingerprint, hit.preview, hit.checksum, hit.created_at, "
    "hit.updated_at, "
    "hit.age_basis, hit.flags, hit.deep, hit.first_seen, hit.last_seen, hit.gone_at, hit.state, token.first_seen "
    "FROM hit JOIN scope ON scope.id = hit.scope JOIN source ON source.id = scope.source "
    "LEFT JOIN token ON token.id = hit.token WHERE hit.row = ?1";

enum Column : int {
  kId,
  kClass,
  kConfidence,
  kReason,
  kRule,
  kKind,
  kSource,
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
  kFlags,
  kDeep,
  kFirstSeen,
  kLastSeen,
  kGoneAt,
  kState,
  kTokenFirstSeen,
};

constexpr std::int64_t kAllClasses = 0b1111;

std::int64_t class_bits(const std::vector<Class>& classes) {
  std::int64_t bits = 0;
  for (const Class one : classes) bits |= std::int64_t{1} << static_cast<unsigned>(one);
  return classes.empty() ? kAllClasses : bits;
}

/// A pattern for the fingerprint's hex digits; one that matches nothing where `token` can be no token's id.
std::string token_pattern(std::string_view token) {
  if (token.starts_with('t')) token.remove_prefix(1);
  const bool is_hex = token.find_first_not_of("0123456789abcdef") == std::string_view::npos;
  return is_hex ? std::string(token) + "*" : "-";
}

/// Refills what is there: a string keeps its memory from row to row.
void refill(std::optional<std::string>& text, const sqlite::Statement& row, int column) {
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

/// The tables' CHECKs allow no other words; a file whose rows say something else was changed past SQLite.
template <class Enum>
bool refill(Enum& value, std::optional<Enum> parsed) {
  if (parsed) value = *parsed;
  return parsed.has_value();
}

bool refill_token(HitRow& out, const sqlite::Statement& row) {
  out.hit.fingerprint.reset();
  out.token.reset();
  out.token_first_seen = time_or_null(row, kTokenFirstSeen);
  if (row.is_null(kFingerprint)) return true;
  const auto bytes = row.blob(kFingerprint);
  Fingerprint fingerprint{};
  if (bytes.size() != fingerprint.size()) return false;
  std::copy(bytes.begin(), bytes.end(), fingerprint.begin());
  out.hit.fingerprint = fingerprint;
  out.token = token_id(fingerprint);
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
  refill(hit.registry, row, kRegistry);
  refill(hit.preview, row, kPreview);
  hit.created_at = time_or_null(row, kCreatedAt);
  hit.updated_at = time_or_null(row, kUpdatedAt);
  hit.scope = ScopeFlags(static_cast<std::uint64_t>(row.integer(kFlags)));
  hit.deep = row.integer(kDeep) != 0;
  out.first_seen = row.time(kFirstSeen);
  out.last_seen = row.time(kLastSeen);
  out.gone_at = time_or_null(row, kGoneAt);
  return refill(hit.klass, parse_class(row.text(kClass))) &&
         refill(hit.confidence, parse_confidence(row.text(kConfidence))) &&
         refill(hit.checksum, parse_checksum(row.text(kChecksum))) &&
         refill(hit.age_basis, parse_age_basis(row.text(kAgeBasis))) &&
         refill(out.state, parse_state(row.text(kState))) && refill_token(out, row);
}

/// One transaction: what another process writes between two statements must not show in half of the rows.
class Snapshot {
 public:
  static Result<Snapshot> take(sqlite::Database& database) {
    if (database.in_transaction()) return Snapshot(nullptr);  // of a reader around this one
    TRY_VOID(database.execute("read the hits", "BEGIN"));
    return Snapshot(&database);
  }
  Snapshot(Snapshot&& other) noexcept : database_(std::exchange(other.database_, nullptr)) {}
  Snapshot& operator=(Snapshot&&) = delete;
  ~Snapshot() {
    if (database_ != nullptr) (void)database_->execute("read the hits", "COMMIT");
  }

 private:
  explicit Snapshot(sqlite::Database* database) : database_(database) {}
  sqlite::Database* database_;
};

Error strange_row() {
  return {ErrorKind::storage, "read the hits: a row says what no tokensweep writes: restore a copy of the inventory"};
}

}  // namespace

Result<> read_hits(sqlite::Database& database, const HitQuery& query, const std::function<bool(const HitRow&)>& each) {
  TRY(const Snapshot snapshot, Snapshot::take(database));
  TRY(auto rows, database.prepare("read the hits", kSelectRows));
  TRY(auto hit, database.prepare("read a hit", kSelectHit));
  const std::string pattern = token_pattern(query.token);
  rows.bind(class_bits(query.classes));
  query.source.empty() ? rows.bind(std::nullopt) : rows.bind(query.source);
  query.state ? rows.bind(to_string(*query.state)) : rows.bind(std::nullopt);
  query.flag ? rows.bind(static_cast<std::int64_t>(ScopeFlags().add(*query.flag).bits())) : rows.bind(std::nullopt);
  query.token.empty() ? rows.bind(std::nullopt) : rows.bind(pattern);
  rows.bind(query.sweep);
  HitRow out;
  for (;;) {
    TRY(const bool more, rows.step());
    if (!more) return {};
    TRY(const bool found, hit.reset().bind(rows.integer(0)).step());
    if (!found || !refill(out, hit)) return strange_row();
    if (!each(out)) return {};
  }
}

}  // namespace tokensweep
