#include "db/hit_writer.hpp"

#include "db/evidence_text.hpp"

namespace tokensweep {
namespace {

using sqlite::Statement;

// The same 24 parameters for the three. Most hits of a sweep were there before, exactly so: then little has to be
// written, and no column of an index: SQLite would take the entry out and put it in again.
constexpr std::string_view kRefresh =
    "UPDATE hit SET last_sweep = ?23, last_seen = max(first_seen, ?24) "
    "WHERE id = ?1 AND realm = ?3 AND place = ?4 AND state = 'present' AND (scope, locator, name, token, own_class, "
    "confidence, reason, rank, evidence, rule, kind, registry, preview, checksum, created_at, updated_at, age_basis, "
    "own_flags, deep) IS (?2, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22)";
constexpr std::string_view kInsert =
    "INSERT INTO hit (id, scope, realm, place, locator, name, token, own_class, confidence, reason, rank, evidence, "
    "rule, kind, registry, preview, checksum, created_at, updated_at, age_basis, own_flags, deep, class, flags, state, "
    "first_sweep, last_sweep, first_seen, last_seen) "
    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?8, "
    "?21, "
    "'present', ?23, ?23, ?24, ?24) ON CONFLICT (realm, place, id) DO NOTHING";
// A token's places keep the class and the flags in force until the token is settled, but for one that was gone.
constexpr std::string_view kReplace =
    "UPDATE hit SET scope = ?2, locator = ?5, name = ?6, token = ?7, own_class = ?8, confidence = ?9, reason = ?10, "
    "rank = ?11, evidence = ?12, rule = ?13, kind = ?14, registry = ?15, preview = ?16, checksum = ?17, "
    "created_at = ?18, updated_at = ?19, age_basis = ?20, own_flags = ?21, deep = ?22, state = 'present', last_sweep = "
    "?23, last_seen = max(first_seen, ?24), gone_at = NULL, class = iif(?7 IS NULL OR gone_at IS NOT NULL, ?8, class), "
    "flags = iif(?7 IS NULL OR gone_at IS NOT NULL, ?21, flags) "
    "WHERE id = ?1 AND realm = ?3 AND place = ?4";
constexpr std::string_view kFind =
    "SELECT row, state = 'gone', flags, class, token FROM hit WHERE realm = ?1 AND place = ?2 AND id = ?3";
// Three statements and no RETURNING, for which SQLite would make a temporary table each time.
constexpr std::string_view kFindToken =
    "SELECT id, settled, kind = ?2 AND preview IS ?3 AND checksum = ?4 AND last_seen = max(first_seen, ?5) "
    "FROM token WHERE fingerprint = ?1";
constexpr std::string_view kRefreshToken =
    "UPDATE token SET kind = ?2, preview = ?3, checksum = ?4, last_seen = max(first_seen, ?5) WHERE id = ?1";
constexpr std::string_view kInsertToken =
    "INSERT INTO token (fingerprint, kid, kind, preview, checksum, first_seen, last_seen) "
    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6)";
// Each box of a value is another one, so the one that is kept stays, unless it is for another collector's key.
constexpr std::string_view kKeepBox =
    "UPDATE token SET sealed = ?2 WHERE id = ?1 AND (sealed IS NULL OR substr(sealed, 1, 8) <> substr(?2, 1, 8))";
constexpr std::string_view kUnsettle = "UPDATE token SET settled = 0 WHERE id = ?1 AND settled";
constexpr std::string_view kEvent =
    "INSERT INTO event (sweep, at, kind, hit, class, old_class, flags, old_flags) "
    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";

bool hold_the_same(const Hit& a, const Hit& b) {
  return a.fingerprint == b.fingerprint && a.kind == b.kind && a.preview == b.preview && a.checksum == b.checksum;
}

std::int64_t bits(ScopeFlags flags) { return static_cast<std::int64_t>(flags.bits()); }

}  // namespace

Result<Statement*> HitWriter::prepared(Statement& statement, std::string_view operation, std::string_view sql) {
  if (!statement) {
    TRY(statement, database_.prepare(operation, sql));
  }
  return &statement.reset();
}

Result<std::optional<HitWriter::Token>> HitWriter::token_of(const Hit& hit, const Sight& sight) {
  if (!hit.fingerprint) return std::optional<Token>();
  if (last_hit_ == nullptr || !hold_the_same(*last_hit_, hit)) {
    TRY(last_token_, write_token(hit, sight.now));
  } else {
    last_token_.is_new = false;
  }
  last_hit_ = &hit;
  return std::optional(last_token_);
}

Result<HitWriter::Token> HitWriter::write_token(const Hit& hit, Time now) {
  const std::string_view checksum = to_string(hit.checksum);
  TRY(Statement * found, prepared(find_token_, "find a token", kFindToken));
  found->bind_blob(*hit.fingerprint).bind(hit.kind).bind(hit.preview).bind(checksum).bind(now);
  TRY(const bool is_known, found->step());
  if (is_known) {
    const Token known{.id = found->integer(0), .settled = found->integer(1) != 0};
    const bool same = found->integer(2) != 0;
    found->reset();
    if (same) return known;
    TRY(Statement * refresh, prepared(refresh_token_, "refresh a token", kRefreshToken));
    TRY_VOID(refresh->bind(known.id).bind(hit.kind).bind(hit.preview).bind(checksum).bind(now).run());
    return known;
  }
  TRY(Statement * insert, prepared(insert_token_, "write a token", kInsertToken));
  insert->bind_blob(*hit.fingerprint).bind(key_id_).bind(hit.kind).bind(hit.preview);
  TRY_VOID(insert->bind(checksum).bind(now).run());
  return Token{.id = database_.last_insert_id(), .is_new = true};
}

