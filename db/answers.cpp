#include "db/answers.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <span>
#include <utility>

#include "db/sqlite.hpp"

namespace tokensweep {
namespace {

constexpr std::int64_t kVersion = 1;
constexpr std::chrono::hours kUnused{24 * 90};
/// A transaction holds so many: a sync for each answer would take longer than the request.
constexpr int kInTransaction = 500;

std::span<const std::uint8_t> bytes_of(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

std::string text_of(std::span<const std::uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::int64_t day_of(Time time) { return std::chrono::floor<std::chrono::days>(time).time_since_epoch().count(); }

/// An empty file for its owner alone, where there is none. A link there is not followed.
Result<> make_private(const std::filesystem::path& file) {
  const int descriptor = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (descriptor < 0) return Error{ErrorKind::storage, "cannot be made"};
  struct stat facts {};
  const bool fine = ::fstat(descriptor, &facts) == 0 && S_ISREG(facts.st_mode) && facts.st_uid == ::geteuid() &&
                    (facts.st_mode & 0077U) == 0;
  ::close(descriptor);
  if (!fine) return Error{ErrorKind::storage, "is no file of our own: remove it"};
  return {};
}

Result<sqlite::Database> open_file(const std::filesystem::path& file) {
  TRY_VOID(make_private(file));
  TRY(auto database, sqlite::Database::open(file, sqlite::Database::Mode::create));
  TRY(const std::int64_t version, database.integer("open the answers", "PRAGMA user_version"));
  if (version != kVersion) {
    TRY_VOID(database.execute("make the answers",
                              "DROP TABLE IF EXISTS answer;"
                              "CREATE TABLE answer (key BLOB PRIMARY KEY, etag TEXT NOT NULL, headers TEXT NOT NULL, "
                              "body BLOB NOT NULL, used INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
                              "PRAGMA user_version = 1"));
  }
  return database;
}

}  // namespace

struct Answers::Impl {
  sqlite::Database database;
  std::int64_t today = 0;
  std::optional<sqlite::Transaction> transaction;
  int in_transaction = 0;

  /// Everything in it may be lost, so a failure only means that there is less to find next time.
  void wrote() {
    if (++in_transaction < kInTransaction) return;
    commit();
  }
  void commit() {
    if (transaction) static_cast<void>(transaction->commit().has_value());
    transaction.reset();
    in_transaction = 0;
  }
  bool begin() {
    if (transaction) return true;
    auto begun = sqlite::Transaction::begin(database);
    if (!begun) return false;
    transaction.emplace(std::move(*begun));
    return true;
  }
};

Answers::Answers(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Answers::Answers(Answers&&) noexcept = default;
Answers& Answers::operator=(Answers&&) noexcept = default;
Answers::~Answers() {
  if (impl_) impl_->commit();
}

Result<Answers> Answers::open(const std::filesystem::path& file, Time now) {
  auto database = open_file(file);
  if (!database && sqlite::is_damage(database.error())) {
    for (const char* ending : {"", "-wal", "-shm", "-journal"}) {
      std::error_code gone;
      std::filesystem::remove(file.native() + ending, gone);
    }
    database = open_file(file);
  }
  if (!database) return std::move(database).error().within(file.native());
  auto impl = std::make_unique<Impl>();
  impl->database = std::move(*database);
  impl->today = day_of(now);
  if (auto old = impl->database.prepare("forget old answers", "DELETE FROM answer WHERE used < ?1")) {
    static_cast<void>(old->bind(day_of(now - kUnused)).run().has_value());
  }
  return Answers(std::move(impl));
}

std::optional<Answers::Answer> Answers::find(std::string_view key) {
  auto found =
      impl_->database.prepared("find an answer", "SELECT etag, headers, body, used FROM answer WHERE key = ?1");
  if (!found) return std::nullopt;
  sqlite::Statement& row = **found;
  const auto any = row.bind_blob(bytes_of(key)).step();
  if (!any || !*any) return std::nullopt;
  Answer answer{.etag = std::string(row.text(0)), .headers = std::string(row.text(1)), .body = text_of(row.blob(2))};
  const bool is_stale = row.integer(3) != impl_->today;
  row.reset();
  if (is_stale && impl_->begin()) {
    auto used = impl_->database.prepared("use an answer", "UPDATE answer SET used = ?2 WHERE key = ?1");
    if (used) static_cast<void>((*used)->bind_blob(bytes_of(key)).bind(impl_->today).run().has_value());
    impl_->wrote();
  }
  return answer;
}

void Answers::keep(std::string_view key, const Answer& answer) {
  if (!impl_->begin()) return;
  auto row = impl_->database.prepared(
      "keep an answer", "INSERT OR REPLACE INTO answer (key, etag, headers, body, used) VALUES (?1, ?2, ?3, ?4, ?5)");
  if (row) {
    static_cast<void>((*row)
                          ->bind_blob(bytes_of(key))
                          .bind(answer.etag)
                          .bind(answer.headers)
                          .bind_blob(bytes_of(answer.body))
                          .bind(impl_->today)
                          .run()
                          .has_value());
  }
  impl_->wrote();
}

}  // namespace tokensweep
