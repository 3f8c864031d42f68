#include "db/inventory.hpp"

#include <fmt/core.h>

#include <unordered_map>
#include <utility>

#include "db/hit_reader.hpp"
#include "db/open_inventory.hpp"
#include "db/place_range.hpp"
#include "db/schema.hpp"
#include "db/settle.hpp"
#include "db/sqlite.hpp"

namespace tokensweep {
namespace {

using sqlite::Database;
using sqlite::Statement;
using sqlite::Transaction;

// The same 22 parameters for both. Most hits of a sweep were there before, exactly so: then little has to be written.
constexpr std::string_view kRefreshHit =
    "UPDATE hit SET state = 'present', last_sweep = ?21, last_seen = max(first_seen, ?22), gone_at = NULL "
    "WHERE id = ?1 AND realm = ?3 AND place = ?4 AND (scope, locator, name, token, class, confidence, reason, rule, "
    "kind, "
    "registry, preview, checksum, created_at, updated_at, age_basis, flags, deep) IS "
    "(?2, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20)";
constexpr std::string_view kReplaceHit =
    "INSERT INTO hit (id, scope, realm, place, locator, name, token, class, confidence, reason, rule, kind, registry, "
    "preview, "
    "checksum, created_at, updated_at, age_basis, flags, deep, state, first_sweep, last_sweep, first_seen, last_seen) "
    "VALUES "
    "(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, 'present', ?21, ?21, "
    "?22, ?22) "
    "ON CONFLICT (realm, place, id) DO UPDATE SET scope = excluded.scope, locator = excluded.locator, name = "
    "excluded.name, token = excluded.token, class = excluded.class, "
    "confidence = excluded.confidence, reason = excluded.reason, rule = excluded.rule, kind = excluded.kind, "
    "registry = excluded.registry, preview = excluded.preview, checksum = excluded.checksum, "
    "created_at = excluded.created_at, updated_at = excluded.updated_at, age_basis = excluded.age_basis, "
    "flags = excluded.flags, deep = excluded.deep, state = 'present', last_sweep = excluded.last_sweep, "
    "last_seen = max(first_seen, excluded.last_seen), gone_at = NULL";
// Three statements and no RETURNING, for which SQLite would make a temporary table each time.
constexpr std::string_view kFindToken = "SELECT id FROM token WHERE fingerprint = ?1";
constexpr std::string_view kRefreshToken =
    "UPDATE token SET kind = ?2, preview = ?3, checksum = ?4, last_seen = max(first_seen, ?5) WHERE id = ?1";
constexpr std::string_view kInsertToken =
    "INSERT INTO token (fingerprint, kid, kind, preview, checksum, first_seen, last_seen) "
    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6)";
constexpr std::string_view kInsertGap =
    "INSERT INTO gap (sweep, scope, place, reason, incomplete) VALUES (?1, ?2, ?3, ?4, ?5)";

constexpr std::string_view kInterrupted = "the sweep was interrupted";

std::string_view name_of(ScopeState state) {
  constexpr std::string_view kNames[] = {"open", "complete", "incomplete", "denied", "failed", "skipped"};
  return kNames[static_cast<std::size_t>(state)];
}

constexpr std::string_view kSweepStates[] = {"running", "complete", "incomplete", "interrupted"};

std::string_view name_of(SweepState state) { return kSweepStates[static_cast<std::size_t>(state)]; }

SweepState sweep_state_of(std::string_view name) {
  std::size_t at = 0;
  while (at + 1 < std::size(kSweepStates) && kSweepStates[at] != name) ++at;
  return static_cast<SweepState>(at);
}

Error misuse(std::string what) { return {ErrorKind::internal, std::move(what)}; }

/// The bits' names for plain sqlite3. Flags are only ever appended, so older rows stay right.
Result<> name_flags(Database& database) {
  TRY(auto insert, database.prepare("name the flags", "INSERT OR IGNORE INTO flag (bit, name) VALUES (?1, ?2)"));
  for (unsigned bit = 0; bit < static_cast<unsigned>(ScopeFlag::count_); ++bit) {
    TRY_VOID(insert.reset().bind(std::int64_t{bit}).bind(to_string(static_cast<ScopeFlag>(bit))).run());
  }
  return {};
}

/// Sweeps that a crash or a kill left running. What they wrote stays; what they did not close says why.
Result<> mark_interrupted(Database& database) {
  TRY(auto visits,
      database.prepare("mark the interrupted sweeps",
                       "UPDATE visit SET state = 'incomplete', reason = ?1 "
                       "WHERE state = 'open' AND sweep IN (SELECT id FROM sweep WHERE state = 'running')"));
  TRY_VOID(visits.bind(kInterrupted).run());
  return database.execute("mark the interrupted sweeps",
                          "UPDATE sweep SET state = 'interrupted' WHERE state = 'running'");
}

/// The row of a table of two names, made where it is new.
Result<std::int64_t> row_of(Database& database, std::string_view sql, std::string_view connector,
                            std::string_view name) {
  TRY(auto statement, database.prepare("name a source", sql));
  TRY(const auto id, statement.bind(connector).bind(name).value());
  return id.value_or(0);
}

}  // namespace

