#include "db/inventory.hpp"

#include <fmt/core.h>

#include <unordered_map>
#include <utility>

#include "db/coverage.hpp"
#include "db/event_reader.hpp"
#include "db/group_commit.hpp"
#include "db/hit_reader.hpp"
#include "db/hit_writer.hpp"
#include "db/known_versions.hpp"
#include "db/last_visits_reader.hpp"
#include "db/lists.hpp"
#include "db/open_inventory.hpp"
#include "db/pair_changes.hpp"
#include "db/place_range.hpp"
#include "db/rule_list.hpp"
#include "db/schema.hpp"
#include "db/settle.hpp"
#include "db/settle_classes.hpp"
#include "db/sqlite.hpp"
#include "db/trees_read.hpp"

namespace tokensweep {
namespace {

using sqlite::Database;
using sqlite::Statement;

constexpr std::string_view kInsertGap =
    "INSERT INTO gap (sweep, scope, place, reason, incomplete) VALUES (?1, ?2, ?3, ?4, ?5)";

constexpr std::string_view kInterrupted = "the sweep was interrupted";
// Tokens and hits that are judged in one call: enough to be fast, few enough that no reader waits.
constexpr std::int64_t kJudgedAtOnce = 2000;

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

/// The row that `find` knows by its parameters, which `bind` binds; `insert` makes it where it is new. Nearly always it
/// is there, and no RETURNING: for that SQLite would make a temporary table each time.
template <class Bind>
Result<std::int64_t> row_of(Database& database, std::string_view find, std::string_view insert, const Bind& bind) {
  TRY(auto* found, database.prepared("open a scope", find));
  TRY(const auto id, bind(*found).value());
  if (id) return *id;
  TRY(auto* made, database.prepared("open a scope", insert));
  TRY_VOID(bind(*made).run());
  return database.last_insert_id();
}

/// The row of a name that a connector gave. Scopes of one source come together: the last name is remembered.
class NamedRow {
 public:
  /// Both are literals.
  NamedRow(std::string_view find, std::string_view insert) : find_(find), insert_(insert) {}

  Result<std::int64_t> row_of(Database& database, const std::string& connector, const std::string& name) {
    if (row_ != 0 && connector == connector_ && name == name_) return row_;
    TRY(row_, tokensweep::row_of(database, find_, insert_, [&](Statement& statement) -> Statement& {
          return statement.bind(connector).bind(name);
        }));
    connector_ = connector;
    name_ = name;
    return row_;
  }

 private:
  std::string_view find_;
  std::string_view insert_;
  std::string connector_;
  std::string name_;
  std::int64_t row_ = 0;
};

}  // namespace

/// One method for each writing call, without its transaction.
struct Inventory::Impl {
  struct Visit {
    SweepId sweep = 0;
    std::int64_t realm = 0;
    Scope scope;  ///< its prefix as normal_prefix gives it
    bool has_gaps = false;
    bool has_missed = false;  ///< something that would have been looked at
  };

  explicit Impl(OpenInventory inventory, const std::string& key)
      : opened(std::move(inventory)),
        key_id(key),
        group(opened.database),
        hits(opened.database, key),
        rule_lists(opened.database) {}
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  /// What was written and not committed yet is kept as far as that works; who must know calls commit().
  ~Impl() { (void)group.commit(); }

  Result<> check_key();
  Result<SweepId> begin_sweep(Time now, std::string_view version, std::string_view rules_digest, std::string_view plan);
  Result<std::optional<SweepId>> resume_sweep(std::string_view rules_digest, std::string_view plan);
  Result<ScopeId> open_scope(SweepId sweep, const Scope& scope);
  Result<> write(SweepId sweep, ScopeId scope, std::span<const Hit> some, std::span<const Gap> gaps, Time now);
  Result<> keep_versions(SweepId sweep, ScopeId scope, std::vector<Mark> read, bool is_whole,
                         const UnchangedSince& unchanged_since, Time now);
  Result<> close_scope(SweepId sweep, ScopeId scope, const ScopeEnd& end, Time now);
  Result<> finish_sweep(SweepId sweep, SweepState state, Time now);
  Result<> conclude_at_once(JudgeToken judge);

  Result<Visit*> visit_of(SweepId sweep, ScopeId scope);
  Result<> write_gap(const Gap& gap, SweepId sweep, ScopeId scope);

