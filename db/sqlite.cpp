#include "db/sqlite.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <sqlite3.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace tokensweep::sqlite {
namespace {

constexpr int kBusyTimeout_ms = 5000;
constexpr int kPatienceWithReaders_ms = 1000;

// Held on the Error's text: the caller's reaction to damage differs, its ErrorKind does not.
constexpr std::string_view kDamaged = "the file is damaged";

bool is_disk_full(int code, int system_error) {
  if ((code & 0xff) == SQLITE_FULL) return true;
  return (code & 0xff) == SQLITE_IOERR && (system_error == ENOSPC || system_error == EDQUOT || system_error == EFBIG);
}

/// What happened, in words that say what to do; else SQLite's own for the code.
std::string explain(int code, int system_error) {
  if (is_disk_full(code, system_error)) return "the disk is full: make room and run again";
  switch (code & 0xff) {
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
      return fmt::format("{}: it is kept as it is; restore a copy, or begin a new inventory with another --db",
                         kDamaged);
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
      return "the place is read-only or may not be written: name another with --db";
    case SQLITE_BUSY:
      return "another program holds the file open: close it and run again";
    default:
      return sqlite3_errstr(code);
  }
}

Error failure(std::string_view operation, int code, int system_error) {
  return {ErrorKind::storage, fmt::format("{}: {} (SQLite code {})", operation, explain(code, system_error), code)};
}

/// Call it at once: where SQLite has not kept the system's error (at a COMMIT), errno still has it.
Error failure(sqlite3* handle, std::string_view operation, int code) {
  const int now = errno;
  const int kept = sqlite3_system_errno(handle);
  return failure(operation, code, kept != 0 ? kept : now);
}

int flags_of(Database::Mode mode, bool writable) {
  // One thread uses a connection: no mutexes. NOFOLLOW refuses links in the path; the caller has resolved its
  // directory.
  constexpr int kAlways = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_EXRESCODE | SQLITE_OPEN_URI;
  switch (mode) {
    case Database::Mode::read:
      // A read-only connection would leave -wal and -shm behind.
      return kAlways | (writable ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY);
    case Database::Mode::immutable:
      return kAlways | SQLITE_OPEN_READONLY;
    case Database::Mode::write:
      return kAlways | SQLITE_OPEN_READWRITE;
    case Database::Mode::create:
      return kAlways | SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
  }
  return kAlways | SQLITE_OPEN_READONLY;
}

/// `file` as a URI: the only way to say "immutable", and one in which no name has a meaning of its own.
std::string uri_of(const std::filesystem::path& file, Database::Mode mode) {
  std::string uri = "file:";
  for (const char c : file.native()) {
    const bool plain =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '/' || c == '.';
    if (plain) {
      uri += c;
    } else {
      uri += fmt::format("%{:02x}", static_cast<unsigned char>(c));
    }
  }
  if (mode == Database::Mode::immutable) uri += "?immutable=1";
  return uri;
}

}  // namespace

bool is_damage(const Error& error) { return error.what.find(kDamaged) != std::string::npos; }

Statement::Statement(Statement&& other) noexcept
    : handle_(std::exchange(other.handle_, nullptr)),
      operation_(other.operation_),
      next_(other.next_),
      failed_(other.failed_) {}

Statement& Statement::operator=(Statement&& other) noexcept {
  std::swap(handle_, other.handle_);
  std::swap(operation_, other.operation_);
  std::swap(next_, other.next_);
  std::swap(failed_, other.failed_);
  return *this;
}

Statement::~Statement() { sqlite3_finalize(handle_); }

void Statement::note(int code) {
  if (code != SQLITE_OK && failed_ == SQLITE_OK) failed_ = code;
  ++next_;
}

Statement& Statement::reset() {
  sqlite3_reset(handle_);
  next_ = 1;
  failed_ = SQLITE_OK;
  return *this;
}

Statement& Statement::bind(std::int64_t value) {
  note(sqlite3_bind_int64(handle_, next_, value));
  return *this;
}

Statement& Statement::bind(std::string_view text) {
  // A null pointer would bind NULL: an empty view is an empty text.
  const char* data = text.data() != nullptr ? text.data() : "";
  note(sqlite3_bind_text64(handle_, next_, data, text.size(), SQLITE_STATIC, SQLITE_UTF8));
  return *this;
}

Statement& Statement::bind(std::nullopt_t) {
  note(sqlite3_bind_null(handle_, next_));
  return *this;
}

Statement& Statement::bind_blob(std::span<const std::uint8_t> bytes) {
  const void* data = bytes.empty() ? static_cast<const void*>("") : bytes.data();
  note(sqlite3_bind_blob64(handle_, next_, data, bytes.size(), SQLITE_STATIC));
  return *this;
}