/// One method for each writing call, without its transaction.
struct Inventory::Impl {
  struct Visit {
    SweepId sweep = 0;
    std::int64_t realm = 0;
    std::string prefix;
  };

  explicit Impl(OpenInventory inventory, std::string key) : opened(std::move(inventory)), key_id(std::move(key)) {}

  Result<> check_key();
  Result<SweepId> begin_sweep(Time now, std::string_view version, std::string_view rules_digest);
  Result<ScopeId> open_scope(SweepId sweep, const Scope& scope);
  Result<> write(SweepId sweep, ScopeId scope, std::span<const Hit> hits, std::span<const Gap> gaps, Time now);
  Result<> close_scope(SweepId sweep, ScopeId scope, const ScopeEnd& end, Time now);
  Result<> finish_sweep(SweepId sweep, SweepState state, Time now);

  Result<const Visit*> visit_of(SweepId sweep, ScopeId scope) const;
  Result<std::optional<std::int64_t>> write_token(const Hit& hit, Time now);
  Result<> write_hit(const Hit& hit, SweepId sweep, ScopeId scope, std::int64_t realm, Time now);
  Result<> write_gap(const Gap& gap, SweepId sweep, ScopeId scope);
  Result<bool> has_missed(SweepId sweep, ScopeId scope);
  Result<> prepare_once(Statement& statement, std::string_view operation, std::string_view sql);

  template <class Work>
  auto in_transaction(Work work) -> decltype(work());

  Database& database() { return opened.database; }

  OpenInventory opened;
  std::string key_id;
  std::optional<Error> failed;                ///< the first writing call that failed: see in_transaction
  std::unordered_map<ScopeId, Visit> visits;  ///< the open ones
  // After the database: they are finalised before it is closed.
  Statement refresh_hit;
  Statement replace_hit;
  Statement find_token;
  Statement refresh_token;
  Statement insert_token;
  Statement insert_gap;
};

/// Does `work` in one transaction. A failure of the storage ends all writing with this object: what reached the disk is
/// not known then (a commit may have, a sync that failed may have dropped pages), and a later commit would rest on it.
template <class Work>
auto Inventory::Impl::in_transaction(Work work) -> decltype(work()) {
  if (failed) return Error(*failed);
  const auto run = [&]() -> decltype(work()) {
    TRY(auto transaction, Transaction::begin(database()));
    auto done = work();
    if (done) TRY_VOID(transaction.commit());
    return done;
  };
  auto done = run();
  if (done) return done;
  Error error = std::move(done).error().within(opened.file.native());
  if (error.kind == ErrorKind::storage) failed = error;
  return error;
}

Result<> Inventory::Impl::prepare_once(Statement& statement, std::string_view operation, std::string_view sql) {
  if (statement) return {};
  TRY(statement, database().prepare(operation, sql));
  return {};
}

Result<> Inventory::Impl::check_key() {
  TRY(auto keys, database().prepare("check the key", "SELECT 1 FROM key WHERE id <> ?1 LIMIT 1"));
  TRY(const auto other, keys.bind(key_id).value());
  if (!other) return {};
  return Error{ErrorKind::misconfigured,
               fmt::format("{}: was written with another key than {}: put its own key file back, or use another --db",
                           opened.file.native(), key_id.empty() ? "none" : key_id)};
}

Result<SweepId> Inventory::Impl::begin_sweep(Time now, std::string_view version, std::string_view rules_digest) {
  TRY_VOID(mark_interrupted(database()));
  TRY_VOID(name_flags(database()));
  TRY(auto key, database().prepare("keep the key's name", "INSERT OR IGNORE INTO key (id, since) VALUES (?1, ?2)"));
  TRY_VOID(key.bind(key_id).bind(now).run());
  TRY(auto sweep, database().prepare("begin a sweep",
                                     "INSERT INTO sweep (started_at, state, version, rules_digest) "
                                     "VALUES (?1, 'running', ?2, ?3)"));
  TRY_VOID(sweep.bind(now).bind(version).bind(rules_digest).run());
  visits.clear();
  return database().last_insert_id();
}

