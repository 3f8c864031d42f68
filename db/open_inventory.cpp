#include "db/open_inventory.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <system_error>

#include "db/file_system.hpp"
#include "identity/private_path.hpp"

namespace tokensweep {
namespace {

namespace fs = std::filesystem;
using sqlite::Database;

constexpr mode_t kPrivateFile = 0600;
// Half as many system calls as with SQLite's own 4096. Larger pages would write more of the index of fingerprints,
// which is in no order. An inventory keeps the size that it was made with.
constexpr int kPageSize = 8192;
constexpr std::int64_t kLargestLog = 32 << 20;  ///< in bytes, where no reader holds it: then it moves into the file
constexpr const char* kSharedMemory = "-shm";
constexpr const char* kBesides[] = {"-wal", kSharedMemory, "-journal"};

Error refused(std::string what) { return {ErrorKind::storage, std::move(what)}; }

Error system_failure(std::string_view doing, int error) {
  const bool full = error == ENOSPC || error == EDQUOT || error == EFBIG;
  return refused(fmt::format(
      "{}: {}", doing, full ? "the disk is full: make room and run again" : std::generic_category().message(error)));
}

fs::path beside(const fs::path& file, std::string_view suffix) { return fs::path(file).concat(suffix); }

bool is_empty_or_missing(const fs::path& file) {
  struct stat status {};
  return ::stat(file.c_str(), &status) != 0 || status.st_size == 0;
}

bool is_there(const fs::path& file) { return ::access(file.c_str(), F_OK) == 0; }

/// The file and what SQLite keeps beside it: one of another user's would be read as our own log.
Result<> check_files(const fs::path& file) {
  TRY_VOID(check_private_directory(file.parent_path()));
  TRY_VOID(check_private_file(file, Sharing::may_be_read));
  for (const char* suffix : kBesides) TRY_VOID(check_private_file(beside(file, suffix), Sharing::may_be_read));
  return {};
}

/// reliability: nothing in the file is trusted, temporary data stays in memory, every commit is on disk when it
/// returns.
Result<> configure(Database& database) {
  TRY_VOID(database.execute("configure",
                            "PRAGMA busy_timeout = 5000; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; "
                            "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA mmap_size = 0; "
                            "PRAGMA temp_store = MEMORY; PRAGMA cache_size = -16384; PRAGMA journal_size_limit = 0"));
  TRY(const std::int64_t page_size, database.integer("configure", "PRAGMA page_size"));
  return database.execute(
      "configure",
      fmt::format("PRAGMA wal_autocheckpoint = {}", kLargestLog / std::max<std::int64_t>(page_size, 512)).c_str());
}

Result<> set_journal_mode(Database& database, const fs::path& directory) {
  const bool network = is_on_network(directory);
  TRY(const std::string mode,
      database.text("set the journal mode", network ? "PRAGMA journal_mode = DELETE" : "PRAGMA journal_mode = WAL"));
  if (mode != (network ? "delete" : "wal")) return refused(fmt::format("set the journal mode: SQLite keeps {}", mode));
  return {};
}

/// Makes the schema in `unfinished`. Nothing here is synced: a file that a crash leaves is thrown away by the next
/// open.
Result<> make_unfinished(const fs::path& unfinished, const fs::path& directory, const Schema& schema) {
  const int fd = ::open(unfinished.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, kPrivateFile);
  if (fd < 0) return system_failure("make the file", errno);
  const int moded = ::fchmod(fd, kPrivateFile);  // whatever the umask
  ::close(fd);
  if (moded != 0) return system_failure("set the file's mode", errno);
  TRY(Database database, Database::open(unfinished, Database::Mode::write));
  const std::string settings = fmt::format(
      "PRAGMA page_size = {}; PRAGMA synchronous = OFF; PRAGMA journal_mode = OFF; PRAGMA locking_mode = EXCLUSIVE",
      kPageSize);
  TRY_VOID(database.execute("configure", settings.c_str()));
  TRY_VOID(create_schema(database, schema));
  return set_journal_mode(database, directory);
}

Result<> sync(const fs::path& path, int flags) {
  const int fd = ::open(path.c_str(), flags | O_CLOEXEC);
  if (fd < 0) return system_failure("open", errno);
  const int synced = ::fsync(fd);
  const int error = errno;
  ::close(fd);
  if (synced != 0) return system_failure("write to disk", error);
  return {};
}

/// Makes a new inventory under another name and gives it its own when it is whole and on disk: at no moment is there
/// half an inventory. Two syncs, instead of the dozen that the same takes in place.
Result<> create_inventory(const fs::path& file, const Schema& schema) {
  for (const char* suffix : kBesides) {
    // SQLite would play a log of the file that was here before into the new one. It may hold what that file lacks.
    if (!is_empty_or_missing(beside(file, suffix)) && std::string_view(suffix) != kSharedMemory) {
      return refused(
          fmt::format("is missing, but its {}{} is here: put the inventory back where it was, or remove that file",
                      file.filename().native(), suffix));
    }
    ::unlink(beside(file, suffix).c_str());
  }
  const fs::path unfinished = beside(file, ".new");
  for (const char* suffix : kBesides) ::unlink(beside(unfinished, suffix).c_str());
  ::unlink(unfinished.c_str());
  Result<> made = make_unfinished(unfinished, file.parent_path(), schema);
  if (made) made = sync(unfinished, O_RDWR);
  if (made && ::rename(unfinished.c_str(), file.c_str()) != 0) made = system_failure("name the file", errno);
  if (made) made = sync(file.parent_path(), O_RDONLY | O_DIRECTORY);
  if (!made) ::unlink(unfinished.c_str());
  return made;
}

Result<> check_integrity(Database& database) {
  // The structure is what breaks on a disk. That what was written keeps the CHECKs was seen when it was written, and to
  // see it again is half of the time.
  TRY_VOID(database.execute("check the file", "PRAGMA ignore_check_constraints = ON"));
  TRY(const std::string found, database.text("check the file", "PRAGMA quick_check(1)"));
  TRY_VOID(database.execute("check the file", "PRAGMA ignore_check_constraints = OFF"));
  if (found == "ok") return {};
  // quick_check's own words may name what is in the file.
  return refused(
      "check the file: the file is damaged: it is kept as it is; restore a copy, or begin a new inventory with another "
      "--db");
}

Result<OpenInventory> open_for_writing(const fs::path& named, const Inventory::Options& options, const Schema& schema) {
  TRY_VOID(make_private_directory(named.parent_path()));
  TRY(const fs::path file, resolve_directory(named));
  TRY_VOID(check_files(file));
  OpenInventory opened{.file = file, .lock = {}, .database = {}};
  TRY(opened.lock, LockFile::acquire(beside(file, ".lock"), file, options.lock_wait));
  const auto go_on = [&]() -> Result<> {
    if (is_empty_or_missing(file)) TRY_VOID(create_inventory(file, schema));
    TRY(opened.database, Database::open(file, Database::Mode::write));
    TRY_VOID(configure(opened.database));
    TRY(const int version, check_version(opened.database, schema));
    TRY_VOID(check_integrity(opened.database));
    TRY_VOID(set_journal_mode(opened.database, file.parent_path()));
    return migrate(opened.database, schema, version);
  };
  if (Result<> done = go_on(); !done) return std::move(done).error().within(file.native());
  return opened;
}

Result<> check_readable(Database& database, const Schema& schema) {
  TRY_VOID(configure(database));
  TRY_VOID(database.execute("configure", "PRAGMA query_only = ON"));
  // Sorting a million hits has to go somewhere: into a nameless file (what the inventory itself says, so no value), not
  // memory. A larger cache would be a larger piece to sort in memory as well.
  TRY_VOID(database.execute("configure", "PRAGMA temp_store = FILE; PRAGMA cache_size = -4096"));
  TRY(const int version, check_version(database, schema));
  if (version == schema.version) return {};
  return refused("was written by an older tokensweep: run a scan with it once, which brings it up to date");
}

/// A file in WAL mode in a read-only place cannot be shared, and need not be: nobody writes it. A log beside it would
/// hold what the file lacks, so then there is no such way.
bool may_be_immutable(const fs::path& file) {
  return ::faccessat(AT_FDCWD, file.parent_path().c_str(), W_OK, AT_EACCESS) != 0 &&
         is_empty_or_missing(beside(file, "-wal"));
}

Result<OpenInventory> open_for_reading(const fs::path& named, const Schema& schema) {
  if (!is_there(named)) {
    return refused(
        fmt::format("there is no inventory at {}: run `tokensweep scan` first, or name one with --db", named.native()));
  }
  TRY(const fs::path file, resolve_directory(named));
  TRY_VOID(check_files(file));
  OpenInventory opened{.file = file, .lock = {}, .database = {}};
  const auto go_on = [&]() -> Result<> {
    const auto mode = may_be_immutable(file) ? Database::Mode::immutable : Database::Mode::read;
    TRY(opened.database, Database::open(file, mode));
    return check_readable(opened.database, schema);
  };
  if (Result<> done = go_on(); !done) return std::move(done).error().within(file.native());
  return opened;
}

}  // namespace

Result<OpenInventory> open_inventory(const fs::path& file, const Inventory::Options& options, const Schema& schema) {
  if (options.access == Inventory::Access::read) return open_for_reading(file, schema);
  return open_for_writing(file, options, schema);
}

}  // namespace tokensweep
