#include "db/hit_reader.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include "db/hit_row.hpp"
#include "db/lists.hpp"

namespace tokensweep {
namespace {

// What does not restrict is null. A token's places are found by the index of tokens: a text of its own. SQLite sorts
// the rows whole, in a file where they are many: three times as fast as to sort their numbers and then look each of
// them up, with its scope and token, somewhere else in the file.
constexpr std::string_view kOfTokens =
    "hit.token IN (SELECT id FROM token WHERE fingerprint >= ?7 AND fingerprint <= ?8 AND lower(hex(fingerprint)) GLOB "
    "?9) AND ";
constexpr std::string_view kRestrict =
    "(?1 >> (unicode(hit.class) - unicode('A')) & 1) "
    "AND (?2 IS NULL OR source.connector = ?2 OR source.name = ?2) "
    "AND (?3 IS NULL OR hit.state = ?3 OR (?3 = 'present' AND hit.state = 'unknown')) "
    "AND (?4 IS NULL OR hit.flags & ?4) "
    "AND (?5 IS NULL OR hit.last_sweep = ?5) "
    "AND (?6 IS NULL OR hit.id = ?6) "
    "ORDER BY hit.class, coalesce(hit.updated_at, hit.created_at, hit.first_seen), hit.id";

constexpr std::int64_t kAllClasses = 0b1111;

std::int64_t class_bits(const std::vector<Class>& classes) {
  std::int64_t bits = 0;
  for (const Class one : classes) bits |= std::int64_t{1} << static_cast<unsigned>(one);
  return classes.empty() ? kAllClasses : bits;
}

/// The fingerprints that a token's id, or its beginning, stands for.
struct TokenRange {
  Fingerprint first{};
  Fingerprint last{};
  std::string pattern = "-";  ///< of their hex digits; this one fits nothing: `token` can be no token's id

  explicit TokenRange(std::string_view token) {
    if (token.starts_with('t')) token.remove_prefix(1);
    if (token.find_first_not_of("0123456789abcdef") != std::string_view::npos) return;
    last.fill(0xff);
    pattern = std::string(token) + "*";
    for (std::size_t i = 0; i + 1 < token.size() && i / 2 < first.size(); i += 2) {
      first[i / 2] = last[i / 2] = static_cast<std::uint8_t>(digit(token[i]) << 4U | digit(token[i + 1]));
    }
  }

 private:
  static unsigned digit(char hex) { return static_cast<unsigned>(hex <= '9' ? hex - '0' : hex - 'a' + 10); }
};

}  // namespace

Result<> read_hits(sqlite::Database& database, const HitQuery& query, const std::function<bool(const HitRow&)>& each) {
  TRY(const Snapshot snapshot, Snapshot::take(database));
  const TokenRange range(query.token);
  HitRowReader reader(database, HitRowReader::Classes::in_force, query.evidence);
  std::string which = "WHERE ";
  if (!query.token.empty()) which.append(kOfTokens);
  TRY(auto* rows, reader.select(which.append(kRestrict)));
  rows->bind(class_bits(query.classes));
  query.source.empty() ? rows->bind(std::nullopt) : rows->bind(query.source);
  query.state ? rows->bind(to_string(*query.state)) : rows->bind(std::nullopt);
  query.flag ? rows->bind(static_cast<std::int64_t>(ScopeFlags().add(*query.flag).bits())) : rows->bind(std::nullopt);
  rows->bind(query.sweep);
  query.id.empty() ? rows->bind(std::nullopt) : rows->bind(query.id);
  if (!query.token.empty()) rows->bind_blob(range.first).bind_blob(range.last).bind(std::string_view(range.pattern));
  HitRow out;
  for (;;) {
    TRY(const bool more, reader.next(out));
    if (!more || !each(out)) return {};
  }
}

Result<> read_unfound(sqlite::Database& database, const std::function<bool(const HitRow&)>& each) {
  TRY(auto rows,
      database.prepare(
          "read the listed tokens",
          fmt::format(
              "SELECT id, class, confidence, reason, rank, flags, "
              "(SELECT imported_at FROM list WHERE list.id = listed_token.list), {} "
              "FROM listed_token WHERE gone_at IS NULL AND NOT revoked AND NOT classic AND NOT EXISTS (SELECT 1 FROM "
              "fit JOIN hit ON hit.token = fit.token AND hit.state <> 'gone' "
              "WHERE fit.listed = listed_token.id) "
              "ORDER BY class, coalesce(created_at, 0), id",
              kListedColumns)));
  for (;;) {
    TRY(const bool more, rows.step());
    if (!more) return {};
    const RegistryToken listed = listed_token_of(rows, 7);
    HitRow row;
    row.hit.id = fmt::format("listed-{}", rows.integer(0));
    row.hit.klass = parse_class(rows.text(1)).value_or(Class::B);
    row.hit.confidence = parse_confidence(rows.text(2)).value_or(Confidence::assumed);
    row.hit.reason = rows.text(3);
    if (!rows.is_null(4)) row.hit.rank = static_cast<int>(rows.integer(4));
    row.hit.scope = ScopeFlags(static_cast<std::uint64_t>(rows.integer(5))).add(ScopeFlag::unfound);
    row.first_seen = row.last_seen = rows.time(6);
    row.hit.rule = "npm-token-list";
    row.hit.kind = "npm-token";
    row.hit.source = "npm-registry";
    row.source_name = row.hit.source;
    row.hit.store = listed.account;
    row.hit.name = listed.name;
    row.hit.preview = listed.first + "…" + listed.last;
    row.hit.locator = listed.name.empty() ? *row.hit.preview : listed.name;
    row.hit.place = row.hit.locator;
    row.hit.created_at = listed.created_at;
    row.hit.updated_at = listed.updated_at;
    row.hit.age_basis = AgeBasis::registry;
    row.listing = {.created_at = listed.created_at, .accessed_at = listed.accessed_at, .expires_at = listed.expires_at};
    if (!each(row)) return {};
  }
}

}  // namespace tokensweep