Result<ScopeId> Inventory::Impl::open_scope(SweepId sweep, const Scope& scope) {
  // DO UPDATE and not DO NOTHING: only then is the row's id returned where it was there before.
  TRY(const auto source, row_of(database(),
                                "INSERT INTO source (connector, name) VALUES (?1, ?2) "
                                "ON CONFLICT (connector, name) DO UPDATE SET name = name RETURNING id",
                                scope.source, scope.name));
  TRY(const auto realm, row_of(database(),
                               "INSERT INTO realm (connector, name) VALUES (?1, ?2) "
                               "ON CONFLICT (connector, name) DO UPDATE SET name = name RETURNING id",
                               scope.source, scope.realm));
  const std::string_view prefix = normal_prefix(scope.prefix);
  TRY(auto row, database().prepare("open a scope",
                                   "INSERT INTO scope (source, realm, store, prefix) VALUES (?1, ?2, ?3, ?4) "
                                   "ON CONFLICT (source, realm, store, prefix) DO UPDATE SET store = store "
                                   "RETURNING id"));
  TRY(const auto id, row.bind(source).bind(realm).bind(scope.store).bind(prefix).value());
  const ScopeId opened_scope = id.value_or(0);
  TRY(auto visit, database().prepare("open a scope",
                                     "INSERT INTO visit (sweep, scope, state, reason, deep, files_seen, files_read, "
                                     "bytes_read, started_at) SELECT ?1, ?2, 'open', '', 0, 0, 0, 0, started_at "
                                     "FROM sweep WHERE id = ?1 AND state = 'running'"));
  if (visits.contains(opened_scope))
    return misuse(fmt::format("scope {} is open already in sweep {}", opened_scope, sweep));
  TRY_VOID(visit.bind(sweep).bind(opened_scope).run());
  if (database().changes() != 1) return misuse(fmt::format("sweep {} is not running", sweep));
  visits[opened_scope] = {.sweep = sweep, .realm = realm, .prefix = std::string(prefix)};
  return opened_scope;
}

Result<const Inventory::Impl::Visit*> Inventory::Impl::visit_of(SweepId sweep, ScopeId scope) const {
  const auto found = visits.find(scope);
  if (found == visits.end() || found->second.sweep != sweep) {
    return misuse(fmt::format("scope {} is not open in sweep {}", scope, sweep));
  }
  return &found->second;
}

Result<std::optional<std::int64_t>> Inventory::Impl::write_token(const Hit& hit, Time now) {
  if (!hit.fingerprint) return std::optional<std::int64_t>();
  TRY_VOID(prepare_once(find_token, "find a token", kFindToken));
  TRY_VOID(prepare_once(refresh_token, "refresh a token", kRefreshToken));
  TRY_VOID(prepare_once(insert_token, "write a token", kInsertToken));
  const std::string_view checksum = to_string(hit.checksum);
  TRY(const auto known, find_token.reset().bind_blob(*hit.fingerprint).value());
  if (known) {
    TRY_VOID(refresh_token.reset().bind(*known).bind(hit.kind).bind(hit.preview).bind(checksum).bind(now).run());
    return known;
  }
  insert_token.reset().bind_blob(*hit.fingerprint).bind(key_id).bind(hit.kind).bind(hit.preview);
  TRY_VOID(insert_token.bind(checksum).bind(now).run());
  return std::optional(database().last_insert_id());
}

Result<> Inventory::Impl::write_hit(const Hit& hit, SweepId sweep, ScopeId scope, std::int64_t realm, Time now) {
  TRY_VOID(prepare_once(refresh_hit, "refresh a hit", kRefreshHit));
  TRY_VOID(prepare_once(replace_hit, "write a hit", kReplaceHit));
  TRY(const auto token, write_token(hit, now));
  for (Statement* statement : {&refresh_hit, &replace_hit}) {
    statement->reset()
        .bind(hit.id)
        .bind(scope)
        .bind(realm)
        .bind(hit.place)
        .bind(hit.locator)
        .bind(hit.name)
        .bind(token);
    statement->bind(to_string(hit.klass))
        .bind(to_string(hit.confidence))
        .bind(hit.reason)
        .bind(hit.rule)
        .bind(hit.kind);
    statement->bind(hit.registry)
        .bind(hit.preview)
        .bind(to_string(hit.checksum))
        .bind(hit.created_at)
        .bind(hit.updated_at);
    statement->bind(to_string(hit.age_basis)).bind(static_cast<std::int64_t>(hit.scope.bits()));
    TRY_VOID(statement->bind(std::int64_t{hit.deep}).bind(sweep).bind(now).run());
    if (database().changes() == 1) return {};
  }
  return misuse("a hit was not written");
}

