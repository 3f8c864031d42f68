#include "db/hit_writer.hpp"

#include "db/evidence_text.hpp"

namespace tokensweep {
namespace {

using sqlite::Statement;

// The same 24 parameters for the three; an insert has two more. Most hits of a sweep were there before, exactly so:
// then little has to be written, and no column of an index: SQLite would take the entry out and put it in again.
constexpr std::string_view kRefresh =
    "UPDATE hit SET last_sweep = ?23, last_seen = max(first_seen, ?24) "
    "WHERE id = ?1 AND realm = ?3 AND place = ?4 AND state = 'present' AND (scope, locator, name, token, own_class, "
    "confidence, reason, rank, evidence, rule, kind, registry, preview, checksum, created_at, updated_at, age_basis, "
    "own_flags, deep) IS (?2, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22)";
constexpr std::string_view kInsert =
    "INSERT INTO hit (id, scope, realm, place, locator, name, token, own_class, confidence, reason, rank, evidence, "
    "rule, kind, registry, preview, checksum, created_at, updated_at, age_basis, own_flags, deep, class, flags, state, "
    "first_sweep, last_sweep, first_seen, last_seen) "
    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?25, "
    "?26, 'present', ?23, ?23, ?24, ?24) ON CONFLICT (realm, place, id) DO NOTHING";
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
constexpr std::string_view kEvent =
    "INSERT INTO event (sweep, at, kind, hit, class, old_class, flags, old_flags) "
    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";

std::int64_t bits(ScopeFlags flags) { return static_cast<std::int64_t>(flags.bits()); }

}  // namespace

void HitWriter::bind(Statement& statement, const Hit& hit, const Sight& sight, const HeldToken* token) {
  statement.bind(hit.id).bind(sight.scope).bind(sight.realm).bind(hit.place).bind(hit.locator).bind(hit.name);
  token != nullptr ? statement.bind(token->id) : statement.bind(std::nullopt);
  statement.bind(to_string(hit.klass)).bind(to_string(hit.confidence)).bind(hit.reason);
  hit.rank ? statement.bind(std::int64_t{*hit.rank}) : statement.bind(std::nullopt);
  statement.bind(std::string_view(evidence_)).bind(hit.rule).bind(hit.kind).bind(hit.registry).bind(hit.preview);
  statement.bind(to_string(hit.checksum)).bind(hit.created_at).bind(hit.updated_at).bind(to_string(hit.age_basis));
  statement.bind(bits(hit.scope)).bind(std::int64_t{hit.deep}).bind(sight.sweep).bind(sight.now);
}

Result<> HitWriter::write(std::span<const Hit> hits, const Sight& sight) {
  tokens_.begin(hits);
  TRY_VOID(known_.find(hits, sight));
  TRY_VOID(known_.refresh(sight));
  for (std::size_t i = 0; i < hits.size(); ++i) {
    const bool is_known = known_.has(i);
    TRY(HeldToken * token, tokens_.of(i, sight, known_.token_of(i)));
    if (token != nullptr && hits[i].sealed) TRY_VOID(tokens_.keep_box(token->id, *hits[i].sealed));
    if (!is_known) TRY_VOID(write(hits[i], sight, token));
  }
  return tokens_.end(sight);
}

Result<> HitWriter::write(const Hit& hit, const Sight& sight, HeldToken* token) {
  evidence_.clear();
  append_evidence(evidence_, hit.evidence);
  // Either is right first; new hits come together, as the known ones do. An id follows from the place and the token, so
  // a new token hardly has a hit.
  const bool insert_first = last_was_new_ || (token != nullptr && token->is_new);
  bool refreshed = false;
  TRY(last_was_new_, insert_first ? insert(hit, sight, token) : Result<bool>(false));
  if (!last_was_new_) {
    TRY(refreshed, refresh(hit, sight, token));
    if (!refreshed && !insert_first) {
      TRY(last_was_new_, insert(hit, sight, token));
    }
    if (!refreshed && !last_was_new_) TRY_VOID(replace(hit, sight, token));
  }
  if (token == nullptr || !token->settled) return {};
  // What was concluded of the token still holds where nothing was said of its places that it does not rest on.
  if (token->concluded ? last_was_new_ : refreshed) return {};
  token->settled = false;
  return tokens_.unsettle(token->id);
}

Result<bool> HitWriter::refresh(const Hit& hit, const Sight& sight, const HeldToken* token) {
  TRY(Statement * refresh, database_.prepared("refresh a hit", kRefresh));
  bind(*refresh, hit, sight, token);
  TRY_VOID(refresh->run());
  return database_.changes() == 1;
}

Result<bool> HitWriter::insert(const Hit& hit, const Sight& sight, const HeldToken* token) {
  TRY(Statement * insert, database_.prepared("write a hit", kInsert));
  bind(*insert, hit, sight, token);
  const HeldToken none;
  const HeldToken& held = token != nullptr ? *token : none;
  insert->bind(to_string(held.klass.value_or(hit.klass))).bind(bits(ScopeFlags(hit.scope).add(held.flags)));
  TRY_VOID(insert->run());
  return database_.changes() == 1;
}

Result<HitWriter::Known> HitWriter::find(const Hit& hit, const Sight& sight) {
  TRY(Statement * found, database_.prepared("find a hit", kFind));
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

Result<> HitWriter::replace(const Hit& hit, const Sight& sight, const HeldToken* token) {
  TRY(const Known known, find(hit, sight));
  TRY(Statement * replace, database_.prepared("write a hit", kReplace));
  bind(*replace, hit, sight, token);
  TRY_VOID(replace->run());
  if (known.token && (token == nullptr || known.token != token->id)) TRY_VOID(tokens_.unsettle(*known.token));
  return note_changes(hit, sight, token, known);
}

Result<> HitWriter::note_changes(const Hit& hit, const Sight& sight, const HeldToken* token, const Known& known) {
  const auto begin = [&](std::string_view kind) -> Result<Statement*> {
    TRY(Statement * event, database_.prepared("keep an event", kEvent));
    return &event->bind(sight.sweep).bind(sight.now).bind(kind).bind(known.row);
  };
  constexpr auto kNone = std::nullopt;
  if (known.gone) {
    TRY(Statement * event, begin("returned"));
    TRY_VOID(event->bind(kNone).bind(kNone).bind(kNone).bind(kNone).run());
  }
  // Of a place with a token, settling tells: other places and the registry have their say.
  if (token != nullptr || known.gone) return {};
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
