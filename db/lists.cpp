#include "db/lists.hpp"

#include <fmt/format.h>

#include <array>

namespace tokensweep {

// Behind "listed_token.": see listed_token_of.
const std::string_view kListedColumns =
    "account, key, name, first, last, access, all_packages, scopes, bypass_2fa, classic, "
    "revoked OR gone_at IS NOT NULL, ip_ranges, created_at, updated_at, accessed_at, expires_at";

namespace {

using sqlite::Statement;

constexpr std::string_view kEllipsis = "…";
constexpr std::size_t kOldPrefix = 6;  // what lists showed of a token before npm 10

constexpr std::array<std::string_view, 5> kAccess = {"unknown", "none", "read", "stage", "write"};
constexpr std::array<std::string_view, 3> kScopeTypes = {"package", "scope", "organisation"};

PackageAccess access_of(std::string_view name) {
  std::size_t at = 0;
  while (at + 1 < kAccess.size() && kAccess[at] != name) ++at;
  return static_cast<PackageAccess>(kAccess[at] == name ? at : 0);
}

/// Words without a space in them, joined by one.
std::string joined(std::span<const std::string> words) {
  std::string text;
  for (const std::string& word : words) text.append(text.empty() ? "" : " ").append(word);
  return text;
}

template <class Each>
void for_each_word(std::string_view text, const Each& each) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    if (end > 0) each(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

std::string scopes_text(const std::vector<RegistryScope>& scopes) {
  std::vector<std::string> words;
  for (const RegistryScope& scope : scopes) {
    words.push_back(fmt::format("{}:{}", kScopeTypes[static_cast<std::size_t>(scope.type)], scope.name));
  }
  return joined(words);
}

std::vector<RegistryScope> scopes_of(std::string_view text) {
  std::vector<RegistryScope> scopes;
  for_each_word(text, [&scopes](std::string_view word) {
    const std::size_t colon = word.find(':');
    if (colon == std::string_view::npos) return;
    for (std::size_t type = 0; type < kScopeTypes.size(); ++type) {
      if (word.substr(0, colon) != kScopeTypes[type]) continue;
      scopes.push_back({static_cast<RegistryScope::Type>(type), std::string(word.substr(colon + 1))});
    }
  });
  return scopes;
}

/// The registry's id of a token; where npm masked it, what tells it from the others of its account.
std::string key_of(const RegistryToken& token) {
  if (!token.key.empty()) return token.key;
  return fmt::format("{}…{} {}", token.first, token.last,
                     token.created_at ? token.created_at->time_since_epoch().count() : 0);
}

Result<std::int64_t> write_list(sqlite::Database& database, const ListInfo& list, std::string_view kind,
                                std::optional<std::string_view> text) {
  TRY(auto insert, database.prepare("keep a list",
                                    "INSERT INTO list (kind, account, file, imported_at, entries, text) "
                                    "VALUES (?1, ?2, ?3, ?4, ?5, ?6)"));
  insert.bind(kind).bind(list.account).bind(list.file).bind(list.imported_at).bind(list.entries);
  text ? insert.bind(*text) : insert.bind(std::nullopt);
  TRY_VOID(insert.run());
  return database.last_insert_id();
}

void bind_verdict(Statement& statement, const TokenVerdict& verdict) {
  statement.bind(to_string(verdict.klass)).bind(to_string(verdict.confidence)).bind(verdict.reason);
  verdict.rank ? statement.bind(std::int64_t{*verdict.rank}) : statement.bind(std::nullopt);
  statement.bind(static_cast<std::int64_t>(verdict.flags.bits()));
}

TokenVerdict verdict_of(const RegistryToken& token, const JudgeToken& judge) {
  auto verdict = judge({.hits = {}, .listed = {&token, 1}});
  return verdict ? std::move(*verdict) : TokenVerdict{.reason = "nothing tells what it can do: the stricter class"};
}

/// Stored tokens that a list may mean, by their first characters; and those that one did mean.
Result<> unsettle_listed(sqlite::Database& database) {
  return database.execute("unsettle the listed tokens",
                          "UPDATE token SET settled = 0 WHERE settled AND (id IN (SELECT token FROM fit) OR "
                          "substr(preview, 1, 8) IN (SELECT first FROM listed_token) OR "
                          "substr(preview, 1, 6) IN (SELECT first FROM listed_token))");
}

constexpr std::string_view kWriteListed =
    "INSERT INTO listed_token (list, account, key, name, first, last, access, all_packages, scopes, bypass_2fa, "
    "classic, revoked, ip_ranges, created_at, updated_at, accessed_at, expires_at, class, confidence, reason, rank, "
    "flags) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, "
    "?22) ON CONFLICT (account, key) DO UPDATE SET list = excluded.list, name = excluded.name, "
    "first = excluded.first, last = excluded.last, access = excluded.access, all_packages = excluded.all_packages, "
    "scopes = excluded.scopes, bypass_2fa = excluded.bypass_2fa, classic = excluded.classic, "
    "revoked = excluded.revoked, ip_ranges = excluded.ip_ranges, created_at = excluded.created_at, "
    "updated_at = excluded.updated_at, accessed_at = excluded.accessed_at, expires_at = excluded.expires_at, "
    "gone_at = NULL, class = excluded.class, confidence = excluded.confidence, reason = excluded.reason, "
    "rank = excluded.rank, flags = excluded.flags";

Result<> write_listed(Statement& insert, std::int64_t list, const RegistryToken& token, std::string_view account,
                      const TokenVerdict& verdict) {
  const std::string key = key_of(token);
  const std::string scopes = scopes_text(token.scopes);
  const std::string ranges = joined(token.ip_ranges);
  insert.reset().bind(list).bind(account).bind(key).bind(token.name).bind(token.first).bind(token.last);
  insert.bind(kAccess[static_cast<std::size_t>(token.access)]).bind(std::int64_t{token.all_packages}).bind(scopes);
  insert.bind(std::int64_t{token.bypass_2fa}).bind(std::int64_t{token.classic}).bind(std::int64_t{token.revoked});
  insert.bind(ranges).bind(token.created_at).bind(token.updated_at).bind(token.accessed_at).bind(token.expires_at);
  bind_verdict(insert, verdict);
  return insert.run();
}

}  // namespace

Result<> write_token_list(sqlite::Database& database, const ListInfo& list, std::span<const RegistryToken> tokens,
                          const JudgeToken& judge) {
  TRY(const std::int64_t id, write_list(database, list, "npm-tokens", std::nullopt));
  TRY(auto insert, database.prepare("keep a listed token", kWriteListed));
  for (const RegistryToken& token : tokens) {
    TRY_VOID(write_listed(insert, id, token, list.account, verdict_of(token, judge)));
  }
  TRY(auto gone, database.prepare("keep a listed token",
                                  "UPDATE listed_token SET gone_at = ?3 "
                                  "WHERE account = ?1 AND list <> ?2 AND gone_at IS NULL"));
  TRY_VOID(gone.bind(list.account).bind(id).bind(list.imported_at).run());
  return unsettle_listed(database);
}

Result<> write_package_list(sqlite::Database& database, const ListInfo& list,
                            std::span<const WritablePackage> packages) {
  TRY(const std::int64_t id, write_list(database, list, "npm-packages", std::nullopt));
  TRY(auto old, database.prepare("keep a package", "DELETE FROM writable_package WHERE account = ?1"));
  TRY_VOID(old.bind(list.account).run());
  TRY(auto insert, database.prepare("keep a package",
                                    "INSERT OR IGNORE INTO writable_package (account, name, list) "
                                    "VALUES (?1, ?2, ?3)"));
  for (const WritablePackage& package : packages) {
    TRY_VOID(insert.reset().bind(list.account).bind(package.name).bind(id).run());
  }
  return {};
}

Result<> write_rank_list(sqlite::Database& database, const ListInfo& list, std::string_view text) {
  TRY([[maybe_unused]] const std::int64_t id, write_list(database, list, "ranks", text));
  return {};
}

Result<> judge_listed(sqlite::Database& database, const JudgeToken& judge) {
  TRY(auto rows,
      database.prepare("read the listed tokens", fmt::format("SELECT id, {} FROM listed_token", kListedColumns)));
  std::vector<ListedRow> all;
  for (;;) {
    TRY(const bool more, rows.step());
    if (!more) break;
    all.push_back({.id = rows.integer(0), .token = listed_token_of(rows, 1)});
  }
  TRY(auto update, database.prepare("keep a listed token",
                                    "UPDATE listed_token SET class = ?2, confidence = ?3, reason = ?4, rank = ?5, "
                                    "flags = ?6 WHERE id = ?1"));
  for (const ListedRow& one : all) {
    const TokenVerdict verdict = verdict_of(one.token, judge);
    bind_verdict(update.reset().bind(one.id), verdict);
    TRY_VOID(update.run());
  }
  return unsettle_listed(database);
}

RegistryToken listed_token_of(const Statement& row, int first_column) {
  int column = first_column;
  RegistryToken token;
  token.account = row.text(column++);
  token.key = row.text(column++);
  token.name = row.text(column++);
  token.first = row.text(column++);
  token.last = row.text(column++);
  token.access = access_of(row.text(column++));
  token.all_packages = row.integer(column++) != 0;
  token.scopes = scopes_of(row.text(column++));
  token.bypass_2fa = row.integer(column++) != 0;
  token.classic = row.integer(column++) != 0;
  token.revoked = row.integer(column++) != 0;
  for_each_word(row.text(column++), [&token](std::string_view range) { token.ip_ranges.emplace_back(range); });
  for (std::optional<Time>* time : {&token.created_at, &token.updated_at, &token.accessed_at, &token.expires_at}) {
    if (!row.is_null(column)) *time = row.time(column);
    ++column;
  }
  return token;
}

Result<bool> ListedReader::any() {
  TRY(const std::int64_t found, database_.integer("read the listed tokens", "SELECT count(*) FROM listed_token"));
  return found != 0;
}

Result<std::vector<ListedRow>> ListedReader::that_fit(std::string_view preview) {
  std::vector<ListedRow> all;
  const std::size_t ellipsis = preview.find(kEllipsis);
  if (ellipsis == std::string_view::npos) return all;
  const std::string_view first = preview.substr(0, ellipsis);
  const std::string_view last = preview.substr(ellipsis + kEllipsis.size());
  if (!by_mask_) {
    TRY(by_mask_, database_.prepare("read the listed tokens",
                                    fmt::format("SELECT id, {} FROM listed_token WHERE (first = ?1 OR first = ?2) "
                                                "AND (last = ?3 OR last = '') ORDER BY id",
                                                kListedColumns)));
  }
  by_mask_.reset().bind(first).bind(first.substr(0, kOldPrefix)).bind(last);
  for (;;) {
    TRY(const bool more, by_mask_.step());
    if (!more) return all;
    all.push_back({.id = by_mask_.integer(0), .token = listed_token_of(by_mask_, 1)});
  }
}

Result<std::vector<ListedRow>> ListedReader::of_token(std::int64_t token) {
  if (!by_token_) {
    TRY(by_token_,
        database_.prepare("read the listed tokens", fmt::format("SELECT id, {} FROM listed_token WHERE id IN "
                                                                "(SELECT listed FROM fit WHERE token = ?1) ORDER BY id",
                                                                kListedColumns)));
  }
  std::vector<ListedRow> all;
  by_token_.reset().bind(token);
  for (;;) {
    TRY(const bool more, by_token_.step());
    if (!more) return all;
    all.push_back({.id = by_token_.integer(0), .token = listed_token_of(by_token_, 1)});
  }
}

}  // namespace tokensweep