Result<> Inventory::Impl::write_gap(const Gap& gap, SweepId sweep, ScopeId scope) {
  TRY_VOID(prepare_once(insert_gap, "write a gap", kInsertGap));
  insert_gap.reset().bind(sweep).bind(scope).bind(gap.place).bind(gap.reason);
  return insert_gap.bind(std::int64_t{gap.incomplete}).run();
}

Result<> Inventory::Impl::write(SweepId sweep, ScopeId scope, std::span<const Hit> hits, std::span<const Gap> gaps,
                                Time now) {
  TRY(const Visit* visit, visit_of(sweep, scope));
  for (const Hit& hit : hits) TRY_VOID(write_hit(hit, sweep, scope, visit->realm, now));
  for (const Gap& gap : gaps) TRY_VOID(write_gap(gap, sweep, scope));
  return {};
}

Result<bool> Inventory::Impl::has_missed(SweepId sweep, ScopeId scope) {
  TRY(auto gaps,
      database().prepare("read the gaps", "SELECT 1 FROM gap WHERE sweep = ?1 AND scope = ?2 AND incomplete LIMIT 1"));
  TRY(const auto found, gaps.bind(sweep).bind(scope).value());
  return found.has_value();
}

Result<> Inventory::Impl::close_scope(SweepId sweep, ScopeId scope, const ScopeEnd& end, Time now) {
  TRY(const Visit* visit, visit_of(sweep, scope));
  if (end.state == ScopeState::open) return misuse("a scope cannot be closed as open");
  ScopeEnd honest = end;
  TRY(const bool missed, has_missed(sweep, scope));
  if (missed && end.state == ScopeState::complete) {
    honest.state = ScopeState::incomplete;
    honest.reason = "some places could not be read";
  }
  TRY_VOID(settle(database(), {.sweep = sweep, .scope = scope, .realm = visit->realm, .prefix = visit->prefix}, honest,
                  now));
  TRY(auto close, database().prepare("close a scope",
                                     "UPDATE visit SET state = ?3, reason = ?4, deep = ?5, files_seen = ?6, "
                                     "files_read = ?7, bytes_read = ?8, ended_at = max(started_at, ?9) "
                                     "WHERE sweep = ?1 AND scope = ?2"));
  close.bind(sweep).bind(scope).bind(name_of(honest.state)).bind(honest.reason).bind(std::int64_t{honest.deep});
  close.bind(static_cast<std::int64_t>(honest.files_seen)).bind(static_cast<std::int64_t>(honest.files_read));
  TRY_VOID(close.bind(static_cast<std::int64_t>(honest.bytes_read)).bind(now).run());
  visits.erase(scope);
  return {};
}

Result<> Inventory::Impl::finish_sweep(SweepId sweep, SweepState state, Time now) {
  if (state == SweepState::running) return misuse("a sweep cannot be finished as running");
  TRY(auto open, database().prepare("finish a sweep",
                                    "SELECT count(*) FROM visit WHERE sweep = ?1 AND state NOT IN "
                                    "('complete', 'skipped')"));
  TRY(const auto not_complete, open.bind(sweep).value());
  if (state == SweepState::complete && not_complete != 0) {
    return misuse(
        fmt::format("sweep {} has {} scopes that are not complete, so it is not", sweep, not_complete.value_or(0)));
  }
  TRY(auto visit,
      database().prepare("finish a sweep",
                         "UPDATE visit SET state = 'incomplete', reason = ?2, ended_at = max(started_at, ?3) "
                         "WHERE sweep = ?1 AND state = 'open'"));
  TRY_VOID(visit.bind(sweep).bind(kInterrupted).bind(now).run());
  TRY(auto finish, database().prepare("finish a sweep",
                                      "UPDATE sweep SET state = ?2, finished_at = max(started_at, ?3) "
                                      "WHERE id = ?1 AND state = 'running'"));
  TRY_VOID(finish.bind(sweep).bind(name_of(state)).bind(now).run());
  if (database().changes() != 1) return misuse(fmt::format("sweep {} is not running", sweep));
  visits.clear();
  return {};
}