void HitWriter::bind(Statement& statement, const Hit& hit, const Sight& sight, const std::optional<Token>& token) {
  statement.bind(hit.id).bind(sight.scope).bind(sight.realm).bind(hit.place).bind(hit.locator).bind(hit.name);
  token ? statement.bind(token->id) : statement.bind(std::nullopt);
  statement.bind(to_string(hit.klass)).bind(to_string(hit.confidence)).bind(hit.reason);
  hit.rank ? statement.bind(std::int64_t{*hit.rank}) : statement.bind(std::nullopt);
  statement.bind(std::string_view(evidence_)).bind(hit.rule).bind(hit.kind).bind(hit.registry).bind(hit.preview);
  statement.bind(to_string(hit.checksum)).bind(hit.created_at).bind(hit.updated_at).bind(to_string(hit.age_basis));
  statement.bind(bits(hit.scope)).bind(std::int64_t{hit.deep}).bind(sight.sweep).bind(sight.now);
}

Result<> HitWriter::write(std::span<const Hit> hits, const Sight& sight) {
  last_hit_ = nullptr;  // between two calls, tokens may be settled
  for (const Hit& hit : hits) TRY_VOID(write(hit, sight));
  return {};
}

Result<> HitWriter::write(const Hit& hit, const Sight& sight) {
  TRY(const auto token, token_of(hit, sight));
  if (token && hit.sealed) TRY_VOID(keep_box(token->id, *hit.sealed));
  evidence_.clear();
  append_evidence(evidence_, hit.evidence);
  // Either is right first; new hits come together, as the known ones do. An id follows from the place and the token, so
  // a new token hardly has a hit.
  const bool insert_first = last_was_new_ || (token && token->is_new);
  TRY(last_was_new_, insert_first ? insert(hit, sight, token) : Result<bool>(false));
  if (!last_was_new_) {
    TRY(const bool refreshed, refresh(hit, sight, token));
    if (refreshed) return {};
    if (!insert_first) {
      TRY(last_was_new_, insert(hit, sight, token));
    }
    if (!last_was_new_) TRY_VOID(replace(hit, sight, token));
  }
  return token && token->settled ? unsettle(token->id) : Result<>();
}

Result<bool> HitWriter::refresh(const Hit& hit, const Sight& sight, const std::optional<Token>& token) {
  TRY(Statement * refresh, prepared(refresh_, "refresh a hit", kRefresh));
  bind(*refresh, hit, sight, token);
  TRY_VOID(refresh->run());
  return database_.changes() == 1;
}

Result<bool> HitWriter::insert(const Hit& hit, const Sight& sight, const std::optional<Token>& token) {
  TRY(Statement * insert, prepared(insert_, "write a hit", kInsert));
  bind(*insert, hit, sight, token);
  TRY_VOID(insert->run());
  return database_.changes() == 1;
}

Result<> HitWriter::keep_box(std::int64_t token, const SealedInner& sealed) {
  TRY(Statement * keep, prepared(keep_box_, "keep a token's box", kKeepBox));
  return keep->bind(token).bind_blob(sealed).run();
}

Result<> HitWriter::unsettle(std::int64_t token) {
  TRY(Statement * unsettle, prepared(unsettle_, "unsettle a token", kUnsettle));
  return unsettle->bind(token).run();
}

Result<HitWriter::Known> HitWriter::find(const Hit& hit, const Sight& sight) {
  TRY(Statement * found, prepared(find_, "find a hit", kFind));
  TRY(const bool any, found->bind(sight.realm).bind(hit.place).bind(hit.id).step());
  if (!any) return Error{ErrorKind::internal, "a hit was neither new nor there before"};
  Known known{.row = found->integer(0),
              .gone = found->integer(1) != 0,
              .flags = ScopeFlags(static_cast<std::uint64_t>(found->integer(2))),
              .klass = std::string(found->text(3))};
  if (!found->is_null(4)) known.token = found->integer(4);
  found->reset();
  return known;
}

Result<> HitWriter::replace(const Hit& hit, const Sight& sight, const std::optional<Token>& token) {
  TRY(const Known known, find(hit, sight));
  TRY(Statement * replace, prepared(replace_, "write a hit", kReplace));
  bind(*replace, hit, sight, token);
  TRY_VOID(replace->run());
  if (known.token && (!token || known.token != token->id)) TRY_VOID(unsettle(*known.token));
  return note_changes(hit, sight, token, known);
}

Result<> HitWriter::note_changes(const Hit& hit, const Sight& sight, const std::optional<Token>& token,
                                 const Known& known) {
  const auto begin = [&](std::string_view kind) -> Result<Statement*> {
    TRY(Statement * event, prepared(event_, "keep an event", kEvent));
    return &event->bind(sight.sweep).bind(sight.now).bind(kind).bind(known.row);
  };
  constexpr auto kNone = std::nullopt;
  if (known.gone) {
    TRY(Statement * event, begin("returned"));
    TRY_VOID(event->bind(kNone).bind(kNone).bind(kNone).bind(kNone).run());
  }
  // Of a place with a token, settling tells: other places and the registry have their say.
  if (token || known.gone) return {};
  if (known.klass != to_string(hit.klass)) {
    TRY(Statement * event, begin("class_changed"));
    TRY_VOID(event->bind(to_string(hit.klass)).bind(std::string_view(known.klass)).bind(kNone).bind(kNone).run());
  }
  if (known.flags != hit.scope) {
    TRY(Statement * event, begin("flags_changed"));
    TRY_VOID(event->bind(kNone).bind(kNone).bind(bits(hit.scope)).bind(bits(known.flags)).run());
  }
  return {};
}

}  // namespace tokensweep
