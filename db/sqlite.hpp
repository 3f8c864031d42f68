#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "base/result.hpp"
#include "model/model.hpp"

struct sqlite3;
struct sqlite3_stmt;

/// SQLite, wrapped once. Errors say which operation failed and SQLite's extended code in words and figures, never a
/// value: SQLite's own messages may quote what was bound. All are ErrorKind::storage.
namespace tokensweep::sqlite {

/// One prepared statement. Bound text is not copied: it has to live until the statement is stepped for the last time.
class Statement {
 public:
  Statement() = default;
  Statement(Statement&& other) noexcept;
  Statement& operator=(Statement&& other) noexcept;
  ~Statement();

  explicit operator bool() const { return handle_ != nullptr; }

  /// Begins a new execution: parameters are bound again from the first on. Each one has to be, every time.
  Statement& reset();
  Statement& bind(std::int64_t value);
  Statement& bind(std::string_view text);
  Statement& bind(Time time) { return bind(std::int64_t{time.time_since_epoch().count()}); }
  Statement& bind(std::nullopt_t);
  Statement& bind_blob(std::span<const std::uint8_t> bytes);
  template <class T>
  Statement& bind(const std::optional<T>& value) {
    return value ? bind(*value) : bind(std::nullopt);
  }

  /// Goes to the next row: true where there is one. A failed bind() shows here.
  Result<bool> step();
  /// Steps to the end and resets, so that the statement holds neither rows nor locks.
  Result<> run();
  /// The one integer of the one row: nothing where there is no row. Resets.
  Result<std::optional<std::int64_t>> value();

  // Columns of the current row, from 0. Text and blobs are views that the next step() ends.
  [[nodiscard]] std::int64_t integer(int column) const;
  [[nodiscard]] std::string_view text(int column) const;
  [[nodiscard]] std::span<const std::uint8_t> blob(int column) const;
  [[nodiscard]] bool is_null(int column) const;
  [[nodiscard]] Time time(int column) const { return Time(std::chrono::seconds(integer(column))); }

 private:
  friend class Database;
  Statement(sqlite3_stmt* handle, std::string_view operation) : handle_(handle), operation_(operation) {}
  void note(int code);

  sqlite3_stmt* handle_ = nullptr;
  std::string_view operation_;
  int next_ = 1;
  int failed_ = 0;  ///< the first bind() that failed
};

/// An open database file.
class Database {
 public:
  enum class Mode : std::uint8_t {
    read,       ///< changes no row; where the file may be written, it still plays back and tidies up the log of a crash
    immutable,  ///< the same, and trusts that nobody else does either: a read-only place, where WAL cannot be shared
    write,      ///< the file has to exist
    create,     ///< the file may be new
  };
  static Result<Database> open(const std::filesystem::path& file, Mode mode);

  Database() = default;
  Database(Database&& other) noexcept;
  Database& operator=(Database&& other) noexcept;
  /// Closes; what could still fail then is not reported. Whoever must know calls checkpoint() first.
  ~Database();

  /// `operation` is what an error says was being done ("write a hit"), and has to be a literal; `sql` is made of
  /// literals alone.
  Result<Statement> prepare(std::string_view operation, std::string_view sql);
  /// The same for what is asked again and again: prepared once, kept, and given back reset. It is the database's, and
  /// in use until the next call for the same text. `sql` has to be a literal.
  Result<Statement*> prepared(std::string_view operation, std::string_view sql);
  /// Runs statements that take no parameters and give no rows worth reading.
  Result<> execute(std::string_view operation, const char* sql);
  /// The first column of the first row, as text: for pragmas.
  Result<std::string> text(std::string_view operation, std::string_view sql);
  Result<std::int64_t> integer(std::string_view operation, std::string_view sql);

  /// Moves everything from the WAL into the file and syncs it; an error where any of it failed. Where a reader is in
  /// the way for longer than the busy timeout, the rest stays in the WAL, on disk. Does nothing in another journal
  /// mode.
  Result<> checkpoint();

  [[nodiscard]] std::int64_t last_insert_id() const;
  [[nodiscard]] std::int64_t changes() const;        ///< rows that the last statement changed
  [[nodiscard]] std::int64_t total_changes() const;  ///< since the file was opened
  [[nodiscard]] bool in_transaction() const;

 private:
  explicit Database(sqlite3* handle) : handle_(handle) {}
  sqlite3* handle_ = nullptr;
  std::unordered_map<const char*, Statement> kept_;  ///< by where its text stands
};

/// All or nothing. BEGIN IMMEDIATE, so that two writers meet at the beginning; what is not committed is rolled back.
class Transaction {
 public:
  static Result<Transaction> begin(Database& database);
  Transaction(Transaction&& other) noexcept : database_(std::exchange(other.database_, nullptr)) {}
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction();

  /// An error means "unknown", not "no": the file may hold the transaction although a sync after it failed. Only
  /// opening the file again tells.
  Result<> commit();

 private:
  explicit Transaction(Database& database) : database_(&database) {}
  Database* database_;
};

/// Whether an error is SQLite's "not a database" or "malformed".
bool is_damage(const Error& error);

}  // namespace tokensweep::sqlite