Inventory::Inventory(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Inventory::Inventory(Inventory&&) noexcept = default;
Inventory& Inventory::operator=(Inventory&&) noexcept = default;
Inventory::~Inventory() = default;

Result<Inventory> Inventory::open(const std::filesystem::path& file, const Options& options) {
  TRY(OpenInventory opened, open_inventory(file, options, inventory_schema()));
  auto impl = std::make_unique<Impl>(std::move(opened), options.key_id);
  if (options.access == Access::write) TRY_VOID(impl->check_key());
  return Inventory(std::move(impl));
}

Result<SweepId> Inventory::begin_sweep(Time now, std::string_view version, std::string_view rules_digest) {
  return impl_->in_transaction([&] { return impl_->begin_sweep(now, version, rules_digest); });
}

Result<ScopeId> Inventory::open_scope(SweepId sweep, const Scope& scope) {
  return impl_->in_transaction([&] { return impl_->open_scope(sweep, scope); });
}

Result<> Inventory::write(SweepId sweep, ScopeId scope, std::span<const Hit> hits, std::span<const Gap> gaps,
                          Time now) {
  if (hits.empty() && gaps.empty()) return {};
  return impl_->in_transaction([&] { return impl_->write(sweep, scope, hits, gaps, now); });
}

Result<> Inventory::close_scope(SweepId sweep, ScopeId scope, const ScopeEnd& end, Time now) {
  return impl_->in_transaction([&] { return impl_->close_scope(sweep, scope, end, now); });
}

Result<> Inventory::finish_sweep(SweepId sweep, SweepState state, Time now) {
  TRY_VOID(impl_->in_transaction([&] { return impl_->finish_sweep(sweep, state, now); }));
  Result<> moved = impl_->database().checkpoint();
  if (!moved) return std::move(moved).error().within(impl_->opened.file.native());
  return {};
}

Result<> Inventory::for_each_hit(const HitQuery& query, const std::function<bool(const HitRow&)>& each) const {
  Result<> read = read_hits(impl_->database(), query, each);
  if (!read) return std::move(read).error().within(impl_->opened.file.native());
  return read;
}

Result<> Inventory::for_each_gap(SweepId sweep, const std::function<bool(const GapRow&)>& each) const {
  TRY(auto gaps, impl_->database().prepare("read the gaps",
                                           "SELECT scope.store, gap.place, gap.reason, gap.incomplete FROM gap "
                                           "JOIN scope ON scope.id = gap.scope WHERE gap.sweep = ?1 "
                                           "ORDER BY gap.id"));
  gaps.bind(sweep);
  for (;;) {
    TRY(const bool more, gaps.step());
    if (!more) return {};
    const GapRow row{.sweep = sweep,
                     .store = std::string(gaps.text(0)),
                     .gap = {.place = std::string(gaps.text(1)),
                             .reason = std::string(gaps.text(2)),
                             .incomplete = gaps.integer(3) != 0}};
    if (!each(row)) return {};
  }
}

Result<std::vector<SweepInfo>> Inventory::sweeps() const {
  TRY(auto rows, impl_->database().prepare("read the sweeps",
                                           "SELECT id, started_at, finished_at, state, version, "
                                           "rules_digest FROM sweep ORDER BY id"));
  std::vector<SweepInfo> all;
  for (;;) {
    TRY(const bool more, rows.step());
    if (!more) return all;
    all.push_back({.id = rows.integer(0),
                   .started_at = rows.time(1),
                   .finished_at = rows.is_null(2) ? std::nullopt : std::optional<Time>(rows.time(2)),
                   .state = sweep_state_of(rows.text(3)),
                   .version = std::string(rows.text(4)),
                   .rules_digest = std::string(rows.text(5))});
  }
}

std::string token_id(const Fingerprint& fingerprint) {
  constexpr char kDigits[] = "0123456789abcdef";
  constexpr std::size_t kBytes = 8;
  std::string id = "t";
  for (std::size_t i = 0; i < kBytes; ++i) {
    id += kDigits[fingerprint[i] >> 4U];
    id += kDigits[fingerprint[i] & 15U];
  }
  return id;
}

}  // namespace tokensweep
