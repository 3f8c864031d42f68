#include "db/token_writer.hpp"

#include <algorithm>

#include "db/row_runs.hpp"
#include "db/settle_classes.hpp"

namespace tokensweep {
namespace {

using sqlite::Statement;

// Three statements and no RETURNING, for which SQLite would make a temporary table each time.
constexpr std::string_view kFind =
    "SELECT id, settled, kind = ?2 AND preview IS ?3 AND checksum = ?4, last_seen = max(first_seen, ?5) "
    "FROM token WHERE fingerprint = ?1";
constexpr std::string_view kRefresh =
    "UPDATE token SET kind = ?2, preview = ?3, checksum = ?4, last_seen = max(first_seen, ?5) WHERE id = ?1";
constexpr std::string_view kSeeAgain = "UPDATE token SET last_seen = max(first_seen, ?3) WHERE id BETWEEN ?1 AND ?2";
constexpr std::string_view kInsert =
    "INSERT INTO token (fingerprint, kid, kind, preview, checksum, first_seen, last_seen, settled, places, class, "
    "confidence, reason, rank, flags) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)";
// Each box of a value is another one, so the one that is kept stays, unless it is for another collector's key.
constexpr std::string_view kKeepBox =
    "UPDATE token SET sealed = ?2 WHERE id = ?1 AND (sealed IS NULL OR substr(sealed, 1, 8) <> substr(?2, 1, 8))";
constexpr std::string_view kUnsettle = "UPDATE token SET settled = 0 WHERE id = ?1 AND settled";

constexpr std::size_t kNoGroup = SIZE_MAX;

bool says_the_same(const Hit& a, const Hit& b) {
  return a.kind == b.kind && a.preview == b.preview && a.checksum == b.checksum;
}

}  // namespace

void TokenWriter::begin(std::span<const Hit> hits) {
  hits_ = hits;
  by_token_.clear();
  groups_.clear();
  seen_.clear();
  group_of_.assign(hits.size(), kNoGroup);
  for (std::size_t i = 0; i < hits.size(); ++i) {
    if (hits[i].fingerprint) by_token_.push_back(i);
  }
  std::sort(by_token_.begin(), by_token_.end(), [hits](std::size_t a, std::size_t b) {
    const auto order = *hits[a].fingerprint <=> *hits[b].fingerprint;
    return order < 0 || (order == 0 && a < b);
  });
  for (std::size_t at = 0; at < by_token_.size(); ++at) {
    const std::size_t i = by_token_[at];
    if (at == 0 || hits[by_token_[at - 1]].fingerprint != hits[i].fingerprint) groups_.push_back({.begin = at});
    groups_.back().end = at + 1;
    group_of_[i] = groups_.size() - 1;
  }
}

std::span<const std::size_t> TokenWriter::hits_of(const Group& group) const {
  return std::span(by_token_).subspan(group.begin, group.end - group.begin);
}

Result<HeldToken*> TokenWriter::of(std::size_t index, const Sight& sight, const std::optional<KnownToken>& known) {
  if (group_of_[index] == kNoGroup) return nullptr;
  Group& group = groups_[group_of_[index]];
  const Hit& hit = hits_[index];
  if (group.last == nullptr) {
    std::optional<KnownToken> found = known;
    if (!found) {
      TRY(found, find(hit, sight.now));
    }
    TRY_VOID(found ? see_again(group.token, *found, hit, sight.now) : insert(group, hit, sight));
  } else if (!says_the_same(*group.last, hit)) {
    TRY_VOID(refresh(group.token.id, hit, sight.now));
  }
  group.last = &hit;
  return &group.token;
}

Result<std::optional<KnownToken>> TokenWriter::find(const Hit& hit, Time now) {
  TRY(Statement * found, database_.prepared("find a token", kFind));
  found->bind_blob(*hit.fingerprint).bind(hit.kind).bind(hit.preview).bind(to_string(hit.checksum)).bind(now);
  TRY(const bool is_known, found->step());
  if (!is_known) return std::optional<KnownToken>();
  const KnownToken known{.id = found->integer(0),
                         .settled = found->integer(1) != 0,
                         .says_the_same = found->integer(2) != 0,
                         .was_seen = found->integer(3) != 0};
  found->reset();
  return std::optional(known);
}

Result<> TokenWriter::see_again(HeldToken& token, const KnownToken& known, const Hit& hit, Time now) {
  token = {.id = known.id, .settled = known.settled, .klass = {}};
  if (!known.says_the_same) return refresh(known.id, hit, now);
  if (!known.was_seen) seen_.push_back(known.id);
  return {};
}

Result<> TokenWriter::refresh(std::int64_t token, const Hit& hit, Time now) {
  TRY(Statement * refresh, database_.prepared("refresh a token", kRefresh));
  return refresh->bind(token).bind(hit.kind).bind(hit.preview).bind(to_string(hit.checksum)).bind(now).run();
}

Result<> TokenWriter::insert(Group& group, const Hit& hit, const Sight& sight) {
  const bool concluded = judge_ != nullptr;
  const auto verdict = concluded ? conclude(group, sight) : std::nullopt;
  TRY(Statement * insert, database_.prepared("write a token", kInsert));
  insert->bind_blob(*hit.fingerprint).bind(key_id_).bind(hit.kind).bind(hit.preview).bind(to_string(hit.checksum));
  insert->bind(sight.now).bind(std::int64_t{concluded});
  bind_verdict(insert->bind(concluded ? std::ssize(hits_of(group)) : 1), verdict);
  TRY_VOID(insert->run());
  group.token = {
      .id = database_.last_insert_id(), .is_new = true, .settled = concluded, .concluded = concluded, .klass = {}};
  if (verdict) {
    group.token.klass = verdict->klass;
    group.token.flags = verdict->flags;
  }
  return {};
}

Result<> TokenWriter::end(const Sight& sight) {
  return for_each_run(seen_, [&](std::int64_t first, std::int64_t last) -> Result<> {
    TRY(Statement * see, database_.prepared("see tokens again", kSeeAgain));
    return see->bind(first).bind(last).bind(sight.now).run();
  });
}

/// As the settling of a token does that no list names.
std::optional<TokenVerdict> TokenWriter::conclude(const Group& group, const Sight& sight) {
  const auto indices = hits_of(group);
  const bool agree = std::all_of(indices.begin(), indices.end(), [this, &indices](std::size_t i) {
    return hits_[i].klass == hits_[indices.front()].klass;
  });
  if (agree) return std::nullopt;
  return judge_({.hits = strictest(indices, sight), .listed = {}});
}

std::span<const HitRow> TokenWriter::strictest(std::span<const std::size_t> indices, const Sight& sight) {
  const auto klass_of = [this](std::size_t i) { return hits_[i].klass; };
  Class strictest = klass_of(indices.front());
  for (const std::size_t i : indices) strictest = std::min(strictest, klass_of(i));
  std::size_t count = 0;
  for (const std::size_t i : indices) {
    if (klass_of(i) != strictest || count == kMostPlaces) continue;
    if (rows_.size() == count) rows_.emplace_back();
    HitRow& row = rows_[count++];
    row.hit = hits_[i];
    row.hit.source = sight.where.source;
    row.hit.store = sight.where.store;
    row.token = token_id(*row.hit.fingerprint);
    row.source_name = sight.where.name;
    row.first_seen = row.last_seen = sight.now;
    row.token_first_seen = sight.now;
  }
  return std::span(rows_).first(count);
}

Result<> TokenWriter::keep_box(std::int64_t token, const SealedInner& sealed) {
  TRY(Statement * keep, database_.prepared("keep a token's box", kKeepBox));
  return keep->bind(token).bind_blob(sealed).run();
}

Result<> TokenWriter::unsettle(std::int64_t token) {
  TRY(Statement * unsettle, database_.prepared("unsettle a token", kUnsettle));
  return unsettle->bind(token).run();
}

}  // namespace tokensweep