  /// Does `work` as one writing call; an error says which file it is about.
  template <class Work>
  auto call(Work work) -> decltype(work());
  Result<> commit() { return named(group.commit()); }
  /// A reading call's error, with the file that it is about.
  template <class T>
  Result<T> named(Result<T> result) const {
    if (result) return result;
    return std::move(result).error().within(opened.file.native());
  }

  /// The one text of the one row; empty where there is no row.
  Result<std::optional<std::string>> one_text(std::string_view operation, std::string_view sql) {
    TRY(auto rows, database().prepare(operation, sql));
    TRY(const bool any, rows.step());
    std::optional<std::string> text;
    if (any) text.emplace(rows.text(0));
    return text;
  }

  Database& database() { return opened.database; }

  OpenInventory opened;
  std::string key_id;
  std::unordered_map<ScopeId, Visit> visits;  ///< the open ones
  // After the database: they end before it is closed.
  GroupCommit group;
  HitWriter hits;
  RuleLists rule_lists;
  NamedRow last_source{"SELECT id FROM source WHERE connector = ?1 AND name = ?2",
                       "INSERT INTO source (connector, name) VALUES (?1, ?2)"};
  NamedRow last_realm{"SELECT id FROM realm WHERE connector = ?1 AND name = ?2",
                      "INSERT INTO realm (connector, name) VALUES (?1, ?2)"};
  Statement insert_gap;
};

template <class Work>
auto Inventory::Impl::call(Work work) -> decltype(work()) {
  auto done = group.call(work);
  if (done) return done;
  Error error = std::move(done).error();
  // What ended all writing is said again by each later call, in the same words.
  if (error.what.starts_with(opened.file.native())) return error;
  return std::move(error).within(opened.file.native());
}

Result<> Inventory::Impl::check_key() {
  TRY(auto keys, database().prepare("check the key", "SELECT 1 FROM key WHERE id <> ?1 LIMIT 1"));
  TRY(const auto other, keys.bind(key_id).value());
  if (!other) return {};
  return Error{ErrorKind::misconfigured,
               fmt::format("{}: was written with another key than {}: put its own key file back, or use another --db",
                           opened.file.native(), key_id.empty() ? "none" : key_id)};
}

Result<SweepId> Inventory::Impl::begin_sweep(Time now, std::string_view version, std::string_view rules_digest,
                                             std::string_view plan) {
  TRY_VOID(mark_interrupted(database()));
  TRY_VOID(forget_all_trees(database()));
  TRY_VOID(name_flags(database()));
  TRY(auto key, database().prepare("keep the key's name", "INSERT OR IGNORE INTO key (id, since) VALUES (?1, ?2)"));
  TRY_VOID(key.bind(key_id).bind(now).run());
  TRY(auto sweep, database().prepare("begin a sweep",
                                     "INSERT INTO sweep (started_at, state, version, rules_digest, plan) "
                                     "VALUES (?1, 'running', ?2, ?3, ?4)"));
  TRY_VOID(sweep.bind(now).bind(version).bind(rules_digest).bind(plan).run());
  visits.clear();
  return database().last_insert_id();
}

Result<std::optional<SweepId>> Inventory::Impl::resume_sweep(std::string_view rules_digest, std::string_view plan) {
  TRY_VOID(mark_interrupted(database()));
  TRY(auto last, database().prepare("resume a sweep",
                                    "SELECT id FROM sweep WHERE id = (SELECT max(id) FROM sweep) "
                                    "AND state = 'interrupted' AND rules_digest = ?1 AND plan = ?2"));
  TRY(const auto sweep, last.bind(rules_digest).bind(plan).value());
  if (!sweep) return sweep;
  // What could not be read is tried again, and so is what was read in part.
  TRY(auto gaps, database().prepare("resume a sweep",
                                    "DELETE FROM gap WHERE sweep = ?1 AND scope IN "
                                    "(SELECT scope FROM visit WHERE sweep = ?1 AND state <> 'complete')"));
  TRY_VOID(gaps.bind(*sweep).run());
  TRY(auto open, database().prepare("resume a sweep", "DELETE FROM visit WHERE sweep = ?1 AND state <> 'complete'"));
  TRY_VOID(open.bind(*sweep).run());
  TRY(auto run,
      database().prepare("resume a sweep", "UPDATE sweep SET state = 'running', finished_at = NULL WHERE id = ?1"));
  TRY_VOID(run.bind(*sweep).run());
  visits.clear();
  return sweep;
}

Result<ScopeId> Inventory::Impl::open_scope(SweepId sweep, const Scope& scope) {
  TRY(const auto source, last_source.row_of(database(), scope.source, scope.name));
  TRY(const auto realm, last_realm.row_of(database(), scope.source, scope.realm));
  const std::string_view prefix = normal_prefix(scope.prefix);
  TRY(const ScopeId opened_scope,
      row_of(database(), "SELECT id FROM scope WHERE source = ?1 AND realm = ?2 AND store = ?3 AND prefix = ?4",
             "INSERT INTO scope (source, realm, store, prefix) VALUES (?1, ?2, ?3, ?4)",
             [&](Statement& statement) -> Statement& {
               return statement.bind(source).bind(realm).bind(scope.store).bind(prefix);
             }));
  TRY(auto* visit, database().prepared("open a scope",
                                       "INSERT INTO visit (sweep, scope, state, reason, deep, files_seen, files_read, "
                                       "bytes_read, started_at) SELECT ?1, ?2, 'open', '', 0, 0, 0, 0, started_at "
                                       "FROM sweep WHERE id = ?1 AND state = 'running' AND NOT EXISTS "
                                       "(SELECT 1 FROM visit WHERE sweep = ?1 AND scope = ?2)"));
  if (visits.contains(opened_scope))
    return misuse(fmt::format("scope {} is open already in sweep {}", opened_scope, sweep));
  TRY_VOID(visit->bind(sweep).bind(opened_scope).run());
  if (database().changes() != 1) {
    return misuse(fmt::format("sweep {} is not running, or has closed scope {} already", sweep, opened_scope));
  }
  Visit& opened_visit = visits[opened_scope];
  opened_visit = {.sweep = sweep, .realm = realm, .scope = scope};
  opened_visit.scope.prefix = prefix;
  return opened_scope;
}

Result<Inventory::Impl::Visit*> Inventory::Impl::visit_of(SweepId sweep, ScopeId scope) {
  const auto found = visits.find(scope);
  if (found == visits.end() || found->second.sweep != sweep) {
    return misuse(fmt::format("scope {} is not open in sweep {}", scope, sweep));
  }
  return &found->second;
}

Result<> Inventory::Impl::write_gap(const Gap& gap, SweepId sweep, ScopeId scope) {
  if (!insert_gap) {
    TRY(insert_gap, database().prepare("write a gap", kInsertGap));
  }
  insert_gap.reset().bind(sweep).bind(scope).bind(gap.place).bind(gap.reason);
  return insert_gap.bind(std::int64_t{gap.incomplete}).run();
}

Result<> Inventory::Impl::write(SweepId sweep, ScopeId scope, std::span<const Hit> some, std::span<const Gap> gaps,
                                Time now) {
  TRY(Visit * visit, visit_of(sweep, scope));
  const Sight sight{.sweep = sweep, .scope = scope, .realm = visit->realm, .where = visit->scope, .now = now};
  TRY_VOID(hits.write(some, sight));
  for (const Gap& gap : gaps) {
    TRY_VOID(write_gap(gap, sweep, scope));
    visit->has_gaps = true;
    visit->has_missed = visit->has_missed || gap.incomplete;
  }
  return {};
}

Result<> Inventory::Impl::keep_versions(SweepId sweep, ScopeId scope, std::vector<Mark> read, bool is_whole,
                                        const UnchangedSince& unchanged_since, Time now) {
  TRY(const Visit* visit, visit_of(sweep, scope));
  const Sight sight{.sweep = sweep, .scope = scope, .realm = visit->realm, .where = visit->scope, .now = now};
  TRY_VOID(see_again(database(), sight, visit->scope.prefix, unchanged_since));
  return tokensweep::keep_versions(database(), sweep, scope, std::move(read), is_whole);
}

Result<> Inventory::Impl::close_scope(SweepId sweep, ScopeId scope, const ScopeEnd& end, Time now) {
  TRY(const Visit* visit, visit_of(sweep, scope));
  if (end.state == ScopeState::open) return misuse("a scope cannot be closed as open");
  ScopeEnd honest = end;
  if (visit->has_missed && end.state == ScopeState::complete) {
    honest.state = ScopeState::incomplete;
    honest.reason = "some places could not be read";
  }
  TRY_VOID(settle(database(),
                  {.sweep = sweep,
                   .scope = scope,
                   .realm = visit->realm,
                   .prefix = visit->scope.prefix,
                   .has_gaps = visit->has_gaps},
                  honest, now));
  TRY(const std::int64_t rules, rule_lists.row_of(honest.rules));
  TRY(auto* close, database().prepared("close a scope",
                                       "UPDATE visit SET state = ?3, reason = ?4, deep = ?5, files_seen = ?6, "
                                       "files_read = ?7, bytes_read = ?8, ended_at = max(started_at, ?9), rules = ?10 "
                                       "WHERE sweep = ?1 AND scope = ?2"));
  close->bind(sweep).bind(scope).bind(to_string(honest.state)).bind(honest.reason).bind(std::int64_t{honest.deep});
  close->bind(static_cast<std::int64_t>(honest.files_seen)).bind(static_cast<std::int64_t>(honest.files_read));
  TRY_VOID(close->bind(static_cast<std::int64_t>(honest.bytes_read)).bind(now).bind(rules).run());
  if (honest.state == ScopeState::complete) TRY_VOID(forget_trees(database(), scope));
  visits.erase(scope);
  return {};
}

Result<> Inventory::Impl::finish_sweep(SweepId sweep, SweepState state, Time now) {
  if (state == SweepState::running) return misuse("a sweep cannot be finished as running");
  TRY(auto running, database().prepare("finish a sweep", "SELECT 1 FROM sweep WHERE id = ?1 AND state = 'running'"));
  TRY(const auto is_running, running.bind(sweep).value());
  if (!is_running) return misuse(fmt::format("sweep {} is not running", sweep));
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
  TRY_VOID(pair_changes(database(), sweep));
  TRY(auto finish, database().prepare("finish a sweep",
                                      "UPDATE sweep SET state = ?2, finished_at = max(started_at, ?3) "
                                      "WHERE id = ?1 AND state = 'running'"));
  TRY_VOID(finish.bind(sweep).bind(name_of(state)).bind(now).run());
  if (state != SweepState::interrupted) TRY_VOID(forget_all_trees(database()));
  visits.clear();
  hits.conclude_with(nullptr);
  return {};
}

Result<> Inventory::Impl::conclude_at_once(JudgeToken judge) {
  TRY(const bool any_listed, ListedReader(database()).any());
  hits.conclude_with(any_listed ? nullptr : std::move(judge));
  return {};
}

Inventory::Inventory(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Inventory::Inventory(Inventory&&) noexcept = default;
Inventory& Inventory::operator=(Inventory&&) noexcept = default;
Inventory::~Inventory() = default;

Result<Inventory> Inventory::open(const std::filesystem::path& file, const Options& options) {
  TRY(OpenInventory opened, open_inventory(file, options, inventory_schema()));
  auto impl = std::make_unique<Impl>(std::move(opened), options.key_id);
  if (options.access == Access::write || !options.key_id.empty()) TRY_VOID(impl->check_key());
  return Inventory(std::move(impl));
}

Result<> Inventory::commit() { return impl_->commit(); }

Result<SweepId> Inventory::begin_sweep(Time now, std::string_view version, std::string_view rules_digest,
                                       std::string_view plan) {
  TRY(const SweepId sweep, impl_->call([&] { return impl_->begin_sweep(now, version, rules_digest, plan); }));
  TRY_VOID(impl_->commit());
  return sweep;
}

Result<std::optional<SweepId>> Inventory::resume_sweep(std::string_view rules_digest, std::string_view plan) {
  TRY(const auto sweep, impl_->call([&] { return impl_->resume_sweep(rules_digest, plan); }));
  TRY_VOID(impl_->commit());
  return sweep;
}

Result<ScopeId> Inventory::open_scope(SweepId sweep, const Scope& scope) {
  return impl_->call([&] { return impl_->open_scope(sweep, scope); });
}

Result<> Inventory::write(SweepId sweep, ScopeId scope, std::span<const Hit> hits, std::span<const Gap> gaps,
                          Time now) {
  if (hits.empty() && gaps.empty()) return {};
  return impl_->call([&] { return impl_->write(sweep, scope, hits, gaps, now); });
}

Result<> Inventory::keep_trees(SweepId sweep, ScopeId scope, std::span<const TreeRead> trees) {
  if (trees.empty()) return {};
  return impl_->call([&]() -> Result<> {
    TRY_VOID(impl_->visit_of(sweep, scope));
    return tokensweep::keep_trees(impl_->database(), scope, trees);
  });
}

Result<> Inventory::keep_versions(SweepId sweep, ScopeId scope, std::vector<Mark> read, bool is_whole,
                                  const UnchangedSince& unchanged_since, Time now) {
  return impl_->call(
      [&] { return impl_->keep_versions(sweep, scope, std::move(read), is_whole, unchanged_since, now); });
}

Result<> Inventory::close_scope(SweepId sweep, ScopeId scope, const ScopeEnd& end, Time now) {
  return impl_->call([&] { return impl_->close_scope(sweep, scope, end, now); });
}

Result<> Inventory::finish_sweep(SweepId sweep, SweepState state, Time now) {
  TRY_VOID(impl_->call([&] { return impl_->finish_sweep(sweep, state, now); }));
  TRY_VOID(impl_->commit());
  return impl_->named(impl_->database().checkpoint());
}

Result<> Inventory::conclude_at_once(JudgeToken judge) {
  return impl_->named(impl_->conclude_at_once(std::move(judge)));
}

Result<> Inventory::settle_classes(SweepId sweep, const JudgeToken& judge, Time now) {
  std::optional<std::int64_t> last = 0;
  while (last) {
    TRY(last,
        impl_->call([&] { return settle_some_tokens(impl_->database(), sweep, judge, now, *last, kJudgedAtOnce); }));
  }
  return impl_->commit();
}

Result<> Inventory::judge_anew(const JudgeHit& judge_hit, const JudgeToken& judge_token, Time now) {
  std::optional<std::int64_t> last = 0;
  while (last) {
    TRY(last, impl_->call([&] { return judge_some_hits(impl_->database(), judge_hit, now, *last, kJudgedAtOnce); }));
  }
  TRY_VOID(impl_->call([&] { return judge_listed(impl_->database(), judge_token); }));
  return impl_->commit();
}

Result<> Inventory::import_tokens(const ListInfo& list, std::span<const RegistryToken> tokens,
                                  const JudgeToken& judge) {
  TRY_VOID(impl_->call([&] { return write_token_list(impl_->database(), list, tokens, judge); }));
  return impl_->commit();
}

Result<> Inventory::import_packages(const ListInfo& list, std::span<const WritablePackage> packages) {
  TRY_VOID(impl_->call([&] { return write_package_list(impl_->database(), list, packages); }));
  return impl_->commit();
}

Result<> Inventory::import_ranks(const ListInfo& list, std::string_view text) {
  TRY_VOID(impl_->call([&] { return write_rank_list(impl_->database(), list, text); }));
  return impl_->commit();
}

Result<> Inventory::keep_policy(std::string_view text, std::string_view file, Time now) {
  return impl_->call([&]() -> Result<> {
    TRY(auto keep, impl_->database().prepare("keep the policy",
                                             "INSERT INTO policy (id, text, file, since) VALUES (1, ?1, ?2, ?3) "
                                             "ON CONFLICT (id) DO UPDATE SET text = excluded.text, "
                                             "file = excluded.file, since = excluded.since "
                                             "WHERE text <> excluded.text OR file <> excluded.file"));
    return keep.bind(text).bind(file).bind(now).run();
  });
}

Result<> Inventory::keep_collector(std::string_view line, Time now) {
  return impl_->call([&]() -> Result<> {
    TRY(auto keep, impl_->database().prepare("keep the collector",
                                             "INSERT INTO collector (id, key, since) VALUES (1, ?1, ?2) "
                                             "ON CONFLICT (id) DO UPDATE SET key = excluded.key, "
                                             "since = excluded.since WHERE key <> excluded.key"));
    return keep.bind(line).bind(now).run();
  });
}

Result<> Inventory::keep_figures(SweepId sweep, std::span<const std::pair<std::string_view, std::int64_t>> figures) {
  return impl_->call([&]() -> Result<> {
    TRY(auto keep, impl_->database().prepare("keep a figure",
                                             "INSERT OR REPLACE INTO figure (sweep, name, value) VALUES (?1, ?2, ?3)"));
    for (const auto& [name, value] : figures) TRY_VOID(keep.reset().bind(sweep).bind(name).bind(value).run());
    return {};
  });
}

Result<> Inventory::for_each_hit(const HitQuery& query, const std::function<bool(const HitRow&)>& each) const {
  return impl_->named(read_hits(impl_->database(), query, each));
}

Result<> Inventory::for_each_unfound(const std::function<bool(const HitRow&)>& each) const {
  return impl_->named(read_unfound(impl_->database(), each));
}

Result<> Inventory::for_each_event(const EventQuery& query, const std::function<bool(const EventRow&)>& each) const {
  return impl_->named(read_events(impl_->database(), query, each));
}

namespace {

constexpr std::string_view kScopes =
    "SELECT source.connector, source.name, scope.store, realm.name, scope.prefix FROM scope "
    "JOIN source ON source.id = scope.source JOIN realm ON realm.id = scope.realm ";

Result<> each_scope(Statement& rows, const std::function<void(const Scope&)>& each) {
  for (;;) {
    TRY(const bool any, rows.step());
    if (!any) return {};
    each({.source = std::string(rows.text(0)),
          .name = std::string(rows.text(1)),
          .store = std::string(rows.text(2)),
          .realm = std::string(rows.text(3)),
          .prefix = std::string(rows.text(4))});
  }
}

}  // namespace

Result<> Inventory::for_each_complete_scope(SweepId sweep, const std::function<void(const Scope&)>& each) const {
  TRY(auto rows,
      impl_->database().prepare("read the coverage", std::string(kScopes) +
                                                         "JOIN visit ON visit.scope = scope.id "
                                                         "WHERE visit.sweep = ?1 AND visit.state = 'complete'"));
  rows.bind(sweep);
  return each_scope(rows, each);
}

Result<> Inventory::for_each_tree_read(const std::function<void(const Scope&, std::vector<TreeRead>)>& each) const {
  Database& database = impl_->database();
  TRY(auto scopes, database.prepare("read what was read", "SELECT DISTINCT scope FROM tree_read"));
  TRY(auto scope, database.prepare("read what was read", std::string(kScopes) + "WHERE scope.id = ?1"));
  for (;;) {
    TRY(const bool more, scopes.step());
    if (!more) return {};
    TRY(auto trees, trees_read(database, scopes.integer(0)));
    scope.reset().bind(scopes.integer(0));
    TRY_VOID(each_scope(scope, [&](const Scope& one) { each(one, std::move(trees)); }));
  }
}

Result<> Inventory::for_each_scope(std::string_view connector, std::string_view source,
                                   const std::function<void(const Scope&)>& each) const {
  TRY(auto rows, impl_->database().prepare("read the scopes",
                                           std::string(kScopes) + "WHERE source.connector = ?1 AND source.name = ?2"));
  rows.bind(connector).bind(source);
  return each_scope(rows, each);
}

Result<> Inventory::for_each_known(std::string_view connector, std::string_view source,
                                   const std::function<void(const Scope&, std::vector<KnownVersion>)>& each) const {
  Database& database = impl_->database();
  TRY(auto scopes, database.prepare("read the known versions",
                                    "SELECT scope.id FROM scope JOIN source ON source.id = scope.source "
                                    "WHERE source.connector = ?1 AND source.name = ?2 AND EXISTS "
                                    "(SELECT 1 FROM known_version WHERE known_version.scope = scope.id)"));
  TRY(auto scope, database.prepare("read the known versions", std::string(kScopes) + "WHERE scope.id = ?1"));
  scopes.bind(connector).bind(source);
  for (;;) {
    TRY(const bool more, scopes.step());
    if (!more) return {};
    TRY(auto known, known_versions(database, scopes.integer(0)));
    scope.reset().bind(scopes.integer(0));
    TRY_VOID(each_scope(scope, [&](const Scope& one) { each(one, std::move(known)); }));
  }
}

Result<> Inventory::for_each_coverage(SweepId sweep, const std::function<bool(const CoverageRow&)>& each) const {
  TRY(auto rows, impl_->database().prepare(
                     "read the coverage",
                     "SELECT source.connector, source.name, scope.store, visit.state, visit.reason, "
                     "(SELECT count(*) FROM gap WHERE gap.sweep = visit.sweep AND gap.scope = visit.scope AND "
                     "gap.incomplete), visit.started_at, visit.ended_at FROM visit JOIN scope ON scope.id = "
                     "visit.scope JOIN source ON source.id = scope.source WHERE visit.sweep = ?1 "
                     "ORDER BY source.connector, source.name, scope.store, scope.id"));
  rows.bind(sweep);
  for (;;) {
    TRY(const bool more, rows.step());
    if (!more) return {};
    const CoverageRow row{.sweep = sweep,
                          .source = std::string(rows.text(0)),
                          .source_name = std::string(rows.text(1)),
                          .store = std::string(rows.text(2)),
                          .state = parse_scope_state(rows.text(3)).value_or(ScopeState::open),
                          .reason = std::string(rows.text(4)),
                          .missed = rows.integer(5),
                          .started_at = rows.time(6),
                          .ended_at = rows.is_null(7) ? std::nullopt : std::optional<Time>(rows.time(7))};
    if (!each(row)) return {};
  }
}

Result<std::vector<RegistryToken>> Inventory::listed_for(const Fingerprint& token) const {
  TRY(auto id, impl_->database().prepare("find a token", "SELECT id FROM token WHERE fingerprint = ?1"));
  TRY(const auto row, id.bind_blob(token).value());
  std::vector<RegistryToken> all;
  if (!row) return all;
  ListedReader reader(impl_->database());
  TRY(auto fitting, reader.of_token(*row));
  for (ListedRow& one : fitting) all.push_back(std::move(one.token));
  return all;
}

Result<std::vector<ListInfo>> Inventory::lists() const {
  TRY(auto rows, impl_->database().prepare("read the lists",
                                           "SELECT kind, account, file, imported_at, entries FROM list WHERE id IN "
                                           "(SELECT max(id) FROM list GROUP BY kind, account) ORDER BY id"));
  std::vector<ListInfo> all;
  for (;;) {
    TRY(const bool more, rows.step());
    if (!more) return all;
    const std::string_view kind = rows.text(0);
    all.push_back({.kind = kind == "npm-tokens"     ? ListInfo::Kind::npm_tokens
                           : kind == "npm-packages" ? ListInfo::Kind::npm_packages
                                                    : ListInfo::Kind::ranks,
                   .account = std::string(rows.text(1)),
                   .file = std::string(rows.text(2)),
                   .imported_at = rows.time(3),
                   .entries = rows.integer(4)});
  }
}

Result<std::vector<WritablePackage>> Inventory::packages() const {
  TRY(auto rows, impl_->database().prepare("read the packages",
                                           "SELECT account, name FROM writable_package ORDER BY account, name"));
  std::vector<WritablePackage> all;
  for (;;) {
    TRY(const bool more, rows.step());
    if (!more) return all;
    all.push_back({.account = std::string(rows.text(0)), .name = std::string(rows.text(1))});
  }
}

Result<std::optional<std::string>> Inventory::ranks() const {
  return impl_->one_text("read the ranks", "SELECT text FROM list WHERE kind = 'ranks' ORDER BY id DESC LIMIT 1");
}

Result<std::optional<std::string>> Inventory::policy() const {
  return impl_->one_text("read the policy", "SELECT text FROM policy");
}

Result<> Inventory::read_last_visits(LastVisitReader& reader) const {
  return impl_->named(tokensweep::read_last_visits(impl_->database(), reader));
}

Result<std::set<Fingerprint>> Inventory::sealed_tokens(std::string_view collector_id) const {
  return impl_->named(read_sealed_tokens(impl_->database(), collector_id));
}

Result<std::optional<std::string>> Inventory::collector() const {
  return impl_->one_text("read the collector", "SELECT key FROM collector");
}

Result<> Inventory::for_each_figure(
    const std::function<bool(SweepId sweep, Time at, std::string_view name, std::int64_t value)>& each) const {
  TRY(auto rows, impl_->database().prepare("read the figures",
                                           "SELECT figure.sweep, sweep.finished_at, figure.name, figure.value "
                                           "FROM figure JOIN sweep ON sweep.id = figure.sweep "
                                           "WHERE sweep.finished_at IS NOT NULL ORDER BY figure.sweep, figure.name"));
  for (;;) {
    TRY(const bool more, rows.step());
    if (!more || !each(rows.integer(0), rows.time(1), rows.text(2), rows.integer(3))) return {};
  }
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