Result<bool> Statement::step() {
  errno = 0;
  const int code = failed_ != SQLITE_OK ? failed_ : sqlite3_step(handle_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  Error error = failure(sqlite3_db_handle(handle_), operation_, code);
  sqlite3_reset(handle_);
  return error;
}

Result<> Statement::run() {
  for (;;) {
    TRY(const bool row, step());
    if (!row) break;
  }
  sqlite3_reset(handle_);
  return {};
}

Result<std::optional<std::int64_t>> Statement::value() {
  TRY(const bool row, step());
  std::optional<std::int64_t> found;
  if (row) found = integer(0);
  sqlite3_reset(handle_);
  return found;
}

std::int64_t Statement::integer(int column) const { return sqlite3_column_int64(handle_, column); }

std::string_view Statement::text(int column) const {
  // The text before its size: asking for the size first could convert it.
  const auto* data = reinterpret_cast<const char*>(sqlite3_column_text(handle_, column));
  if (data == nullptr) return {};
  return {data, static_cast<std::size_t>(sqlite3_column_bytes(handle_, column))};
}

std::span<const std::uint8_t> Statement::blob(int column) const {
  const auto* data = static_cast<const std::uint8_t*>(sqlite3_column_blob(handle_, column));
  if (data == nullptr) return {};
  return {data, static_cast<std::size_t>(sqlite3_column_bytes(handle_, column))};
}

bool Statement::is_null(int column) const { return sqlite3_column_type(handle_, column) == SQLITE_NULL; }

Result<Database> Database::open(const std::filesystem::path& file, Mode mode) {
  // Nobody asks how much memory SQLite holds; counting it takes a lock at each allocation, a seventh of a sweep's time.
  [[maybe_unused]] static const int configured = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  sqlite3* handle = nullptr;
  const bool writable = ::faccessat(AT_FDCWD, file.c_str(), W_OK, AT_EACCESS) == 0;
  const int code = sqlite3_open_v2(uri_of(file, mode).c_str(), &handle, flags_of(mode, writable), nullptr);
  Database database(handle);
  if (code != SQLITE_OK) return failure(handle, "open", code);
  // Nothing in the file may run code of its own or damage it by hand: it could come from someone else.
  sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_ENABLE_FKEY, 1, nullptr);
  sqlite3_extended_result_codes(handle, 1);
  return database;
}

Database::Database(Database&& other) noexcept
    : handle_(std::exchange(other.handle_, nullptr)), kept_(std::move(other.kept_)) {}

Database& Database::operator=(Database&& other) noexcept {
  std::swap(handle_, other.handle_);
  std::swap(kept_, other.kept_);
  return *this;
}

Database::~Database() {
  kept_.clear();
  sqlite3_close_v2(handle_);
}

Result<Statement> Database::prepare(std::string_view operation, std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v3(handle_, sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT,
                                      &statement, nullptr);
  if (code != SQLITE_OK) return failure(handle_, operation, code);
  return Statement(statement, operation);
}

Result<Statement*> Database::prepared(std::string_view operation, std::string_view sql) {
  auto& kept = kept_[sql.data()];
  if (!kept) {
    TRY(kept, prepare(operation, sql));
  }
  return &kept.reset();
}

Result<> Database::execute(std::string_view operation, const char* sql) {
  errno = 0;
  const int code = sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return failure(handle_, operation, code);
  return {};
}

Result<std::string> Database::text(std::string_view operation, std::string_view sql) {
  TRY(Statement statement, prepare(operation, sql));
  TRY(const bool row, statement.step());
  return row ? std::string(statement.text(0)) : std::string();
}

Result<std::int64_t> Database::integer(std::string_view operation, std::string_view sql) {
  TRY(Statement statement, prepare(operation, sql));
  TRY(const auto value, statement.value());
  return value.value_or(0);
}

Result<> Database::checkpoint() {
  errno = 0;
  // Somebody who reads the inventory does not hold the sweep up for long.
  sqlite3_busy_timeout(handle_, kPatienceWithReaders_ms);
  const int code = sqlite3_wal_checkpoint_v2(handle_, nullptr, SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr);
  // A reader that still looks at an older state keeps the log from being emptied. Every commit in it is synced, and it
  // counts as part of the file: nothing is lost, and the last one to close moves it.
  sqlite3_busy_timeout(handle_, kBusyTimeout_ms);
  if (code != SQLITE_OK && (code & 0xff) != SQLITE_BUSY) return failure(handle_, "move the log into the file", code);
  return {};
}

std::int64_t Database::last_insert_id() const { return sqlite3_last_insert_rowid(handle_); }
std::int64_t Database::changes() const { return sqlite3_changes64(handle_); }
std::int64_t Database::total_changes() const { return sqlite3_total_changes64(handle_); }
bool Database::in_transaction() const { return sqlite3_get_autocommit(handle_) == 0; }

Result<Transaction> Transaction::begin(Database& database) {
  TRY_VOID(database.execute("begin a transaction", "BEGIN IMMEDIATE"));
  return Transaction(database);
}

Transaction::~Transaction() {
  // After some errors SQLite has rolled back by itself. A rollback that fails leaves a journal that the next open plays
  // back.
  if (database_ != nullptr && database_->in_transaction()) (void)database_->execute("roll back", "ROLLBACK");
}

Result<> Transaction::commit() { return database_->execute("commit", "COMMIT"); }

}  // namespace tokensweep::sqlite
